"""The commands of the documentation restore lost rows, originals and users, but no erased data."""

from pathlib import Path

import pytest

from tests.support.restore_drill import run_drill

pytestmark = pytest.mark.xdist_group("local")


def test_lost_data_is_restored_and_erased_data_is_not(tmp_path: Path) -> None:
    run_drill(tmp_path)
