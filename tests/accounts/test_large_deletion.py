"""An account with many photos is deleted completely, although its worker is killed again and again."""

from tests.support.cloud import Cloud
from tests.support.large_deletion import Report, cancel_with_kills


def test_deletion_finishes_although_its_worker_is_killed_ten_times(cloud: Cloud) -> None:
    assert cancel_with_kills(cloud, 60, 10) == Report(60, 10, [], [])
