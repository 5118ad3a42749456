"""`PhotoStore` and `AccountStore`: each promise of the contracts except the lists."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, Limits
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Exif, Photo, Status
from tests.support.races import run_concurrently
from tests.support.rows import NO_LIMITS, START, Backend, ids, pending

ANN = UserId("ann")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- Accounts


def test_account_without_a_row_is_empty(backend: Backend) -> None:
    assert backend.accounts.get_account(ANN) == Account(user_id=ANN)


def test_account_is_opened_once(backend: Backend) -> None:
    first = Account(user_id=ANN, created_at=format_timestamp(START))
    assert backend.accounts.open_account(first) == first
    later = first.with_(created_at=format_timestamp(START + timedelta(1)))
    assert backend.accounts.open_account(later) == first == backend.accounts.get_account(ANN)


def test_grant_opens_the_account_and_opening_it_again_keeps_its_usage(backend: Backend) -> None:
    photo = backend.granted()
    existing = Account(user_id=ANN, created_at=photo.uploaded_at, photo_count=1, bytes=1000)
    assert (
        backend.accounts.open_account(Account(user_id=ANN, created_at=format_timestamp(START + timedelta(1))))
        == existing
    )


# --- Reading


@FEW
@given(
    title=TEXT,
    tags=st.lists(TEXT.filter(bool), max_size=5, unique=True),
    exif=st.builds(
        Exif,
        camera=TEXT,
        aperture=st.none() | st.decimals(0, 64, places=2).map(float),
        latitude=st.none() | st.decimals(-90, 90, places=7).map(float),
    ),
    size=st.integers(0, 2**40),
    status=st.sampled_from(["pending", "ready", "rejected"]),
)
def test_photo_is_read_as_it_was_written(
    backend: Backend, title: str, tags: list[str], exif: Exif, size: int, status: Status
) -> None:
    renditions = {"256": "ann/a/256.webp"} if status == "ready" else {}
    photo = pending(title=title, tags=tuple(tags), exif=exif, size=size, status=status, renditions=renditions)
    assert backend.store.rebuild(photo)
    assert backend.store.get_photo(photo.photo_id) == photo


def test_missing_photo_is_none(backend: Backend) -> None:
    assert backend.store.get_photo(pending().photo_id) is None


def test_tombstone_expires_after_ninety_days(backend: Backend) -> None:
    photo = backend.erase(backend.ready())
    backend.later(timedelta(days=90, seconds=-1))
    assert backend.now(photo).status == "erased"
    backend.later(timedelta(seconds=1))
    assert backend.store.get_photo(photo.photo_id) is None
    assert backend.store.get_photos([photo.photo_id]) == {}
    assert backend.store.rebuild(pending().with_(photo_id=photo.photo_id))


# --- Grants and quota


@pytest.mark.parametrize("limits", [Limits(photos=1, bytes=9999), Limits(photos=9, bytes=1999)])
def test_grant_beyond_a_limit_is_refused_and_changes_nothing(backend: Backend, limits: Limits) -> None:
    backend.store.add_pending(pending(), limits)
    photo = pending()
    with pytest.raises(errors.QuotaExceeded) as raised:
        backend.store.add_pending(photo, limits)
    assert raised.value.details == {"photos": limits.photos, "bytes": limits.bytes}
    assert backend.store.get_photo(photo.photo_id) is None
    assert backend.usage() == (1, 1000)


@pytest.mark.parametrize("limits", [Limits(photos=0, bytes=1000), Limits(photos=1, bytes=999)])
def test_first_grant_beyond_a_limit_opens_no_account(backend: Backend, limits: Limits) -> None:
    with pytest.raises(errors.QuotaExceeded):
        backend.store.add_pending(pending(), limits)
    assert backend.accounts.get_account(ANN) == Account(user_id=ANN)


def test_grant_that_reaches_the_limit_is_issued(backend: Backend) -> None:
    for _ in range(2):
        backend.store.add_pending(pending(), Limits(photos=2, bytes=2000))
    assert backend.usage() == (2, 2000)


def test_quota_holds_under_concurrent_requests(backend: Backend) -> None:
    def try_to_grant(photo: Photo) -> bool:
        try:
            backend.store.add_pending(photo, Limits(photos=1000, bytes=7500))
        except errors.QuotaExceeded:
            return False
        return True

    photos = [pending() for _ in range(100)]
    results = run_concurrently([partial(try_to_grant, photo) for photo in photos])
    assert sum(results) == 7
    assert backend.usage() == (7, 7000)
    assert [backend.store.get_photo(photo.photo_id) is not None for photo in photos] == results


def test_cancelled_account_gets_no_grant_and_no_rebuilt_row(backend: Backend) -> None:
    existing = backend.ready()
    backend.cancel(ANN)
    assert backend.accounts.get_account(ANN).cancelled
    late = pending()
    with pytest.raises(errors.InvalidToken):
        backend.store.add_pending(late, NO_LIMITS)
    assert not backend.store.rebuild(late)
    assert backend.store.get_photo(late.photo_id) is None
    assert backend.now(existing) == existing


# --- Rebuilding, replacing, removing


def test_lost_row_is_rebuilt_regardless_of_the_limits(backend: Backend) -> None:
    assert backend.store.rebuild(pending(charged_bytes=10**12))
    assert backend.usage() == (1, 10**12)


def test_rebuilding_over_a_row_or_a_tombstone_changes_nothing(backend: Backend) -> None:
    live, erased = backend.ready(title="Quay"), backend.erase(backend.ready())
    for existing in (live, erased):
        assert not backend.store.rebuild(pending().with_(photo_id=existing.photo_id))
        assert backend.now(existing) == existing
    assert backend.usage() == (1, 1000)


def test_replacing_a_photo_updates_its_terms_and_usage(backend: Backend) -> None:
    sea, hills = Listing(scope="owner", owner=ANN, tag="sea"), Listing(scope="owner", owner=ANN, tag="hills")
    photo = backend.put(backend.granted(), status="ready", tags=("sea",), charged_bytes=600)
    assert backend.usage() == (1, 600)
    photo = backend.put(photo, tags=("hills",))
    assert ids(backend.store.list_by_tag(sea, 9, newest_first=True)) == []
    assert ids(backend.store.list_by_tag(hills, 9, newest_first=True)) == [photo.photo_id]
    backend.put(photo, status="rejected", charged_bytes=0)
    assert ids(backend.store.list_by_tag(hills, 9, newest_first=True)) == []
    assert backend.usage() == (0, 0)


def test_all_32_tags_can_be_replaced_at_once(backend: Backend) -> None:
    old, new = (tuple(f"{word}{number}" for number in range(32)) for word in ("old", "new"))
    photo = backend.put(backend.ready(tags=old), tags=new)
    for tag in (*old, *new):
        photos = backend.store.list_by_tag(Listing(scope="public", tag=tag), 9, newest_first=True)
        assert ids(photos) == ([photo.photo_id] if tag in new else [])


def test_replacing_or_removing_a_stale_photo_changes_nothing(backend: Backend) -> None:
    stale = backend.ready(tags=("sea",))
    current = backend.put(stale, title="Quay")
    assert not backend.store.replace(stale, stale.with_(status="erased", tags=("hills",), charged_bytes=9))
    assert not backend.store.remove(stale)
    assert backend.now(stale) == current
    assert backend.usage() == (1, 1000)
    assert ids(backend.store.list_by_tag(Listing(scope="public", tag="hills"), 9, newest_first=True)) == []


def test_replacing_or_removing_a_missing_photo_changes_nothing(backend: Backend) -> None:
    photo = pending()
    assert not backend.store.replace(photo, photo.with_(status="ready"))
    assert not backend.store.remove(photo)
    assert backend.store.get_photo(photo.photo_id) is None
    assert backend.usage() == (0, 0)


def test_removed_row_leaves_no_tombstone_and_no_usage(backend: Backend) -> None:
    photo = backend.granted()
    assert backend.store.remove(photo)
    assert not backend.store.remove(photo)
    assert backend.store.get_photo(photo.photo_id) is None
    assert backend.usage() == (0, 0)
    assert backend.store.rebuild(photo)


@pytest.mark.parametrize("round_", range(5))
def test_exactly_one_of_many_concurrent_changes_succeeds(backend: Backend, round_: int) -> None:
    photo = backend.granted(minute=round_)
    calls: list[Callable[[], bool]] = [partial(backend.store.remove, photo)]
    for number in range(8):
        calls.append(partial(backend.store.replace, photo, photo.with_(status="ready", charged_bytes=number)))
        calls.append(partial(backend.store.replace, photo, photo.to_tombstone(format_timestamp(START))))
    assert sum(run_concurrently(calls)) == 1
    stored = backend.store.get_photo(photo.photo_id)
    assert backend.usage() == ((int(stored.counted), stored.charged_bytes) if stored else (0, 0))


STEPS: dict[str, Callable[[Backend, Photo], Any]] = {
    "confirm": lambda backend, photo: backend.store.replace(photo, photo.with_(status="ready", charged_bytes=700)),
    "reject": lambda backend, photo: backend.store.replace(photo, photo.with_(status="rejected", charged_bytes=0)),
    "trash": lambda backend, photo: backend.store.replace(photo, photo.with_(trashed_at=format_timestamp(START))),
    "erase": lambda backend, photo: backend.store.replace(photo, photo.to_tombstone(format_timestamp(START))),
    "remove": lambda backend, photo: backend.store.remove(photo),
    "rebuild": lambda backend, photo: backend.store.rebuild(photo),
}


@FEW
@given(st.lists(st.tuples(st.sampled_from([*STEPS]), st.integers(0, 2), st.booleans()), max_size=8))
def test_usage_equals_the_sum_of_the_rows_after_any_steps(backend: Backend, steps: list[tuple[str, int, bool]]) -> None:
    owner = uuid4().hex
    versions = [[backend.granted(owner)] for _ in range(3)]
    for name, index, stale in steps:
        STEPS[name](backend, versions[index][0 if stale else -1])
        if current := backend.store.get_photo(versions[index][0].photo_id):
            versions[index].append(current)
    stored = [photo for photos in versions if (photo := backend.store.get_photo(photos[0].photo_id))]
    assert backend.usage(owner) == (
        sum(photo.counted for photo in stored),
        sum(photo.charged_bytes for photo in stored),
    )
