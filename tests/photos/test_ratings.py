"""Ratings: the contract of their store, who may give them, and that sums are exact whoever meets whom."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain import errors
from chalicelib.domain.ids import PhotoId, UserId, timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.photos import ratings
from tests.support.cloud import Client, Cloud
from tests.support.fault_runs import (
    ANSWER_LOST,
    KILLED,
    REFUSED,
    aws_clients,
    ended_by_fault,
    run_with_fault_at_every_call,
)
from tests.support.faults import hooked, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over
from tests.support.invariants import ratings as all_ratings
from tests.support.lists import add_photos
from tests.support.rows import START, Backend, empty, ids
from tests.support.sweeps import UNUSED_GRANT_DUE, settle_due_photos

ANN, BOB = UserId("ann"), UserId("bob")
PUBLIC = Listing(scope="public")
JPEG = make_photo(64, 48)
FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sums(backend: Backend, photo: Photo) -> tuple[int, int]:
    """Of the photo's row."""
    now = backend.now(photo)
    return now.rating_sum, now.rating_count


# --- The store


def test_rating_that_was_never_given_is_none(backend: Backend) -> None:
    assert backend.ratings.rating(backend.ready().photo_id, BOB) is None


@FEW
@given(st.lists(st.tuples(st.sampled_from(["bob", "cid", "dee"]), st.none() | st.integers(1, 5)), max_size=8))
def test_sums_are_those_of_the_last_rating_of_each_person(
    backend: Backend, steps: list[tuple[str, int | None]]
) -> None:
    photo, last = backend.ready(), dict[str, int]()
    for name, rating in steps:
        before = backend.ratings.rating(photo.photo_id, UserId(name))
        assert before == last.pop(name, None)
        assert backend.ratings.rate(backend.now(photo), UserId(name), before, rating)
        last |= {name: rating} if rating else {}
    assert sums(backend, photo) == (sum(last.values()), len(last))
    expected = photo.with_(rating_sum=sum(last.values()), rating_count=len(last))
    assert backend.now(photo) == expected
    assert expected in backend.store.by_score(PUBLIC, 1000)


def test_ratings_move_a_photo_in_the_order_of_top(backend: Backend) -> None:
    first, second, third = (backend.ready(minute=minute) for minute in range(3))
    assert backend.ratings.rate(first, BOB, None, 5)
    assert backend.ratings.rate(third, BOB, None, 1)
    assert ids(backend.store.by_score(PUBLIC, 9)) == ids([first, second, third])
    assert backend.ratings.rate(backend.now(first), BOB, 5, None)
    assert ids(backend.store.by_score(PUBLIC, 9)) == ids([second, first, third])


MEANWHILE: dict[str, Callable[[Backend, Photo], object]] = {
    "rated by somebody else": lambda backend, photo: backend.ratings.rate(photo, UserId("cid"), None, 4),
    "rated by the same person": lambda backend, photo: backend.ratings.rate(photo, BOB, None, 4),
    "hidden": lambda backend, photo: backend.put(photo, visibility="private"),
    "trashed": lambda backend, photo: backend.put(photo, trashed_at=timestamp(START)),
    "erased": lambda backend, photo: backend.erase(photo),
}


@pytest.mark.parametrize("event", [*MEANWHILE])
def test_rating_of_a_photo_that_has_changed_meanwhile_changes_nothing(backend: Backend, event: str) -> None:
    photo = backend.ready()
    MEANWHILE[event](backend, photo)
    before = backend.now(photo), backend.ratings.rating(photo.photo_id, BOB)
    assert not backend.ratings.rate(photo, BOB, None, 2)
    assert (backend.now(photo), backend.ratings.rating(photo.photo_id, BOB)) == before


def test_sums_that_came_back_to_what_they_were_hide_no_rating(backend: Backend) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 3)
    assert backend.ratings.rate(backend.now(photo), UserId("cid"), None, 3)
    seen = backend.now(photo)
    assert backend.ratings.rate(seen, BOB, 3, None)
    assert backend.ratings.rate(backend.now(photo), UserId("dee"), None, 3)
    assert not backend.ratings.rate(seen, BOB, 3, 5)
    assert sums(backend, photo) == (6, 2)


@pytest.mark.parametrize(("rating", "expected"), [(None, (0, 0)), (2, (2, 1))])
def test_rating_whose_sums_were_lost_with_the_row_is_taken_back_and_given_anew(
    backend: Backend, rating: int | None, expected: tuple[int, int]
) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 5)
    backend.lose(photo)
    assert backend.ratings.rate(backend.now(photo), BOB, 5, rating)
    assert sums(backend, photo) == expected
    assert backend.ratings.rating(photo.photo_id, BOB) == rating


def test_ratings_that_arrive_during_a_change_of_the_photo_are_kept(backend: Backend) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 5)
    trashed = backend.put(photo, trashed_at=timestamp(START))
    assert (trashed.rating_sum, trashed.rating_count) == (5, 1)
    backend.put(trashed, trashed_at=None)
    assert [each.rating_sum for each in backend.store.by_score(PUBLIC, 9)] == [5]


def test_rating_that_arrives_during_an_erase_leaves_nothing(backend: Backend) -> None:
    photo = backend.ready()
    assert backend.ratings.rate(photo, BOB, None, 5)
    erased = backend.erase(photo)
    assert (erased.rating_sum, erased.rating_count) == (0, 0)
    assert backend.store.forget_ratings(photo.photo_id) == 1
    assert backend.store.forget_ratings(photo.photo_id) == 0
    assert backend.ratings.rating(photo.photo_id, BOB) is None


def test_ratings_are_forgotten_a_hundred_at_a_time_and_those_of_others_stay(backend: Backend) -> None:
    photo, other = backend.ready(), backend.ready()
    assert backend.ratings.rate(other, BOB, None, 5)
    for number in range(101):
        assert backend.ratings.rate(backend.now(photo), UserId(f"fan-{number}"), None, 4)
    assert [backend.store.forget_ratings(photo.photo_id) for _ in range(3)] == [100, 1, 0]
    assert backend.ratings.rating(other.photo_id, BOB) == 5


def test_sixteen_who_rate_at_once_are_all_counted(backend: Backend) -> None:
    photo = backend.ready()

    def rate(number: int) -> Any:
        by = UserId(f"fan-{number}")
        return [ratings.rate(backend.store, backend.ratings, photo.photo_id, by=by, rating=value) for value in (2, 4)]

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(rate, range(16)))
    assert sums(backend, photo) == (64, 16)


def test_one_person_who_rates_on_sixteen_devices_at_once_is_counted_once(backend: Backend) -> None:
    photo = backend.ready()

    def rate(number: int) -> Any:
        return ratings.rate(backend.store, backend.ratings, photo.photo_id, by=BOB, rating=1 + number % 5)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(rate, range(16)))
    assert sums(backend, photo) == (backend.ratings.rating(photo.photo_id, BOB), 1)


@pytest.mark.parametrize("round_", range(8))
def test_erase_and_ratings_at_once_leave_no_sum_and_no_new_rating(backend: Backend, round_: int) -> None:
    photo = backend.ready(minute=round_)

    def rate(number: int) -> None:
        with suppress(errors.NotFound):
            ratings.rate(backend.store, backend.ratings, photo.photo_id, by=UserId(f"fan-{number}"), rating=5)

    def erase(_: int) -> None:
        while not backend.store.replace(now := backend.now(photo), now.tombstone(timestamp(START))):
            pass
        backend.store.forget_ratings(photo.photo_id)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: (erase if number == round_ else rate)(number), range(16)))
    assert sums(backend, photo) == (0, 0)
    assert backend.store.forget_ratings(photo.photo_id) == 0


# --- Over HTTP


@pytest.fixture
def bob(shared_cloud: Cloud) -> Client:
    """Somebody else."""
    return shared_cloud.person(f"bob-{uuid4()}")


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo of Ann's."""
    return shared_cloud.upload(ann, JPEG)


def rating_of(photo: Photo | PhotoId) -> str:
    return f"/photos/{photo if isinstance(photo, str) else photo.photo_id}/rating"


def test_a_rating_is_given_replaced_and_taken_back(shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo) -> None:
    path = rating_of(photo)
    unrated = {"average": None, "count": 0, "mine": None}
    assert bob.get(path).json == bob.delete(path).json == unrated
    assert bob.call("PUT", path, {"rating": 5}).json == {"average": 5.0, "count": 1, "mine": 5}
    assert ann.get(path).json == {"average": 5.0, "count": 1, "mine": None}
    for _ in range(2):
        assert bob.call("PUT", path, {"rating": 2}).json == {"average": 2.0, "count": 1, "mine": 2}
    assert ann.call("PUT", path, {"rating": 5}).json == {"average": 3.5, "count": 2, "mine": 5}
    shown = shared_cloud.visitor.get(f"/photos/{photo.photo_id}").json["rating"]
    assert shown == {"average": 3.5, "count": 2}
    assert broken(shared_cloud, ann.user_id) == []
    for _ in range(2):
        assert bob.delete(path).json == {"average": 5.0, "count": 1, "mine": None}
    assert ann.delete(path).json == unrated
    assert shared_cloud.photo(photo.photo_id) == photo
    assert broken(shared_cloud, ann.user_id) == []


NO_RATINGS: list[Any] = [0, 6, -1, 1.5, True, "5", None, [], 10**30]


@pytest.mark.parametrize(
    "body",
    [
        *({"rating": rating} for rating in NO_RATINGS),
        {},
        {"rating": 3, "count": 9},
        {"rating": 3, "userId": "ann"},
        [3],
        b'{"rating": NaN}',
        b'{"rating": 3, "rating": 4}',
        b"5",
        b"",
    ],
)
def test_what_is_no_rating_is_refused_and_changes_nothing(
    shared_cloud: Cloud, bob: Client, photo: Photo, body: Any
) -> None:
    assert bob.call("PUT", rating_of(photo), body).status == 400
    assert shared_cloud.photo(photo.photo_id) == photo
    assert bob.get(rating_of(photo)).json["mine"] is None


def test_top_follows_the_ratings(shared_cloud: Cloud, bob: Client) -> None:
    owner = f"dee-{uuid4()}"
    one, two, three = add_photos(shared_cloud, 3, owner)
    bob.call("PUT", rating_of(one), {"rating": 5})
    bob.call("PUT", rating_of(three), {"rating": 1})
    listed = shared_cloud.person(owner).get("/photos", order="top", scope="mine").json["items"]
    assert [each["photoId"] for each in listed] == [one, two, three]


def test_erasing_a_photo_erases_its_ratings(shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo) -> None:
    bob.call("PUT", rating_of(photo), {"rating": 5})
    assert ann.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    assert not any(photo_id == photo.photo_id for photo_id, _ in all_ratings(shared_cloud))
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []
    assert bob.get(rating_of(photo)).status == bob.call("PUT", rating_of(photo), {"rating": 5}).status == 404


def test_a_rating_is_one_transaction(shared_cloud: Cloud, bob: Client, photo: Photo) -> None:
    for method, body in (("PUT", {"rating": 4}), ("PUT", {"rating": 5}), ("DELETE", None)):
        shared_cloud.calls.clear()
        assert bob.call(method, rating_of(photo), body).status == 200
        assert shared_cloud.calls == ["GetItem", "GetItem", "GetItem", "TransactWriteItems"]
    shared_cloud.calls.clear()
    bob.get(rating_of(photo))
    assert shared_cloud.calls == ["GetItem"] * 3


def test_too_many_at_once_is_busy_and_changes_nothing(
    shared_cloud: Cloud, bob: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def before(params: Any, **_: Any) -> None:
        if bob.user_id.encode() in params["body"]:
            now = shared_cloud.photo(photo.photo_id)
            assert wiring.rating_store().rate(now, UserId(uuid4().hex), None, 3)

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: before, shared_cloud.dynamodb):
        answer = bob.call("PUT", rating_of(photo), {"rating": 5})
    assert (answer.status, answer.json["error"]) == (503, "Busy")
    assert 5 < len(pauses) < 20
    assert max(pauses) <= 0.5
    assert bob.get(rating_of(photo)).json["mine"] is None


# --- Faults


def put(fan: Client, photo_id: PhotoId, body: Any, count: int) -> None:
    """Rate, or take a rating back; `count` is then that of the photo."""
    answer = fan.call("PUT" if body else "DELETE", rating_of(photo_id), body)
    if answer.status == 503:
        raise errors.Busy
    assert answer.json["count"] == count


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST, KILLED])
def test_whoever_is_struck_rates_again_and_counts_once(shared_cloud: Cloud, modes: Any) -> None:
    def run(fault: Any) -> None:
        empty(shared_cloud.settings, shared_cloud.dynamodb)
        owner, fan = f"dee-{uuid4()}", shared_cloud.person(f"fan-{uuid4()}")
        (photo_id,) = add_photos(shared_cloud, 1, owner)
        steps = [({"rating": 5}, 1), ({"rating": 2}, 1), (None, 0)]
        with striking(fault, *aws_clients(shared_cloud)):
            for body, count in steps:
                if ended_by_fault(partial(put, fan, photo_id, body, count)):
                    assert sound(shared_cloud, owner)
                    put(fan, photo_id, body, count)
        assert sound(shared_cloud, owner)

    assert run_with_fault_at_every_call(modes, run).count("TransactWriteItems") == 3


def test_erase_that_is_struck_leaves_no_rating_after_the_sweep(shared_cloud: Cloud) -> None:
    def run(fault: Any) -> None:
        empty(shared_cloud.settings, shared_cloud.dynamodb)
        ann, fan = shared_cloud.person(f"ann-{uuid4()}"), shared_cloud.person("fan")
        photo_id = shared_cloud.upload(ann, JPEG).photo_id
        fan.call("PUT", rating_of(photo_id), {"rating": 5})
        with striking(fault, *aws_clients(shared_cloud)):
            ended_by_fault(lambda: ann.delete(f"/photos/{photo_id}", permanent="true"))
        assert broken(shared_cloud, ann.user_id) == []
        if shared_cloud.photo(photo_id).status == "erased":
            settle_due_photos(shared_cloud, UNUSED_GRANT_DUE)
            assert left_over(shared_cloud, ann.user_id) == []

    run_with_fault_at_every_call(ANSWER_LOST + KILLED, run)


def sound(cloud: Cloud, owner: str) -> bool:
    """Whether sums are those of the rows; `fill` makes no objects."""
    return not [each for each in broken(cloud, owner) if "rating" in each or "score" in each]
