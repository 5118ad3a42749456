"""The write units of making a photo ready, with ids as AWS makes them."""

from typing import Any

import pytest

from chalicelib.stores.dynamodb import term_rows
from tests.support.cloud import Cloud
from tests.support.meter import metered
from tests.support.row_sizes import TYPICAL_EXIF, typical_photo

SHORT: dict[str, Any] = {
    "title": "The harbour before the storm",
    "description": "Taken from the north pier.",
    "tags": ("sea", "storm"),
    "exif": TYPICAL_EXIF.with_(camera="Canon EOS R5", lens="RF35mm F1.8 Macro"),
}
"""The photo of the cost table."""


@pytest.mark.parametrize(("facts", "limit"), [(SHORT, 75), ({}, 130), ({"visibility": "private"}, 105)])
def test_photo_becomes_ready_at_the_promised_cost(shared_cloud: Cloud, facts: dict[str, Any], limit: int) -> None:
    photo = typical_photo(limit, rating_sum=0, rating_count=0, **facts)
    assert len(photo.user_id) == 36
    assert len(term_rows.encode_terms(photo)) >= (17 if facts == SHORT else 27)
    pending = photo.with_(status="pending", charged_bytes=1, version_id=None, renditions={}, due_at="2026-01-01")
    assert shared_cloud.store.rebuild(pending)
    with metered(shared_cloud) as meter:
        assert shared_cloud.store.replace(pending, photo)
    assert meter.written <= limit
