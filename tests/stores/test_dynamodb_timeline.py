"""The order `taken` on DynamoDB: rows of an earlier release, and the keys of the indexes."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.ids import AlbumId, LocalTime, UserId, format_timestamp
from chalicelib.domain.photos import MAX_ALBUMS, MAX_TERMS, Photo
from chalicelib.domain.timeline import TakenRange
from chalicelib.stores.dynamodb import items
from tests.support import old_release
from tests.support.album_rows import add_album, build_memberships
from tests.support.dynamodb_rows import counted_calls
from tests.support.faults import hooked
from tests.support.races import run_concurrently
from tests.support.rows import START, Backend

ANN = UserId("ann")
TRASHED = {"trashed_at": format_timestamp(START)}


def add_old_photo(backend: Backend, **facts: Any) -> Photo:
    """Add a listed photo that an earlier release has written."""
    photo = backend.ready(**facts)
    old_release.forget_order(backend.client, photo)
    for row in backend.client.scan(TableName="photoshare-test-Accounts")["Items"]:
        if row["record"]["S"].startswith("months#"):
            key = {name: row[name] for name in ("userId", "record")}
            backend.client.delete_item(TableName="photoshare-test-Accounts", Key=key)
    return backend.now(photo)


def read_state(backend: Backend) -> tuple[dict[str, int], int]:
    """Return the months, and the number of photos in the order."""
    return backend.timeline.count_by_month(ANN), len(backend.timeline.list_photos(ANN, 99, TakenRange()))


def test_photo_of_an_earlier_release_is_listed_and_counted_once_after_repeated_reindexing(backend: Backend) -> None:
    album = add_album(backend)
    photo = add_old_photo(backend, memberships=build_memberships(album))
    assert (read_state(backend), photo.outdated_taken_key) == (({}, 0), "")
    assert backend.timeline.reindex(photo)
    reindexed = backend.now(photo)
    assert (read_state(backend), reindexed.outdated_taken_key) == (({"2026-01": 1}, 1), None)
    assert reindexed == photo.with_(revision=photo.revision + 1, outdated_taken_key=None)
    assert backend.timeline.list_entries(album.album_id, 9, TakenRange(), include_private=False)
    assert not backend.timeline.reindex(photo), "another writer has changed the photo since it was read"
    assert backend.timeline.reindex(reindexed)
    assert (read_state(backend), backend.now(photo)) == (({"2026-01": 1}, 1), reindexed)


@pytest.mark.parametrize(
    ("changes", "months"),
    [
        ({"title": "Quay"}, {"2026-01": 1}),
        ({"taken_local": "2020-05-01T00:00:00"}, {"2020-05": 1}),
        ({"visibility": "private"}, {"2026-01": 1}),
        (TRASHED, {}),
    ],
)
def test_change_of_a_photo_of_an_earlier_release_counts_it_once(
    backend: Backend, changes: dict[str, Any], months: dict[str, int]
) -> None:
    album = add_album(backend)
    photo = backend.put(add_old_photo(backend, memberships=build_memberships(album)), **changes)
    assert read_state(backend) == (months, len(months))
    assert len(backend.timeline.list_entries(album.album_id, 9, TakenRange(), include_private=True)) == len(months)
    assert backend.timeline.reindex(photo)
    assert (read_state(backend), backend.now(photo)) == ((months, len(months)), photo)


def test_erasing_a_photo_of_an_earlier_release_counts_nothing(backend: Backend) -> None:
    backend.erase(add_old_photo(backend))
    assert read_state(backend) == ({}, 0)


def test_removing_a_photo_of_an_earlier_release_counts_nothing(backend: Backend) -> None:
    assert backend.store.remove(add_old_photo(backend))
    assert read_state(backend) == ({}, 0)


def test_rating_a_photo_of_an_earlier_release_keeps_it_for_the_job(backend: Backend) -> None:
    photo = add_old_photo(backend)
    assert backend.ratings.rate(photo, UserId("bob"), None, 5)
    assert read_state(backend) == ({}, 0)
    assert backend.timeline.reindex(backend.now(photo))
    assert read_state(backend) == ({"2026-01": 1}, 1)


def test_change_during_reindexing_counts_the_photo_once(backend: Backend) -> None:
    photo = add_old_photo(backend)
    results = run_concurrently(
        [
            *[partial(backend.timeline.reindex, photo)] * 4,
            *[partial(backend.store.replace, photo, photo.with_(taken_local="2020-05-01T00:00:00"))] * 4,
        ]
    )
    assert sum(results) == 1
    backend.timeline.reindex(backend.now(photo))
    assert read_state(backend) == ({backend.now(photo).local_time[:7]: 1}, 1)


# --- Changes by an earlier release after a rollback

ROLLED_BACK: dict[str, tuple[Callable[[Photo], Photo], dict[str, int]]] = {
    "title": (lambda photo: photo.with_(title="Quay"), {"2026-01": 1}),
    "time": (lambda photo: photo.with_(taken_local=LocalTime("2020-05-01T00:00:00")), {"2020-05": 1}),
    "trash": (lambda photo: photo.with_(**TRASHED), {}),
    "reject": (lambda photo: photo.with_(status="rejected"), {}),
    "erase": (lambda photo: photo.to_tombstone(format_timestamp(START)), {}),
}


@pytest.mark.parametrize("name", ROLLED_BACK)
def test_reindexing_corrects_changes_by_an_earlier_release(backend: Backend, name: str) -> None:
    album = add_album(backend)
    build_change, months = ROLLED_BACK[name]
    photo = backend.ready(memberships=build_memberships(album))
    photo = old_release.change(backend, photo, build_change(photo))
    assert backend.timeline.count_by_month(ANN) == {"2026-01": 1}
    assert backend.timeline.reindex(photo)
    assert read_state(backend) == (months, len(months))
    entries = backend.timeline.list_entries(album.album_id, 9, TakenRange(), include_private=True)
    assert [entry.sort_key for entry in entries] == [backend.now(photo).taken_key] * len(months)


def test_reindexing_does_not_extend_the_life_of_a_tombstone(backend: Backend) -> None:
    photo = backend.ready()
    erased = old_release.change(backend, photo, photo.to_tombstone(format_timestamp(START)))
    backend.later(timedelta(hours=1))
    key = items.build_photo_key(photo.photo_id)
    before = backend.client.get_item(TableName=old_release.PHOTOS, Key=key)["Item"]
    assert backend.timeline.reindex(erased)
    after = backend.client.get_item(TableName=old_release.PHOTOS, Key=key)["Item"]
    assert before["expiresAt"] == after["expiresAt"]


def test_removing_a_photo_that_an_earlier_release_has_changed_is_counted(backend: Backend) -> None:
    photo = backend.ready()
    photo = old_release.change(backend, photo, photo.with_(taken_local=LocalTime("2020-05-01T00:00:00")))
    assert backend.store.remove(photo)
    assert read_state(backend) == ({}, 0)


# --- Keys and limits


@pytest.mark.parametrize(
    "part",
    [
        TakenRange(since=LocalTime("2025-01-01T00:00:00"), until=LocalTime("2024-01-01T00:00:00")),
        TakenRange(since=LocalTime("2025-01-01T00:00:00"), after="2024-01-01T00:00:00#0"),
    ],
)
def test_empty_range_makes_no_query(backend: Backend, part: TakenRange) -> None:
    # DynamoDB rejects a range whose end is before its start, but moto does not.
    with counted_calls(backend) as names:
        assert backend.timeline.list_photos(ANN, 9, part) == []
        assert backend.timeline.list_entries(AlbumId("album"), 9, part, include_private=True) == []
    assert names == []


def test_index_of_an_album_has_no_private_photo_among_the_others(backend: Backend) -> None:
    album = add_album(backend)
    backend.ready(memberships=build_memberships(album), visibility="private")
    (row,) = backend.client.scan(TableName=old_release.ENTRIES)["Items"]
    assert row["takenList"] == {"S": f"{album.album_id}#private"}


def test_largest_change_of_a_photo_fits_in_a_transaction(backend: Backend) -> None:
    albums = [add_album(backend) for _ in range(MAX_ALBUMS)]
    memberships = {key: value for album in albums for key, value in build_memberships(album).items()}
    words = [" ".join(f"{word}{number}" for number in range(MAX_TERMS)) for word in ("alpha", "beta")]
    photo = backend.ready(title=words[0], memberships=memberships, taken_local="2020-05-01T00:00:00")
    sizes: list[int] = []

    def count_actions(params: dict[str, Any], **_: Any) -> None:
        sizes.append(len(params["TransactItems"]))

    with hooked("provide-client-params.dynamodb.TransactWriteItems", lambda _: count_actions, backend.client):
        backend.put(photo, title=words[1], visibility="private", taken_local="2021-06-01T00:00:00")
    assert sizes == [99]
