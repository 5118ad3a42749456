"""Sixteen at once over HTTP: whatever comes first, every counter is the fold of its rows and nothing is left over."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from uuid import uuid4

import pytest

from chalicelib.domain.photos import Photo
from tests.support.cloud import Answer, Client, Cloud, created
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, ratings, rows, untidy
from tests.support.races import run_concurrently_on
from tests.support.services import rebuild_services
from tests.support.sweeps import drain_queue, run_job

JPEG = make_photo(64, 48)
DIGEST = sha256(JPEG).hexdigest()
TWICE = pytest.mark.parametrize("round_", range(2))
Turn = Callable[[], Answer]


@pytest.fixture
def fans(shared_cloud: Cloud) -> list[Client]:
    """Sixteen others."""
    return [shared_cloud.person(f"fan-{uuid4()}") for _ in range(16)]


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A photo of hers."""
    return shared_cloud.upload(ann, JPEG)


def in_turn(*turns: Turn) -> set[int]:
    """The statuses of calls one after the other; what is busy is asked again, as its answer says."""

    def status(turn: Turn) -> int:
        found = (turn().status for _ in range(50))
        return next(each for each in found if each != 503)

    return {status(turn) for turn in turns}


def race(cloud: Cloud, people: list[list[Turn]]) -> set[int]:
    """The statuses of what several people do at once, each one thing after the other."""
    return set().union(*run_concurrently_on(cloud, [partial(in_turn, *turns) for turns in people]))


def settle(cloud: Cloud) -> None:
    """The schedule runs after a day, and all that it hands on is done."""
    later = datetime.now(UTC) + timedelta(days=1)
    cloud.sweep(later)
    while bodies := drain_queue(cloud):
        for body in bodies:
            run_job(body, later)


def calls(client: Client, *made: tuple[str, str, object]) -> list[Turn]:
    return [partial(client.call, method, path, body) for method, path, body in made]


def test_everybody_who_rates_a_photo_counts_once(
    shared_cloud: Cloud, ann: Client, fans: list[Client], photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}/rating"
    for number, fan in enumerate(fans):
        fan.token = fans[number % 12].token  # Four of them on two devices.
    people = [
        calls(fan, ("PUT", path, {"rating": 1}), ("DELETE", path, None), ("PUT", path, {"rating": 1 + number % 5}))
        for number, fan in enumerate(fans)
    ]
    assert race(shared_cloud, people) == {200}
    given = [rating for (photo_id, _), rating in ratings(shared_cloud).items() if photo_id == photo.photo_id]
    assert 8 <= len(given) <= 12
    shown = ann.get(path).json
    assert (shown["count"], shown["average"]) == (len(given), pytest.approx(sum(given) / len(given), abs=0.01))
    assert broken(shared_cloud, ann.user_id) == []


@TWICE
def test_album_counts_what_is_in_it(shared_cloud: Cloud, ann: Client, round_: int) -> None:
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    photos = [shared_cloud.upload(ann, JPEG, albumId=album_id).photo_id for _ in range(3)]
    rng = random.Random(round_)

    def steps() -> list[Turn]:
        photo, entry = (f"/photos/{rng.choice(photos)}" for _ in range(2))
        entry = f"/albums/{album_id}{entry}"
        each = [
            ("PUT", entry, None),
            ("DELETE", entry, None),
            ("DELETE", photo, None),
            ("POST", f"{photo}/restore", None),
            ("PATCH", photo, {"visibility": "private"}),
            ("PATCH", photo, {"visibility": "public"}),
        ]
        return calls(ann, *rng.sample(each, 4))

    statuses = race(shared_cloud, [steps() for _ in range(16)])
    assert {200, 204} <= statuses <= {200, 204, 404, 409}
    for viewer in (ann, shared_cloud.visitor):
        shown = viewer.get(f"/albums/{album_id}/photos").json["items"]
        assert viewer.get(f"/albums/{album_id}").json["photoCount"] == len(shown)
    assert broken(shared_cloud, ann.user_id) == untidy(shared_cloud, ann.user_id) == []


def test_room_that_is_freed_is_given_once(shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(6)]
    monkeypatch.setenv("MAX_PHOTOS", "6")
    rebuild_services()
    wanted = {"filename": "x.jpg", "contentType": "image/jpeg"}
    people = [calls(ann, ("DELETE", f"/photos/{photo_id}?permanent=true", None)) for photo_id in photos[:4]]
    # Each is erased by two at once: its room is freed once.
    people = people * 2 + [calls(ann, *[("POST", "/upload", wanted)] * 2) for _ in range(8)]
    assert {204} <= race(shared_cloud, people) <= {201, 204, 404, 409, 429}
    assert 429 in {ann.post("/upload", wanted).status for _ in range(7)}
    assert sum(photo.status != "erased" for photo in rows(shared_cloud, ann.user_id)) == 6
    monkeypatch.undo()
    rebuild_services()
    assert broken(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("key", [None, "k"])
def test_same_bytes_sixteen_times(shared_cloud: Cloud, ann: Client, key: str | None) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    wanted = {"filename": "x.jpg", "contentType": "image/jpeg", "sha256": DIGEST}

    def upload() -> tuple[int, str]:
        asked = ann.post("/upload", wanted, **headers)
        if asked.status == 201:
            version_id = shared_cloud.put(asked.json, JPEG)
            shared_cloud.deliver(created(asked.json["s3Key"], version_id))
            path = f"/photos/{asked.json['photoId']}/complete"
            assert in_turn(partial(ann.post, path), partial(ann.post, path)) == {200}
        return asked.status, asked.json["photoId"]

    answers = run_concurrently_on(shared_cloud, [upload] * 16)
    ready = {photo.photo_id for photo in rows(shared_cloud, ann.user_id)}
    assert ready == {photo_id for _, photo_id in answers}
    assert {status for status, _ in answers} <= {200, 201}
    assert len(ready) == 1 or key is None
    assert ann.post("/upload", wanted).json == {"photoId": min(ready), "duplicate": True}
    settle(shared_cloud)
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []


@TWICE
@pytest.mark.parametrize("permanent", ["true", "false"])
def test_deleting_against_rating(
    shared_cloud: Cloud, ann: Client, fans: list[Client], photo: Photo, permanent: str, round_: int
) -> None:
    path = f"/photos/{photo.photo_id}"
    people = [calls(fan, *[("PUT", f"{path}/rating", {"rating": stars}) for stars in (5, 3)]) for fan in fans[:15]]
    people.insert(round_ * 8, calls(ann, ("DELETE", f"{path}?permanent={permanent}", None)))
    assert race(shared_cloud, people) <= {200, 204, 404}
    assert broken(shared_cloud, ann.user_id) == []
    settle(shared_cloud)
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []
    if permanent == "true":
        assert not [rated for rated, _ in ratings(shared_cloud) if rated == photo.photo_id]


@TWICE
@pytest.mark.parametrize("gone", ["photo", "album", "album and photos"])
def test_deleting_against_adding_to_an_album(shared_cloud: Cloud, ann: Client, gone: str, round_: int) -> None:
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    photos = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(3)]
    people = [
        calls(ann, *[("PUT", f"/albums/{album_id}/photos/{photo_id}", {"position": number}) for photo_id in photos])
        for number in range(15)
    ]
    removed = {
        "photo": f"/photos/{photos[0]}?permanent=true",
        "album": f"/albums/{album_id}",
        "album and photos": f"/albums/{album_id}?photos=delete",
    }
    people.insert(round_ * 8, calls(ann, ("DELETE", removed[gone], None)))
    assert race(shared_cloud, people) <= {200, 204, 404, 409}
    assert broken(shared_cloud, ann.user_id) == []
    settle(shared_cloud)
    assert broken(shared_cloud, ann.user_id) == untidy(shared_cloud, ann.user_id) == []
    assert left_over(shared_cloud, ann.user_id) == []
