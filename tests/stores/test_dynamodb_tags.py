"""Lists by tag on DynamoDB, with an index of tags that lags behind the photos."""

from typing import Any

import pytest

from chalicelib.domain.ids import UserId, timestamp
from chalicelib.domain.listing import Listing
from tests.support.dynamodb_rows import write_rows
from tests.support.rows import START, Backend, ids, pending

SEA = Listing(scope="public", tag="sea")
STALE: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "unlisted": {"visibility": "unlisted"},
    "trashed": {"trashed_at": timestamp(START)},
    "without the tag": {"tags": ()},
}


@pytest.mark.parametrize("change", [*STALE])
def test_stale_index_shows_no_photo_that_left_the_list(backend: Backend, change: str) -> None:
    write_rows(backend, pending(minute=1, status="ready", tags=("sea",)), stale=STALE[change])
    for listing in (SEA, Listing(scope="public", owner=UserId("ann"), tag="sea")):
        assert backend.store.by_tag(listing, 9, newest=True) == []


def test_photos_that_left_the_list_do_not_shorten_its_pages(backend: Backend) -> None:
    photos = [pending(minute=minute, status="ready", tags=("sea",)) for minute in range(6)]
    for photo in photos:
        write_rows(backend, photo, stale=None if photo in photos[::3] else {"visibility": "private"})
    for newest in (True, False):
        expected = ids(photos[::3][::-1] if newest else photos[::3])
        for limit in (1, 2, 3):
            assert ids(backend.store.by_tag(SEA, limit, newest=newest)) == expected[:limit]
