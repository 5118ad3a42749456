"""Sixteen concurrent clients. In any order of requests, the counters match their rows and no unused data remains."""

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
Request = Callable[[], Answer]


@pytest.fixture
def fans(shared_cloud: Cloud) -> list[Client]:
    """Sixteen users who do not own the photo."""
    return [shared_cloud.person(f"fan-{uuid4()}") for _ in range(16)]


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A photo that `ann` owns."""
    return shared_cloud.upload(ann, JPEG)


def run_in_turn(*requests: Request) -> set[int]:
    """Send requests one after the other and return their statuses. Retry a request while the service returns 503."""

    def send(request: Request) -> int:
        statuses = (request().status for _ in range(50))
        return next(status for status in statuses if status != 503)

    return {send(request) for request in requests}


def run_race(cloud: Cloud, clients: list[list[Request]]) -> set[int]:
    """Run several clients concurrently and return all statuses. Each client sends its requests in turn."""
    return set().union(*run_concurrently_on(cloud, [partial(run_in_turn, *requests) for requests in clients]))


def sweep_after_a_day(cloud: Cloud) -> None:
    """Run the schedule a day from now, and all jobs that it enqueues."""
    later = datetime.now(UTC) + timedelta(days=1)
    cloud.sweep(later)
    while bodies := drain_queue(cloud):
        for body in bodies:
            run_job(body, later)


def prepare_requests(client: Client, *requests: tuple[str, str, object]) -> list[Request]:
    """Bind requests to a client without sending them."""
    return [partial(client.call, method, path, body) for method, path, body in requests]


def test_each_user_counts_once_when_sixteen_clients_rate_a_photo(
    shared_cloud: Cloud, ann: Client, fans: list[Client], photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}/rating"
    for number, fan in enumerate(fans):
        fan.token = fans[number % 12].token  # Four users have two devices each.
    clients = [
        prepare_requests(
            fan, ("PUT", path, {"rating": 1}), ("DELETE", path, None), ("PUT", path, {"rating": 1 + number % 5})
        )
        for number, fan in enumerate(fans)
    ]
    assert run_race(shared_cloud, clients) == {200}
    stars = [rating for (photo_id, _), rating in ratings(shared_cloud).items() if photo_id == photo.photo_id]
    assert 8 <= len(stars) <= 12
    summary = ann.get(path).json
    assert (summary["count"], summary["average"]) == (len(stars), pytest.approx(sum(stars) / len(stars), abs=0.01))
    assert broken(shared_cloud, ann.user_id) == []


@TWICE
def test_album_counts_match_its_photos_after_concurrent_changes(shared_cloud: Cloud, ann: Client, round_: int) -> None:
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    photos = [shared_cloud.upload(ann, JPEG, albumId=album_id).photo_id for _ in range(3)]
    rng = random.Random(round_)

    def choose_changes() -> list[Request]:
        photo, entry = (f"/photos/{rng.choice(photos)}" for _ in range(2))
        entry = f"/albums/{album_id}{entry}"
        changes = [
            ("PUT", entry, None),
            ("DELETE", entry, None),
            ("DELETE", photo, None),
            ("POST", f"{photo}/restore", None),
            ("PATCH", photo, {"visibility": "private"}),
            ("PATCH", photo, {"visibility": "public"}),
        ]
        return prepare_requests(ann, *rng.sample(changes, 4))

    statuses = run_race(shared_cloud, [choose_changes() for _ in range(16)])
    assert {200, 204} <= statuses <= {200, 204, 404, 409}
    for viewer in (ann, shared_cloud.visitor):
        photos_in_album = viewer.get(f"/albums/{album_id}/photos").json["items"]
        assert viewer.get(f"/albums/{album_id}").json["photoCount"] == len(photos_in_album)
    assert broken(shared_cloud, ann.user_id) == untidy(shared_cloud, ann.user_id) == []


def test_quota_freed_by_two_concurrent_deletes_is_granted_once(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(6)]
    monkeypatch.setenv("MAX_PHOTOS", "6")
    rebuild_services()
    body = {"filename": "x.jpg", "contentType": "image/jpeg"}
    deletes = [prepare_requests(ann, ("DELETE", f"/photos/{photo_id}?permanent=true", None)) for photo_id in photos[:4]]
    # Two clients erase each photo, but each photo frees its quota only once.
    clients = deletes * 2 + [prepare_requests(ann, *[("POST", "/upload", body)] * 2) for _ in range(8)]
    assert {204} <= run_race(shared_cloud, clients) <= {201, 204, 404, 409, 429}
    assert 429 in {ann.post("/upload", body).status for _ in range(7)}
    assert sum(photo.status != "erased" for photo in rows(shared_cloud, ann.user_id)) == 6
    monkeypatch.undo()
    rebuild_services()
    assert broken(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("key", [None, "k"])
def test_concurrent_uploads_of_the_same_bytes_leave_no_unused_data(
    shared_cloud: Cloud, ann: Client, key: str | None
) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"filename": "x.jpg", "contentType": "image/jpeg", "sha256": DIGEST}

    def upload() -> tuple[int, str]:
        answer = ann.post("/upload", body, **headers)
        if answer.status == 201:
            version_id = shared_cloud.put(answer.json, JPEG)
            shared_cloud.deliver(created(answer.json["s3Key"], version_id))
            path = f"/photos/{answer.json['photoId']}/complete"
            assert run_in_turn(partial(ann.post, path), partial(ann.post, path)) == {200}
        return answer.status, answer.json["photoId"]

    answers = run_concurrently_on(shared_cloud, [upload] * 16)
    ready = {photo.photo_id for photo in rows(shared_cloud, ann.user_id)}
    assert ready == {photo_id for _, photo_id in answers}
    assert {status for status, _ in answers} <= {200, 201}
    assert len(ready) == 1 or key is None
    assert ann.post("/upload", body).json == {"photoId": min(ready), "duplicate": True}
    sweep_after_a_day(shared_cloud)
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []


@TWICE
@pytest.mark.parametrize("permanent", ["true", "false"])
def test_ratings_stay_consistent_if_the_photo_is_deleted_concurrently(
    shared_cloud: Cloud, ann: Client, fans: list[Client], photo: Photo, permanent: str, round_: int
) -> None:
    path = f"/photos/{photo.photo_id}"
    changes = [("PUT", f"{path}/rating", {"rating": stars}) for stars in (5, 3)]
    clients = [prepare_requests(fan, *changes) for fan in fans[:15]]
    clients.insert(round_ * 8, prepare_requests(ann, ("DELETE", f"{path}?permanent={permanent}", None)))
    assert run_race(shared_cloud, clients) <= {200, 204, 404}
    assert broken(shared_cloud, ann.user_id) == []
    sweep_after_a_day(shared_cloud)
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []
    if permanent == "true":
        assert photo.photo_id not in {photo_id for photo_id, _ in ratings(shared_cloud)}


@TWICE
@pytest.mark.parametrize("deleted", ["photo", "album", "album and photos"])
def test_album_entries_stay_consistent_if_photo_or_album_is_deleted_concurrently(
    shared_cloud: Cloud, ann: Client, deleted: str, round_: int
) -> None:
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    photos = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(3)]
    entries = [f"/albums/{album_id}/photos/{photo_id}" for photo_id in photos]
    clients = [
        prepare_requests(ann, *[("PUT", entry, {"position": number}) for entry in entries]) for number in range(15)
    ]
    targets = {
        "photo": f"/photos/{photos[0]}?permanent=true",
        "album": f"/albums/{album_id}",
        "album and photos": f"/albums/{album_id}?photos=delete",
    }
    clients.insert(round_ * 8, prepare_requests(ann, ("DELETE", targets[deleted], None)))
    assert run_race(shared_cloud, clients) <= {200, 204, 404, 409}
    assert broken(shared_cloud, ann.user_id) == []
    sweep_after_a_day(shared_cloud)
    assert broken(shared_cloud, ann.user_id) == untidy(shared_cloud, ann.user_id) == []
    assert left_over(shared_cloud, ann.user_id) == []
