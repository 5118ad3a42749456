"""`IdempotencyStore`: records of requests, and duplicates of photos."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord, Limits
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.photos import Photo
from tests.support.album_rows import add_album, new_album, new_link, read_album
from tests.support.races import run_concurrently
from tests.support.rows import NO_LIMITS, START, Backend, pending

ANN = UserId("ann")
SEA, HILLS = "5ea" + "0" * 61, "417" + "0" * 61
DAY = timedelta(days=1)


def new_record(photo: Photo, key: str = "k", request: str = "r", grant: str = "{}") -> IdempotencyRecord:
    expires_at = int((START + DAY).timestamp())
    return IdempotencyRecord(
        user_id=photo.user_id,
        key=key,
        request=request,
        resource_id=photo.photo_id,
        response=grant,
        expires_at=expires_at,
    )


# --- Records


def test_record_is_found_only_under_its_user_and_key(backend: Backend) -> None:
    record = new_record(pending())
    assert backend.idempotency.add(record)
    assert backend.idempotency.get_record(ANN, "k") == record
    assert backend.idempotency.get_record(ANN, "other") is None
    assert backend.idempotency.get_record(UserId("bob"), "k") is None


def test_second_record_under_a_key_changes_nothing_until_the_first_expires(backend: Backend) -> None:
    first, second = new_record(pending()), new_record(pending())
    assert backend.idempotency.add(first)
    assert not backend.idempotency.add(second)
    assert backend.idempotency.get_record(ANN, "k") == first
    backend.later(DAY)
    assert backend.idempotency.get_record(ANN, "k") is None
    assert backend.idempotency.add(second)


def test_grant_under_a_used_key_writes_and_charges_nothing(backend: Backend) -> None:
    first, second = pending(), pending()
    assert backend.store.add_pending(first, NO_LIMITS, new_record(first))
    assert not backend.store.add_pending(second, NO_LIMITS, new_record(second))
    assert backend.store.get_photo(second.photo_id) is None
    assert backend.idempotency.get_record(ANN, "k") == new_record(first)
    assert backend.usage() == (1, 1000)


def test_grant_under_a_used_key_reports_the_key_even_if_the_quota_is_exceeded(backend: Backend) -> None:
    first, second = pending(), pending()
    limits = Limits(photos=1, bytes=1000)
    assert backend.store.add_pending(first, limits, new_record(first))
    assert not backend.store.add_pending(second, limits, new_record(second))
    with pytest.raises(errors.QuotaExceeded):
        backend.store.add_pending(second, limits, new_record(second, "another"))
    assert backend.idempotency.get_record(ANN, "another") is None


def test_exactly_one_of_fifty_concurrent_grants_under_one_key_is_issued(backend: Backend) -> None:
    photos = [pending() for _ in range(50)]
    calls: list[Callable[[], bool]] = [
        partial(backend.store.add_pending, photo, NO_LIMITS, new_record(photo)) for photo in photos
    ]
    results = run_concurrently(calls)
    assert sum(results) == 1
    assert [backend.store.get_photo(photo.photo_id) is not None for photo in photos] == results
    assert backend.usage() == (1, 1000)


# --- Duplicates


def test_duplicate_is_found_while_its_photo_is_listed(backend: Backend) -> None:
    photo = backend.granted(sha256=SEA)
    assert backend.idempotency.find_duplicate(ANN, SEA) is None
    for change, is_listed in (
        ({"status": "ready"}, True),
        ({"title": "Quay", "visibility": "private"}, True),
        ({"trashed_at": format_timestamp(START)}, False),
        ({"trashed_at": None}, True),
    ):
        photo = backend.put(photo, **change)
        assert backend.idempotency.find_duplicate(ANN, SEA) == (photo.photo_id if is_listed else None)
    backend.erase(photo)
    assert backend.idempotency.find_duplicate(ANN, SEA) is None


def test_photos_of_other_users_and_other_hashes_are_not_duplicates(backend: Backend) -> None:
    backend.ready("bob", sha256=SEA)
    backend.ready(sha256=HILLS)
    backend.ready()
    assert backend.idempotency.find_duplicate(ANN, SEA) is None


def test_oldest_of_several_duplicates_is_found_and_after_its_erase_the_next(backend: Backend) -> None:
    second, first = (backend.ready(minute=minute, sha256=SEA) for minute in (2, 1))
    assert backend.idempotency.find_duplicate(ANN, SEA) == first.photo_id
    backend.erase(first)
    assert backend.idempotency.find_duplicate(ANN, SEA) == second.photo_id


def test_duplicate_is_found_by_the_hash_that_the_confirmation_stored(backend: Backend) -> None:
    photo = backend.put(backend.granted(sha256=SEA), status="ready", sha256=HILLS)
    assert backend.idempotency.find_duplicate(ANN, SEA) is None
    assert backend.idempotency.find_duplicate(ANN, HILLS) == photo.photo_id


def test_second_album_under_a_key_is_not_added(backend: Backend) -> None:
    first, second = new_album(), new_album()
    record = new_record(pending())
    assert backend.albums.add(first, 9, record.with_(resource_id=first.album_id))
    assert not backend.albums.add(second, 9, record.with_(resource_id=second.album_id))
    assert backend.idempotency.get_record(ANN, "k") == record.with_(resource_id=first.album_id)
    assert backend.albums.list_albums(ANN, 9) == [read_album(backend, first)]


def test_second_link_under_a_key_is_not_added(backend: Backend) -> None:
    album = add_album(backend)
    first, second = new_link(album), new_link(album)
    record = new_record(pending())
    assert backend.links.add_link(first, 9, record.with_(resource_id=first.link_id))
    assert not backend.links.add_link(second, 9, record.with_(resource_id=second.link_id))
    assert [link.link_id for link in backend.links.list_links(album.album_id, 9)] == [first.link_id]
