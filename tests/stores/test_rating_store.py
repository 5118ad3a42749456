"""`RatingStore`: the sums of ratings are exact under concurrent ratings, changes and erasures."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.photos.ratings import Ratings
from tests.support.rows import START, Backend, ids

BOB = UserId("bob")

PUBLIC = Listing(scope="public")

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_sums(backend: Backend, photo: Photo) -> tuple[int, int]:
    """Return the sum and the number of ratings in the row of a photo."""
    stored = backend.now(photo)
    return stored.rating_sum, stored.rating_count


def test_missing_rating_is_none(backend: Backend) -> None:
    assert backend.ratings.get_rating(backend.ready().photo_id, BOB) is None


@FEW
@given(st.lists(st.tuples(st.sampled_from(["bob", "cid", "dee"]), st.none() | st.integers(1, 5)), max_size=8))
def test_sums_include_only_the_last_rating_of_each_user(backend: Backend, steps: list[tuple[str, int | None]]) -> None:
    photo, last = backend.ready(), dict[str, int]()
    for name, rating in steps:
        before = backend.ratings.get_rating(photo.photo_id, UserId(name))
        assert before == last.pop(name, None)
        assert backend.ratings.rate(backend.now(photo), UserId(name), before, rating)
        last |= {name: rating} if rating else {}
    assert read_sums(backend, photo) == (sum(last.values()), len(last))
    expected = photo.with_(rating_sum=sum(last.values()), rating_count=len(last))
    assert backend.now(photo) == expected
    assert expected in backend.store.list_by_score(PUBLIC, 1000)


def test_ratings_move_a_photo_in_the_top_order(backend: Backend) -> None:
    first, second, third = (backend.ready(minute=minute) for minute in range(3))
    assert backend.ratings.rate(first, BOB, None, 5)
    assert backend.ratings.rate(third, BOB, None, 1)
    assert ids(backend.store.list_by_score(PUBLIC, 9)) == ids([first, second, third])
    assert backend.ratings.rate(backend.now(first), BOB, 5, None)
    assert ids(backend.store.list_by_score(PUBLIC, 9)) == ids([second, first, third])


CONCURRENT_CHANGES: dict[str, Callable[[Backend, Photo], object]] = {
    "rated by another user": lambda backend, photo: backend.ratings.rate(photo, UserId("cid"), None, 4),
    "rated by the same user": lambda backend, photo: backend.ratings.rate(photo, BOB, None, 4),
    "hidden": lambda backend, photo: backend.put(photo, visibility="private"),
    "trashed": lambda backend, photo: backend.put(photo, trashed_at=format_timestamp(START)),
    "erased": lambda backend, photo: backend.erase(photo),
}


@pytest.mark.parametrize("event", [*CONCURRENT_CHANGES])
def test_rating_of_a_stale_photo_changes_nothing(backend: Backend, event: str) -> None:
    photo = backend.ready()
    CONCURRENT_CHANGES[event](backend, photo)
    before = backend.now(photo), backend.ratings.get_rating(photo.photo_id, BOB)
    assert not backend.ratings.rate(photo, BOB, None, 2)
    assert (backend.now(photo), backend.ratings.get_rating(photo.photo_id, BOB)) == before


def test_stale_rating_is_refused_even_if_the_sums_are_equal_again(backend: Backend) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 3)
    assert backend.ratings.rate(backend.now(photo), UserId("cid"), None, 3)
    stale = backend.now(photo)
    assert backend.ratings.rate(stale, BOB, 3, None)
    assert backend.ratings.rate(backend.now(photo), UserId("dee"), None, 3)
    assert not backend.ratings.rate(stale, BOB, 3, 5)
    assert read_sums(backend, photo) == (6, 2)


RATINGS = st.lists(st.tuples(st.sampled_from(["bob", "cid", "dee"]), st.none() | st.integers(1, 5)), max_size=5)


@FEW
@given(before=RATINGS, after=RATINGS)
def test_sums_follow_the_ratings_after_a_lost_photo_was_rebuilt(
    backend: Backend, before: list[tuple[str, int | None]], after: list[tuple[str, int | None]]
) -> None:
    photo, last = backend.ready(), dict[str, int | None]()
    for number, (name, rating) in enumerate([*before, *after]):
        if number == len(before):
            backend.lose(photo)
        earlier = backend.ratings.get_rating(photo.photo_id, UserId(name))
        assert backend.ratings.rate(backend.now(photo), UserId(name), earlier, rating)
        last[name] = rating
    given_ratings = [rating for rating in last.values() if rating]
    assert read_sums(backend, photo) == (sum(given_ratings), len(given_ratings))


@pytest.mark.parametrize("rating", [None, 2])
def test_sums_of_a_photo_that_an_earlier_release_rebuilt_are_never_impossible(
    backend: Backend, rating: int | None
) -> None:
    photo = backend.ready()
    for name in ("bob", "cid"):
        assert backend.ratings.rate(backend.now(photo), UserId(name), None, 5)
    backend.put(backend.now(photo), rating_sum=0, rating_count=0)
    for name, value in (("dee", 1), ("bob", rating), ("cid", rating), ("dee", None)):
        earlier = backend.ratings.get_rating(photo.photo_id, UserId(name))
        assert backend.ratings.rate(backend.now(photo), UserId(name), earlier, value)
        total, count = read_sums(backend, photo)
        assert 0 <= count <= total <= 5 * count


def test_photo_rated_and_changed_in_the_trash_is_not_restored_with_the_old_score(backend: Backend) -> None:
    photo = backend.put(backend.ready("bob"), trashed_at=format_timestamp(START))
    assert backend.ratings.rate(photo, UserId("ann"), None, 5)
    backend.put(backend.now(photo), title="Quay")
    assert not backend.store.replace(photo, photo.with_(trashed_at=None))


def test_rating_during_a_change_of_the_photo_is_kept(backend: Backend) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 5)
    trashed = backend.put(photo, trashed_at=format_timestamp(START))
    assert (trashed.rating_sum, trashed.rating_count) == (5, 1)
    backend.put(trashed, trashed_at=None)
    assert [listed.rating_sum for listed in backend.store.list_by_score(PUBLIC, 9)] == [5]


def test_rating_during_an_erase_leaves_nothing(backend: Backend) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 5)
    erased = backend.erase(photo)
    assert (erased.rating_sum, erased.rating_count) == (0, 0)
    assert backend.store.delete_ratings(photo.photo_id) == 1
    assert backend.store.delete_ratings(photo.photo_id) == 0
    assert backend.ratings.get_rating(photo.photo_id, BOB) is None


def test_ratings_of_one_photo_are_deleted_in_batches_of_a_hundred(backend: Backend) -> None:
    photo, other = backend.ready(), backend.ready()
    assert backend.ratings.rate(other, BOB, None, 5)
    for number in range(101):
        assert backend.ratings.rate(backend.now(photo), UserId(f"fan-{number}"), None, 4)
    assert [backend.store.delete_ratings(photo.photo_id) for _ in range(3)] == [100, 1, 0]
    assert backend.ratings.get_rating(other.photo_id, BOB) == 5


def test_sixteen_concurrent_ratings_are_all_counted(backend: Backend) -> None:
    photo = backend.ready()

    def rate(number: int) -> Any:
        caller = Caller(UserId(f"fan-{number}"))
        return [Ratings(backend.store, backend.ratings).rate(photo.photo_id, value, by=caller) for value in (2, 4)]

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(rate, range(16)))
    assert read_sums(backend, photo) == (64, 16)


def test_user_who_rates_on_sixteen_devices_at_once_is_counted_once(backend: Backend) -> None:
    photo = backend.ready()

    def rate(number: int) -> Any:
        return Ratings(backend.store, backend.ratings).rate(photo.photo_id, 1 + number % 5, by=Caller(BOB))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(rate, range(16)))
    assert read_sums(backend, photo) == (backend.ratings.get_rating(photo.photo_id, BOB), 1)


@pytest.mark.parametrize("round_", range(8))
def test_concurrent_erase_and_ratings_leave_no_sums_and_no_ratings(backend: Backend, round_: int) -> None:
    photo = backend.ready(minute=round_)

    def rate(number: int) -> None:
        with suppress(errors.NotFound):
            Ratings(backend.store, backend.ratings).rate(photo.photo_id, 5, by=Caller(UserId(f"fan-{number}")))

    def erase(_: int) -> None:
        while not backend.store.replace(now := backend.now(photo), now.to_tombstone(format_timestamp(START))):
            pass
        backend.store.delete_ratings(photo.photo_id)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: (erase if number == round_ else rate)(number), range(16)))
    assert read_sums(backend, photo) == (0, 0)
    assert backend.store.delete_ratings(photo.photo_id) == 0


def test_rating_is_withdrawn_only_while_it_is_the_one_that_was_read(backend: Backend) -> None:
    photo = backend.ready("bob")
    ann = UserId("ann")
    assert backend.ratings.rate(photo, ann, None, 5)
    assert not backend.ratings.rate(backend.now(photo), ann, 2, None)
    assert backend.ratings.get_rating(photo.photo_id, ann) == 5


def test_rating_is_refused_if_the_photo_was_read_before_another_rating(backend: Backend) -> None:
    unrated = backend.ready()
    assert backend.ratings.rate(unrated, BOB, None, 1)
    stale = backend.now(unrated)
    # Neither of the two changes would change the sums that were read.
    assert not backend.ratings.rate(unrated, BOB, 1, None)
    assert backend.ratings.rate(stale, BOB, 1, 5)
    assert not backend.ratings.rate(stale, BOB, 5, 2)
    assert backend.ratings.get_rating(unrated.photo_id, BOB) == 5
    assert read_sums(backend, unrated) == (5, 1)


def test_rating_is_written_only_if_the_earlier_one_was_read(backend: Backend) -> None:
    photo, ann = backend.ready("bob"), UserId("ann")
    assert backend.ratings.rate(photo, ann, None, 2)
    for before, after in ((None, 3), (5, None), (5, 3)):
        assert not backend.ratings.rate(backend.now(photo), ann, before, after)
    assert backend.ratings.get_rating(photo.photo_id, ann) == 2


@pytest.mark.parametrize(("before", "after"), [((5,), (3,)), ((3,), (5,)), ((4,), (2, 2)), ((2, 2), (4,))])
def test_rating_fails_if_only_the_sum_or_only_the_count_has_changed(
    backend: Backend, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    photo = backend.ready("bob")

    def set_ratings(ratings: tuple[int, ...]) -> None:
        for name, rating in zip(("ann", "cid"), (*ratings, None), strict=False):
            earlier = backend.ratings.get_rating(photo.photo_id, UserId(name))
            if earlier != rating:
                assert backend.ratings.rate(backend.now(photo), UserId(name), earlier, rating)

    set_ratings(before)
    stale = backend.now(photo)
    set_ratings(after)
    assert not backend.ratings.rate(stale, UserId("dee"), None, 1)
    assert read_sums(backend, photo) == (sum(after), len(after))
