"""Lists by tag on DynamoDB, with an index of tags that lags behind the photos."""

from typing import Any

import pytest

from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.listing import Listing
from tests.support.dynamodb_rows import write_rows
from tests.support.rows import START, Backend, ids, pending

SEA = Listing(scope="public", tag="sea")
STALE: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "unlisted": {"visibility": "unlisted"},
    "trashed": {"trashed_at": format_timestamp(START)},
    "without the tag": {"tags": ()},
}


@pytest.mark.parametrize("change", [*STALE])
def test_stale_index_shows_no_photo_that_left_the_list(backend: Backend, change: str) -> None:
    write_rows(backend, pending(minute=1, status="ready", tags=("sea",)), stale=STALE[change])
    for listing in (SEA, Listing(scope="public", owner=UserId("ann"), tag="sea")):
        assert backend.store.list_by_tag(listing, 9, newest_first=True) == []


def test_photos_that_left_the_list_do_not_shorten_its_pages(backend: Backend) -> None:
    photos = [pending(minute=minute, status="ready", tags=("sea",)) for minute in range(6)]
    for photo in photos:
        write_rows(backend, photo, stale=None if photo in photos[::3] else {"visibility": "private"})
    for newest_first in (True, False):
        expected = ids(photos[::3][::-1] if newest_first else photos[::3])
        for limit in (1, 2, 3):
            assert ids(backend.store.list_by_tag(SEA, limit, newest_first=newest_first)) == expected[:limit]
