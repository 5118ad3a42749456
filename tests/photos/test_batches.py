"""Batches of photos: each photo gets the result of its single route, and no failure stops the others."""

import threading
import time
from typing import Any
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.auth.rate_limit import BUCKET_SIZE
from chalicelib.domain.ids import UserId
from chalicelib.infra import batch
from tests.support.batches import SUCCESS, list_errors, read_results, send_until_done
from tests.support.cloud import Answer, Client, Cloud
from tests.support.fault_runs import ANSWER_LOST, REFUSED, require_success, run_with_fault_at_every_call
from tests.support.faults import Fault, Mode, hooked, refusal
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, sound
from tests.support.lists import add_photos
from tests.support.snapshots import Snapshot

JPEG = make_photo(64, 48)
MISSING_ID = "01900000-0000-7000-8000-000000000000"


def change(owner: Client, *changes: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    items = [{"photoId": photo_id, "changes": values} for photo_id, values in changes]
    return read_results(owner.patch("/photos", {"items": items}))


def act(owner: Client, path: str, *photo_ids: str) -> list[dict[str, Any]]:
    return read_results(owner.post(path, {"photoIds": photo_ids}))


def test_each_photo_gets_its_own_changes_and_is_returned(shared_cloud: Cloud, ann: Client) -> None:
    first, second = (shared_cloud.upload(ann, JPEG, tags=["Sea"]).photo_id for _ in range(2))
    results = change(ann, (second, {"visibility": "private", "addTags": ["SEA", "boat"]}), (first, {"title": "Pier"}))
    shown = [ann.get(f"/photos/{photo_id}").json for photo_id in (second, first)]
    assert results == [{"photoId": photo["photoId"], "photo": photo} | SUCCESS for photo in shown]
    assert [(photo["visibility"], photo["tags"], photo["title"]) for photo in shown] == [
        ("private", ["Sea", "boat"], ""),
        ("public", ["Sea"], "Pier"),
    ]
    change(ann, (second, {"visibility": "public", "removeTags": ["boat"]}), (first, {"title": ""}))
    assert {ann.get(f"/photos/{photo_id}").json["visibility"] for photo_id in (first, second)} == {"public"}
    assert ann.get(f"/photos/{second}").json["tags"] == ["Sea"]
    assert sound(shared_cloud, ann)


def test_photos_go_to_the_trash_and_back_and_are_erased_only_from_the_trash(shared_cloud: Cloud, ann: Client) -> None:
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    photo_ids = [shared_cloud.upload(ann, JPEG, albumId=album_id).photo_id for _ in range(3)]
    for _ in range(2):
        results = act(ann, "/trash", *photo_ids)
        assert list_errors(results) == [None] * 3
        assert all(result["photo"]["trashedAt"] for result in results)
    assert list_errors(act(ann, "/trash/restore", *photo_ids[:2])) == [None] * 2
    assert list_errors(act(ann, "/trash/restore", *photo_ids)) == ["NotTrashed"] * 2 + [None]
    act(ann, "/trash", photo_ids[2])
    results = act(ann, "/trash/erase", *photo_ids)
    assert list_errors(results) == ["NotTrashed"] * 2 + [None]
    assert [result["photo"] for result in results] == [None] * 3
    assert [shared_cloud.photo(photo_id).status for photo_id in photo_ids] == ["ready", "ready", "erased"]
    assert list_errors(act(ann, "/trash/erase", photo_ids[2])) == ["NotFound"]
    assert sound(shared_cloud, ann)


def test_ids_with_a_time_after_the_year_9999_are_not_found(ann: Client) -> None:
    future_id = "f067e8b6-a80a-7a05-9b2d-e5d90a901d7a"
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    for path in ("/trash", "/trash/restore", "/trash/erase", f"/albums/{album_id}/photos/remove"):
        assert list_errors(act(ann, path, future_id)) == ["NotFound"]
    assert list_errors(change(ann, (future_id, {"title": "x"}))) == ["NotFound"]
    added = ann.post(f"/albums/{album_id}/photos", {"items": [{"photoId": future_id}]}).json["items"]
    assert list_errors(added) == ["NotFound"]


@pytest.mark.parametrize(
    ("path", "method", "single"),
    [("/photos", "PATCH", ""), ("/trash", "DELETE", ""), ("/trash/restore", "POST", "/restore")],
)
def test_failures_are_those_of_the_single_route_and_do_not_stop_the_others(
    shared_cloud: Cloud, ann: Client, path: str, method: str, single: str
) -> None:
    bob = shared_cloud.person(f"bob-{uuid4()}")
    public, private = (
        add_photos(shared_cloud, 1, bob.user_id)[0],
        add_photos(shared_cloud, 1, bob.user_id, "private")[0],
    )
    pending, (first, last) = shared_cloud.grant(ann)["photoId"], add_photos(shared_cloud, 2, ann.user_id)
    if path == "/trash/restore":
        act(ann, "/trash", first, last)
    failing = [public, private, MISSING_ID, pending]
    changes = {"takenOffset": "+01:00"}
    expected = [
        ann.call(method, f"/photos/{photo_id}{single}", changes if method == "PATCH" else None) for photo_id in failing
    ]
    assert [answer.status for answer in expected] == [403, 404, 404, 400 if method == "PATCH" else 409]
    photo_ids = [first, *failing, last]
    if method == "PATCH":
        results = change(ann, *((key, changes if key in failing else {"title": "x"}) for key in photo_ids))
    else:
        results = act(ann, path, *photo_ids)
    assert [result["photoId"] for result in results] == photo_ids
    assert list_errors([results[0], results[-1]]) == [None, None]
    for result, answer in zip(results[1:-1], expected, strict=True):
        assert {name: result[name] for name in SUCCESS} == SUCCESS | {name: answer.json.get(name) for name in SUCCESS}
        assert result["photo"] is None


def test_photo_gets_at_most_32_tags(shared_cloud: Cloud, ann: Client) -> None:
    full, other = add_photos(shared_cloud, 2, ann.user_id)
    change(ann, (full, {"tags": [f"tag {number}" for number in range(32)]}))
    results = change(ann, (full, {"addTags": ["one more"]}), (other, {"addTags": ["one more"]}))
    assert list_errors(results) == ["InvalidRequest", None]
    assert results[0]["details"] == {"field": "addTags", "limit": 32}
    assert list_errors(change(ann, (full, {"addTags": ["one more"], "removeTags": ["Tag 0"]}))) == [None]


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST])
def test_batch_succeeds_if_the_client_repeats_it_after_a_fault(
    shared_cloud: Cloud, ann: Client, modes: tuple[Mode, ...]
) -> None:
    photo_ids: list[str] = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(3)]
    act(ann, "/trash", *photo_ids[:2])
    before = Snapshot(shared_cloud)

    def run(fault: Fault) -> None:
        before.restore()
        for path, repeated in (("/trash/restore", "NotTrashed"), ("/trash", ""), ("/trash/erase", "NotFound")):

            def send(photo_ids: list[str], path: str = path) -> Answer:
                return ann.post(path, {"photoIds": photo_ids})

            send_until_done(shared_cloud, fault, send, photo_ids[:2], repeated)
            assert broken(shared_cloud, ann.user_id) == []
        assert [shared_cloud.photo(photo_id).status for photo_id in photo_ids] == ["erased", "erased", "ready"]

    assert {"read", "write", "DeleteObjects"} <= {*run_with_fault_at_every_call(modes, run)}


def test_only_the_throttled_photo_gets_busy(shared_cloud: Cloud, ann: Client) -> None:
    photo_ids = add_photos(shared_cloud, 3, ann.user_id)

    def throttle(params: Any, model: Any, **_: Any) -> Any:
        if model.name == "TransactWriteItems" and photo_ids[1].encode() in params["body"]:
            return refusal(400, "ThrottlingException")
        return None

    with hooked("before-call", lambda _: throttle, shared_cloud.dynamodb):
        results = act(ann, "/trash", *photo_ids)
    assert list_errors(results) == [None, "Busy", None]
    assert [bool(shared_cloud.photo(photo_id).trashed_at) for photo_id in photo_ids] == [True, False, True]


def test_change_of_another_client_during_the_batch_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    photo_ids = add_photos(shared_cloud, 2, ann.user_id)
    changed: list[int] = []

    def change_title(model: Any, **_: Any) -> None:
        if model.name == "BatchGetItem" and not changed:
            changed.append(require_success(ann.patch(f"/photos/{photo_ids[0]}", {"title": "Pier"})).status)

    with hooked("after-call", lambda _: change_title, shared_cloud.dynamodb):
        results = change(ann, *((photo_id, {"description": "By night"}) for photo_id in photo_ids))
    assert [result["photo"]["title"] for result in results] == ["Pier", ""]
    assert {ann.get(f"/photos/{photo_id}").json["description"] for photo_id in photo_ids} == {"By night"}
    assert shared_cloud.photo(photo_ids[0]).title == "Pier"


@pytest.mark.parametrize(("is_shared", "expected"), [(True, {1}), (False, {2, 3, 4})])
def test_photos_of_one_album_change_one_after_the_other(
    shared_cloud: Cloud, ann: Client, is_shared: bool, expected: set[int]
) -> None:
    photo_ids = add_photos(shared_cloud, 4, ann.user_id)
    for photo_id in photo_ids if is_shared else []:
        for number in range(2):
            path = f"/albums/{album(ann, number)}/photos/{photo_id}"
            assert ann.call("PUT", path).status == 200
    running, most, lock = [0], [0], threading.Lock()

    def count(step: int) -> Any:
        def handle(model: Any, **_: Any) -> None:
            if model.name == "TransactWriteItems":
                with lock:
                    running[0] += step
                    most[0] = max(most[0], running[0])
                time.sleep(0.05 if step > 0 else 0)

        return handle

    clients = (shared_cloud.dynamodb,)
    with hooked("before-call", lambda _: count(1), *clients), hooked("after-call", lambda _: count(-1), *clients):
        assert list_errors(act(ann, "/trash", *photo_ids)) == [None] * 4
    assert most[0] in expected


def album(owner: Client, number: int) -> str:
    """Return the id of the album of this number, and create it on the first use."""
    albums = {item["name"]: item["albumId"] for item in owner.get("/albums", scope="mine").json["items"]}
    return str(albums.get(f"{number}") or owner.post("/albums", {"name": f"{number}"}).json["albumId"])


def test_photos_that_the_time_budget_does_not_reach_stay_unchanged(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_ids = add_photos(shared_cloud, 2, ann.user_id)
    monkeypatch.setattr(batch, "TIME_BUDGET_SECONDS", 0.0)
    assert list_errors(act(ann, "/trash", *photo_ids)) == ["Busy"] * 2
    assert not any(shared_cloud.photo(photo_id).trashed_at for photo_id in photo_ids)


def test_five_hundred_photos_change_three_times_within_the_rate_limit(ann: Client) -> None:
    wiring.limiter()._clock = lambda: 0.0
    photo_ids = [f"{MISSING_ID[:-3]}{number:03}" for number in range(500)]
    for _ in range(3):
        for start in range(0, 500, 50):
            assert list_errors(act(ann, "/trash", *photo_ids[start : start + 50])) == ["NotFound"] * 50
    assert wiring.limiter()._buckets[UserId(ann.user_id)][0] == BUCKET_SIZE - 300
    requests = [ann.post("/trash", {"photoIds": photo_ids[:50]}) for _ in range(71)]
    assert [answer.status for answer in requests] == [200] * 70 + [429]
