"""`TimelineStore`: photos by their local time, and their number in each month."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.albums import Entry
from chalicelib.domain.ids import AlbumId, LocalTime, Timestamp, UserId, format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.domain.timeline import TakenRange
from tests.support.album_rows import add_album, build_memberships
from tests.support.races import run_concurrently
from tests.support.rows import START, Backend, ids

ANN = UserId("ann")
ALL = TakenRange()
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TRASHED = {"trashed_at": format_timestamp(START)}


def list_ids(backend: Backend, limit: int = 99, **part: Any) -> list[str]:
    return [*ids(backend.timeline.list_photos(ANN, limit, TakenRange(**part)))]


def entry_ids(entries: list[Entry]) -> list[str]:
    return [entry.photo_id for entry in entries]


# --- Order


def test_photos_are_sorted_by_local_time_and_else_by_moment_or_upload(backend: Backend) -> None:
    uploaded = backend.ready(minute=0)
    moment = backend.ready(taken_at=Timestamp("2026-01-01T00:00:01.900Z"))
    local = backend.ready(taken_local=LocalTime("2026-01-01T12:00:00"), taken_at=Timestamp("2025-12-31T22:00:00.000Z"))
    old = backend.ready(minute=5, taken_local=LocalTime("1024-02-29T00:00:00"))
    backend.ready("bob")
    assert list_ids(backend) == ids([local, moment, uploaded, old])


def test_photos_of_the_same_second_are_sorted_by_id(backend: Backend) -> None:
    times = ["2025-06-01T00:00:00.000Z", "2025-06-01T00:00:00.999Z", "2025-06-01T00:00:00.500Z"]
    photos = [backend.ready(minute=minute, taken_at=time) for minute, time in enumerate(times)]
    assert list_ids(backend) == ids(photos)[::-1]


@pytest.mark.parametrize(
    "change",
    [
        TRASHED,
        {"status": "rejected"},
        {"status": "erased"},
    ],
)
def test_photo_that_is_not_listed_is_neither_in_the_order_nor_counted(backend: Backend, change: dict[str, Any]) -> None:
    pending = backend.granted(taken_local="2025-06-01T00:00:00")
    assert (list_ids(backend), backend.timeline.count_by_month(ANN)) == ([], {})
    photo = backend.put(pending, status="ready", visibility="private")
    assert list_ids(backend) == [photo.photo_id]
    assert backend.timeline.count_by_month(ANN) == {"2025-06": 1}
    backend.put(photo, **change)
    assert (list_ids(backend), backend.timeline.count_by_month(ANN)) == ([], {})


def test_restored_photo_is_listed_and_counted_again(backend: Backend) -> None:
    photo = backend.put(backend.put(backend.ready(), **TRASHED), trashed_at=None)
    assert list_ids(backend) == [photo.photo_id]
    assert backend.timeline.count_by_month(ANN) == {"2026-01": 1}


def test_removed_photo_is_not_counted(backend: Backend) -> None:
    assert backend.store.remove(backend.ready())
    assert backend.timeline.count_by_month(ANN) == {}


LOCAL_TIMES = ["2025-06-01T00:00:00", "2025-06-01T00:00:01", "2025-06-30T23:59:59", "2025-07-01T00:00:00"]
BOUND = st.none() | st.sampled_from([*LOCAL_TIMES, "0001-01-01T00:00:00", "2025-06-01T00:00:60", "9999-12-31T23:59:60"])


@pytest.fixture
def photos(backend: Backend) -> tuple[Backend, list[Photo]]:
    """Seven photos, newest first. Each of the first three times has two photos."""
    times = [*LOCAL_TIMES[:3], *LOCAL_TIMES]
    found = [backend.ready(minute=minute, taken_local=time) for minute, time in enumerate(times)]
    return backend, sorted(found, key=lambda photo: (photo.taken_local, photo.photo_id), reverse=True)


@FEW
@given(after=st.none() | st.integers(0, 6), since=BOUND, until=BOUND, limit=st.integers(1, 8))
def test_part_of_the_order_respects_its_bounds(
    photos: tuple[Backend, list[Photo]], after: int | None, since: str | None, until: str | None, limit: int
) -> None:
    backend, newest_first = photos
    key = None if after is None else newest_first[after].taken_key
    expected = [
        photo.photo_id
        for index, photo in enumerate(newest_first)
        if (after is None or index > after)
        and (since is None or str(photo.taken_local) >= since)
        and (until is None or str(photo.taken_local) < until)
    ]
    assert list_ids(backend, limit, after=key, since=since, until=until) == expected[:limit]


# --- Albums


def test_entries_follow_the_photos_and_private_ones_are_separate(backend: Backend) -> None:
    album, other = add_album(backend), add_album(backend)
    memberships = build_memberships(album)
    first = backend.ready(minute=1, memberships=memberships, taken_local="2025-06-01T00:00:00")
    hidden = backend.ready(minute=2, memberships=memberships, visibility="private", taken_local="2025-07-01T00:00:00")
    last = backend.ready(minute=3, memberships=memberships, visibility="unlisted")
    backend.ready(memberships=build_memberships(other))

    def read(include_private: bool, limit: int = 9, **part: Any) -> list[str]:
        return entry_ids(
            backend.timeline.list_entries(album.album_id, limit, TakenRange(**part), include_private=include_private)
        )

    assert read(True) == ids([last, hidden, first])
    assert read(False) == ids([last, first])
    assert read(True, 2) == ids([last, hidden])
    assert read(True, after=last.taken_key) == ids([hidden, first])
    assert read(True, since="2025-06-02T00:00:00", until="2025-08-01T00:00:00") == ids([hidden])
    first = backend.put(first, taken_local="2025-08-01T00:00:00")
    backend.put(hidden, visibility="public")
    assert read(False) == ids([last, first, hidden])
    backend.put(first, **TRASHED)
    assert read(True) == ids([last, hidden])


def test_entry_has_the_sort_key_of_its_photo(backend: Backend) -> None:
    album = add_album(backend)
    photo = backend.ready(memberships=build_memberships(album))
    (entry,) = backend.timeline.list_entries(album.album_id, 9, ALL, include_private=False)
    assert entry == Entry(photo_id=photo.photo_id, sort_key=photo.taken_key)
    assert backend.timeline.list_entries(AlbumId("none"), 9, ALL, include_private=True) == []


# --- Months

STEPS: dict[str, Callable[[Photo], Photo]] = {
    "ready": lambda photo: photo.with_(status="ready"),
    "reject": lambda photo: photo.with_(status="rejected"),
    "trash": lambda photo: photo.with_(**TRASHED),
    "restore": lambda photo: photo.with_(trashed_at=None),
    "hide": lambda photo: photo.with_(visibility="private"),
    "erase": lambda photo: photo.to_tombstone(format_timestamp(START)),
    "june": lambda photo: photo.with_(taken_local=LocalTime("2025-06-01T00:00:00")),
    "july": lambda photo: photo.with_(taken_local=LocalTime("2025-07-31T23:59:59")),
    "another year": lambda photo: photo.with_(taken_local=LocalTime("1985-07-01T00:00:00")),
    "no time": lambda photo: photo.with_(taken_local=None, taken_at=None),
}


@FEW
@given(st.lists(st.tuples(st.sampled_from([*STEPS]), st.integers(0, 2), st.booleans()), max_size=12))
def test_order_and_months_equal_those_of_the_rows_after_any_steps(
    backend: Backend, steps: list[tuple[str, int, bool]]
) -> None:
    owner = UserId(uuid4().hex)
    versions = [[backend.granted(owner, minute=minute)] for minute in range(3)]
    for index, name in enumerate(["ready", "ready", "june"]):
        backend.store.replace(versions[index][0], STEPS[name](versions[index][0]))
    for name, index, stale in steps:
        versions[index].append(backend.now(versions[index][0]))
        photo = versions[index][0 if stale else -1]
        backend.store.replace(photo, STEPS[name](photo))
    listed = [photo for photos in versions if (photo := backend.now(photos[0])).listed]
    listed.sort(key=lambda photo: (photo.local_time, photo.photo_id), reverse=True)
    assert backend.timeline.list_photos(owner, 9, ALL) == listed
    assert backend.timeline.count_by_month(owner) == Counter(photo.local_time[:7] for photo in listed)


def test_photo_is_counted_once_if_it_is_changed_concurrently(backend: Backend) -> None:
    pending = backend.granted()
    assert sum(run_concurrently([partial(backend.store.replace, pending, STEPS["ready"](pending))] * 8)) == 1
    assert backend.timeline.count_by_month(ANN) == {"2026-01": 1}
    photo = backend.now(pending)
    steps = [STEPS[name] for name in ("june", "july", "another year", "trash", "erase")]
    assert sum(run_concurrently([partial(backend.store.replace, photo, step(photo)) for step in steps])) == 1
    now = backend.now(photo)
    assert backend.timeline.count_by_month(ANN) == ({now.local_time[:7]: 1} if now.listed else {})


def test_many_photos_that_change_at_once_are_all_counted(backend: Backend) -> None:
    granted = [backend.granted(minute=minute) for minute in range(40)]
    assert all(run_concurrently([partial(backend.store.replace, photo, STEPS["ready"](photo)) for photo in granted]))
    assert backend.timeline.count_by_month(ANN) == {"2026-01": 40}


def test_months_of_one_user_do_not_count_photos_of_another_user(backend: Backend) -> None:
    backend.ready("bob")
    backend.ready("ann-2")
    assert backend.timeline.count_by_month(ANN) == {}


def test_deleting_the_account_removes_the_months(backend: Backend) -> None:
    for minute in range(3):
        backend.ready(minute=minute, taken_local=f"202{minute}-06-01T00:00:00")
    bobs_photo = backend.ready("bob")
    backend.cancel(ANN)
    while backend.deletions.purge_photos(ANN) or backend.deletions.purge_records(ANN):
        pass
    assert backend.timeline.count_by_month(ANN) == {}
    assert backend.timeline.count_by_month(bobs_photo.user_id) == {"2026-01": 1}


# --- All ids


def test_all_ids_include_every_photo_and_tombstone_of_the_user(backend: Backend) -> None:
    photos = [backend.granted(minute=0), backend.ready(minute=1), backend.erase(backend.ready(minute=2))]
    backend.ready("bob")
    assert backend.timeline.list_all_ids(ANN, 9) == ids(photos)
    assert backend.timeline.list_all_ids(ANN, 1, after=photos[0].photo_id) == ids(photos[1:2])
