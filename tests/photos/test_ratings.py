"""Ratings over HTTP: validation, permissions, cost, and faults."""

import time
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.domain import errors
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
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
from tests.support.snapshots import Snapshot
from tests.support.sweeps import UNUSED_GRANT_DUE, clean_up_due_photos

JPEG = make_photo(64, 48)


@pytest.fixture
def bob(shared_cloud: Cloud) -> Client:
    """Another user."""
    return shared_cloud.person(f"bob-{uuid4()}")


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo that Ann owns."""
    return shared_cloud.upload(ann, JPEG)


def rating_path(photo: Photo | PhotoId) -> str:
    return f"/photos/{photo if isinstance(photo, str) else photo.photo_id}/rating"


def test_rating_can_be_set_replaced_and_removed(shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo) -> None:
    path = rating_path(photo)
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


INVALID_RATINGS: list[Any] = [0, 6, -1, 1.5, True, "5", None, [], 10**30]


@pytest.mark.parametrize(
    "body",
    [
        *({"rating": rating} for rating in INVALID_RATINGS),
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
def test_invalid_rating_is_refused_and_changes_nothing(
    shared_cloud: Cloud, bob: Client, photo: Photo, body: Any
) -> None:
    assert bob.call("PUT", rating_path(photo), body).status == 400
    assert shared_cloud.photo(photo.photo_id) == photo
    assert bob.get(rating_path(photo)).json["mine"] is None


def test_top_order_follows_the_ratings(shared_cloud: Cloud, bob: Client) -> None:
    owner = f"dee-{uuid4()}"
    one, two, three = add_photos(shared_cloud, 3, owner)
    bob.call("PUT", rating_path(one), {"rating": 5})
    bob.call("PUT", rating_path(three), {"rating": 1})
    listed = shared_cloud.person(owner).get("/photos", order="top", scope="mine").json["items"]
    assert [photo["photoId"] for photo in listed] == [one, two, three]


def test_erasing_a_photo_erases_its_ratings(shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo) -> None:
    bob.call("PUT", rating_path(photo), {"rating": 5})
    assert ann.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    assert not any(photo_id == photo.photo_id for photo_id, _ in all_ratings(shared_cloud))
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []
    assert bob.get(rating_path(photo)).status == bob.call("PUT", rating_path(photo), {"rating": 5}).status == 404


def test_rating_takes_one_transaction(shared_cloud: Cloud, bob: Client, photo: Photo) -> None:
    for method, body in (("PUT", {"rating": 4}), ("PUT", {"rating": 5}), ("DELETE", None)):
        shared_cloud.calls.clear()
        assert bob.call(method, rating_path(photo), body).status == 200
        assert shared_cloud.calls == ["GetItem", "GetItem", "GetItem", "TransactWriteItems"]
    shared_cloud.calls.clear()
    bob.get(rating_path(photo))
    assert shared_cloud.calls == ["GetItem"] * 3


def test_rating_returns_503_and_changes_nothing_if_other_ratings_always_come_first(
    shared_cloud: Cloud, bob: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def rate_first(params: Any, **_: Any) -> None:
        if bob.user_id.encode() in params["body"]:
            current = shared_cloud.photo(photo.photo_id)
            assert wiring.stores().ratings.rate(current, UserId(uuid4().hex), None, 3)

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: rate_first, shared_cloud.dynamodb):
        answer = bob.call("PUT", rating_path(photo), {"rating": 5})
    assert (answer.status, answer.json["error"]) == (503, "Busy")
    assert 5 < len(pauses) < 20
    assert max(pauses) <= 0.5
    assert bob.get(rating_path(photo)).json["mine"] is None


# --- Faults


def send_rating(fan: Client, photo_id: PhotoId, body: Any, count: int) -> None:
    """Set or remove a rating. Check that the photo then has `count` ratings.

    Raises:
        Busy: the response is a 503.
    """
    answer = fan.call("PUT" if body else "DELETE", rating_path(photo_id), body)
    if answer.status == 503:
        raise errors.Busy
    assert answer.json["count"] == count


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST, KILLED])
def test_rating_counts_once_if_it_is_retried_after_a_fault(shared_cloud: Cloud, modes: Any) -> None:
    owner, fan = f"dee-{uuid4()}", shared_cloud.person(f"fan-{uuid4()}")
    (photo_id,) = add_photos(shared_cloud, 1, owner)
    steps = [({"rating": 5}, 1), ({"rating": 2}, 1), (None, 0)]
    before = Snapshot(shared_cloud)

    def run(fault: Any) -> None:
        before.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            for body, count in steps:
                if ended_by_fault(partial(send_rating, fan, photo_id, body, count)):
                    assert has_correct_sums(shared_cloud, owner)
                    send_rating(fan, photo_id, body, count)
        assert has_correct_sums(shared_cloud, owner)

    assert run_with_fault_at_every_call(modes, run).count("write") == 3


def test_interrupted_erase_leaves_no_rating_after_the_sweep(shared_cloud: Cloud) -> None:
    ann, fan = shared_cloud.person(f"ann-{uuid4()}"), shared_cloud.person("fan")
    photo_id = shared_cloud.upload(ann, JPEG).photo_id
    fan.call("PUT", rating_path(photo_id), {"rating": 5})
    before = Snapshot(shared_cloud)

    def run(fault: Any) -> None:
        before.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            ended_by_fault(lambda: ann.delete(f"/photos/{photo_id}", permanent="true"))
        assert broken(shared_cloud, ann.user_id) == []
        if shared_cloud.photo(photo_id).status == "erased":
            clean_up_due_photos(shared_cloud, UNUSED_GRANT_DUE)
            assert left_over(shared_cloud, ann.user_id) == []

    run_with_fault_at_every_call(ANSWER_LOST + KILLED, run)


def has_correct_sums(cloud: Cloud, owner: str) -> bool:
    """Check the sums and scores against the ratings. The photos have no objects, so other problems are ignored."""
    return not [problem for problem in broken(cloud, owner) if "rating" in problem or "score" in problem]
