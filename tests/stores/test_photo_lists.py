"""The lists of `PhotoStore`: their photos, their order, and their limits."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.feed import RANKS, Span, compute_rank
from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from tests.support.rows import START, Backend, ids

ANN = UserId("ann")
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PUBLIC, MINE, TRASH = (
    Listing(scope="public"),
    Listing(scope="owner", owner=ANN),
    Listing(scope="trash", owner=ANN),
)
TIMED = {
    "public": PUBLIC,
    "public of ann": Listing(scope="public", owner=ANN),
    "public by tag": Listing(scope="public", tag="sea"),
    "public of ann by tag": Listing(scope="public", owner=ANN, tag="sea"),
    "ann's": MINE,
    "ann's by tag": Listing(scope="owner", owner=ANN, tag="sea"),
    "ann's trash": TRASH,
}
ALL_LISTS = {*TIMED, "public by score", "public by rank", "ann's by score", "ann's by rank"} - {"ann's trash"}
OWNER_LISTS = {name for name in ALL_LISTS if name.startswith("ann's")}


def lists_with(backend: Backend, photo: Photo) -> set[str]:
    """Return the names of the lists that contain a photo."""
    lists = {name: list_photos(backend, listing, 100, newest_first=True) for name, listing in TIMED.items()}
    for name, listing in (("public", PUBLIC), ("ann's", MINE)):
        lists[f"{name} by score"] = backend.store.list_by_score(listing, 100)
        lists[f"{name} by rank"] = list_by_rank(backend, listing)
    return {name for name, photos in lists.items() if photo.photo_id in ids(photos)}


def list_photos(backend: Backend, listing: Listing, limit: int, **bounds: Any) -> list[Photo]:
    read = backend.store.list_by_tag if listing.tag else backend.store.list_by_time
    return read(listing, limit, **bounds)


def list_by_rank(backend: Backend, listing: Listing, bits: int = 0) -> list[Photo]:
    width = RANKS >> bits
    spans = [Span(low, low + width - 1) for low in range(0, RANKS, width)]
    return [photo for photos in backend.store.list_by_rank(listing, spans) for photo in photos]


# --- States

STATES: dict[str, tuple[Callable[[Backend, Photo], object], set[str]]] = {
    "pending": (lambda _, photo: photo, set()),
    "public": (lambda backend, photo: backend.put(photo, status="ready"), ALL_LISTS),
    "unlisted": (lambda backend, photo: backend.put(photo, status="ready", visibility="unlisted"), OWNER_LISTS),
    "private": (lambda backend, photo: backend.put(photo, status="ready", visibility="private"), OWNER_LISTS),
    "hidden": (
        lambda backend, photo: backend.put(backend.put(photo, status="ready"), visibility="private"),
        OWNER_LISTS,
    ),
    "trashed": (
        lambda backend, photo: backend.put(backend.put(photo, status="ready"), trashed_at=format_timestamp(START)),
        {"ann's trash"},
    ),
    "restored": (
        lambda backend, photo: backend.put(
            backend.put(photo, status="ready", trashed_at=format_timestamp(START)), trashed_at=None
        ),
        ALL_LISTS,
    ),
    "rejected": (lambda backend, photo: backend.put(photo, status="rejected", rejection="NotAnImage"), set()),
    "erased": (lambda backend, photo: backend.erase(backend.put(photo, status="ready")), set()),
    "removed": (lambda backend, photo: backend.store.remove(photo), set()),
}


@pytest.mark.parametrize("state", [*STATES])
def test_photo_is_in_exactly_the_lists_that_match_its_state(backend: Backend, state: str) -> None:
    enter_state, expected = STATES[state]
    photo = backend.granted(tags=("Sea", "hills"))
    enter_state(backend, photo)
    assert lists_with(backend, photo) == expected


def test_lists_of_one_user_contain_no_photo_of_another_user(backend: Backend) -> None:
    bobs_photo = backend.ready("bob", tags=("sea",))
    assert lists_with(backend, bobs_photo) == {"public", "public by tag", "public by score", "public by rank"}


@pytest.mark.parametrize("pair", [("Straße", "STRASSE"), ("ﬁre", "FIRE"), ("café", "CAFE\u0301"), ("①", "1")])
def test_tags_that_differ_only_in_case_or_form_are_equal(backend: Backend, pair: tuple[str, str]) -> None:
    photo = backend.ready(tags=(pair[0],))
    for tag in pair:
        assert ids(backend.store.list_by_tag(Listing(scope="public", tag=tag), 9, newest_first=True)) == [
            photo.photo_id
        ]


def test_tag_does_not_match_longer_tags_that_contain_it(backend: Backend) -> None:
    backend.ready(tags=("seaside", "sea#x", "tag#sea"))
    assert backend.store.list_by_tag(Listing(scope="public", tag="sea"), 9, newest_first=True) == []


def test_by_time_refuses_a_listing_with_a_tag(backend: Backend) -> None:
    with pytest.raises(ValueError, match="list_by_tag"):
        backend.store.list_by_time(Listing(scope="public", tag="sea"), 9, newest_first=True)


# --- Order of time

MINUTES_AND_ENTROPY = [(0, 0), (0, 1), (0, 0xF), (0, 0x10), (1, 0), (1, (1 << 128) - 1), (2, 7)]


@pytest.fixture
def seven_photos(backend: Backend) -> tuple[Backend, list[PhotoId]]:
    """Seven photos with neighbouring ids. Some ids have the same millisecond."""
    photos = [backend.ready(minute=minute, entropy=entropy, tags=("sea",)) for minute, entropy in MINUTES_AND_ENTROPY]
    return backend, ids(photos)


BOUND = st.none() | st.integers(0, 6)
BOUNDS = st.fixed_dictionaries({"after": BOUND, "since": BOUND, "until": BOUND})


@FEW
@given(st.sampled_from(sorted({*TIMED} - {"ann's trash"})), st.booleans(), BOUNDS, st.integers(0, 8))
def test_by_time_respects_after_since_and_until(
    seven_photos: tuple[Backend, list[PhotoId]],
    name: str,
    newest_first: bool,
    bounds: dict[str, int | None],
    limit: int,
) -> None:
    backend, photo_ids = seven_photos
    after, since, until = bounds["after"], bounds["since"], bounds["until"]
    bound_ids = {bound: None if index is None else photo_ids[index] for bound, index in bounds.items()}
    photos = list_photos(backend, TIMED[name], limit, newest_first=newest_first, **bound_ids)
    expected = [
        photo_id
        for index, photo_id in enumerate(photo_ids)
        if (since is None or index >= since) and (until is None or index < until)
        if after is None or (index < after if newest_first else index > after)
    ]
    assert ids(photos) == (expected[::-1] if newest_first else expected)[:limit]


def test_after_can_be_a_photo_that_does_not_exist(seven_photos: tuple[Backend, list[PhotoId]]) -> None:
    backend, photo_ids = seven_photos
    between = PhotoId(f"{photo_ids[1][:-1]}5")
    assert ids(backend.store.list_by_time(PUBLIC, 9, newest_first=False, after=between)) == photo_ids[2:]
    assert ids(backend.store.list_by_time(PUBLIC, 9, newest_first=True, after=between)) == photo_ids[1::-1]


# --- Order of scores


def test_by_score_sorts_the_best_first_and_ties_newest_first(backend: Backend) -> None:
    five = backend.ready(minute=0, rating_sum=5, rating_count=1)
    many_fours = backend.ready(minute=1, rating_sum=400, rating_count=100)
    one = backend.ready(minute=2, rating_sum=1, rating_count=1)
    unrated = [backend.ready(minute=minute) for minute in (3, 4, 5)]
    expected = [many_fours, five, *reversed(unrated), one]
    for listing in (PUBLIC, MINE):
        assert ids(backend.store.list_by_score(listing, 9)) == ids(expected)
        for index, photo in enumerate(expected):
            next_photos = backend.store.list_by_score(listing, 2, after=(photo.score, photo.photo_id))
            assert ids(next_photos) == ids(expected[index + 1 : index + 3])


def test_rating_moves_a_photo_in_the_order_of_scores(backend: Backend) -> None:
    first, second = backend.ready(minute=0), backend.ready(minute=1)
    backend.put(first, rating_sum=5, rating_count=1)
    assert ids(backend.store.list_by_score(PUBLIC, 9)) == ids([first, second])


# --- Order of ranks


def test_spans_of_any_width_return_every_photo_once_sorted_by_rank(backend: Backend) -> None:
    photos = [backend.ready(minute=minute) for minute in range(12)]
    ranked = sorted(ids(photos), key=compute_rank)
    for listing, bits in ((PUBLIC, 0), (PUBLIC, 3), (PUBLIC, 7), (MINE, 0), (MINE, 6)):
        assert ids(list_by_rank(backend, listing, bits)) == ranked


def test_span_includes_both_ends_and_respects_a_limit(backend: Backend) -> None:
    low, middle, high = sorted((backend.ready() for _ in range(3)), key=lambda photo: compute_rank(photo.photo_id))
    outer = Span(compute_rank(low.photo_id), compute_rank(high.photo_id))
    inner = Span(outer.low + 1, outer.high - 1)
    for listing in (MINE, PUBLIC):
        photos_by_span = backend.store.list_by_rank(listing, [outer, inner])
        assert list(map(ids, photos_by_span)) == [ids([low, middle, high]), ids([middle])]
        assert list(map(ids, backend.store.list_by_rank(listing, [outer], 2))) == [ids([low, middle])]
        assert backend.store.list_by_rank(listing, []) == []


def test_spans_are_returned_in_the_requested_order(backend: Backend) -> None:
    photos = [backend.ready() for _ in range(20)]
    secrets.SystemRandom().shuffle(photos)
    spans = [Span(compute_rank(photo.photo_id), compute_rank(photo.photo_id)) for photo in photos]
    assert list(map(ids, backend.store.list_by_rank(PUBLIC, spans))) == [[photo.photo_id] for photo in photos]


# --- Due photos


def test_due_returns_exactly_the_photos_that_are_due(backend: Backend) -> None:
    earlier, now, later = (format_timestamp(START + timedelta(milliseconds=step)) for step in (-1, 0, 1))
    due = [backend.granted(due_at=moment) for moment in (earlier, now)]
    due.append(backend.put(backend.ready(), trashed_at=earlier, due_at=earlier))
    due.append(backend.put(backend.erase(backend.ready()), due_at=now))
    backend.granted(due_at=later)
    backend.ready()
    assert sorted(backend.store.list_due(now, 100)) == sorted(ids(due))
    backend.put(due[0], due_at=None)
    assert sorted(backend.store.list_due(now, 100)) == sorted(ids(due[1:]))


def test_due_respects_its_limit_across_all_shards(backend: Backend) -> None:
    all_ids = ids([backend.granted(entropy=last_digit, due_at=format_timestamp(START)) for last_digit in range(16)])
    for limit in (0, 1, 7, 16, 17):
        due_ids = backend.store.list_due(format_timestamp(START), limit)
        assert len(due_ids) == len(set(due_ids)) == min(limit, 16)
        assert set(due_ids) <= set(all_ids)


def test_postponed_photo_is_due_when_its_own_time_changes_but_not_after_another_change(backend: Backend) -> None:
    earlier, now, later = (format_timestamp(START + timedelta(minutes=minute)) for minute in (-1, 0, 1))
    photo, other = backend.granted(due_at=now), backend.granted(due_at=now)
    backend.store.postpone([photo.photo_id], later)
    assert backend.store.list_due(now, 9) == [other.photo_id]
    photo = backend.put(photo, title="Quay")
    assert backend.store.list_due(now, 9) == [other.photo_id]
    assert sorted(backend.store.list_due(later, 9)) == sorted(ids([photo, other]))
    backend.store.postpone([photo.photo_id], earlier)
    assert backend.store.list_due(now, 9) == [other.photo_id], "a photo cannot be postponed to an earlier time"
    backend.put(photo, due_at=earlier)
    assert sorted(backend.store.list_due(now, 9)) == sorted(ids([photo, other]))
