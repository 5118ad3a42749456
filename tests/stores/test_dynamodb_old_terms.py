"""Search and lists by tag while a job fills the table of search words, from the rows of an earlier release."""

from typing import Any

import pytest

from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from tests.support.old_search import build_reading_backend, forget_words, read_words
from tests.support.rows import START, Backend, ids
from tests.support.searches import find_all

PUBLIC, MINE = Listing(scope="public"), Listing(scope="owner", owner=UserId("ann"))
OLD_WORDS = ["photographers", "sea", "京", "都", "new", "york", "カメラバッグ"]
FACTS: dict[str, Any] = {"title": "Photographers 京都 カメラバッグ", "tags": ("sea", "New York"), "filename": ""}
QUERIES = ("photographers", "pho", "photogr", "photographe", "sea", "sea pho", "京都", "京", "カメラバ", "new york")
CHANGES: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "trashed": {"trashed_at": format_timestamp(START)},
    "renamed": {"title": "Quay", "tags": ()},
}


@pytest.fixture
def reading(backend: Backend) -> Backend:
    return build_reading_backend(backend)


def add_photos(backend: Backend, count: int = 4) -> list[Photo]:
    """Add photos, every other one as the earlier release has stored it. Return all, the newest first."""
    photos = [backend.ready(minute=minute, **FACTS) for minute in range(count)]
    for photo in photos[::2]:
        forget_words(backend.client, photo, OLD_WORDS)
    return photos[::-1]


def list_by_tag(backend: Backend, listing: Listing, limit: int = 99, *, newest_first: bool = True) -> list[str]:
    return [*ids(backend.store.list_by_tag(listing, limit, newest_first=newest_first))]


@pytest.mark.parametrize("listing", [PUBLIC, MINE], ids=["public", "mine"])
@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("limit", [1, 2, 99])
def test_photos_of_both_tables_are_found_newest_first(
    reading: Backend, listing: Listing, text: str, limit: int
) -> None:
    photos = add_photos(reading)
    assert find_all(reading, text, listing, limit) == ids(photos)


@pytest.mark.parametrize("tag", ["sea", "New York"])
def test_photos_of_both_tables_are_listed_by_tag(reading: Backend, tag: str) -> None:
    photos = ids(add_photos(reading))
    for listing in (PUBLIC, MINE, PUBLIC.with_(owner=UserId("ann"))):
        assert list_by_tag(reading, listing.with_(tag=tag)) == photos
        assert list_by_tag(reading, listing.with_(tag=tag), 3, newest_first=False) == photos[:0:-1]


@pytest.mark.parametrize("change", [*CHANGES])
def test_rows_of_the_earlier_release_show_no_photo_that_has_changed(reading: Backend, change: str) -> None:
    (photo,) = add_photos(reading, 1)
    reading.put(photo, **CHANGES[change])
    for text in QUERIES:
        assert find_all(reading, text, PUBLIC) == []
    assert list_by_tag(reading, PUBLIC.with_(tag="sea")) == []
    is_kept = change == "private"
    assert find_all(reading, "sea", MINE) == list_by_tag(reading, MINE.with_(tag="sea")) == [photo.photo_id] * is_kept


def test_other_functions_do_not_read_the_rows_of_the_earlier_release(backend: Backend) -> None:
    photos = add_photos(backend)
    assert find_all(backend, "sea", PUBLIC) == list_by_tag(backend, PUBLIC.with_(tag="sea")) == ids(photos[::2])


def test_reindexing_adds_the_missing_rows_once(backend: Backend) -> None:
    photos = add_photos(backend)
    trashed = backend.put(backend.ready(minute=9, **FACTS), trashed_at=format_timestamp(START))
    for photo in (*photos, trashed):
        assert backend.search.reindex(backend.now(photo))
    rows = read_words(backend.client)
    for text in QUERIES:
        assert find_all(backend, text, PUBLIC) == ids(photos)
    assert all(backend.search.reindex(photo) for photo in photos)
    assert read_words(backend.client) == rows


def test_reindexing_refuses_a_photo_that_has_changed(backend: Backend) -> None:
    (photo,) = add_photos(backend, 1)
    backend.put(photo, visibility="private")
    assert not backend.search.reindex(photo)
    assert find_all(backend, "sea", PUBLIC) == []
