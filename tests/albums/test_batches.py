"""Batches of an album: photos are added in their order, removals can be undone, and failures stop no other photo."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from tests.support.albums import create_album, has_consistent_albums, list_album_photos, put_into_album
from tests.support.batches import Results, list_errors, read_results, send_until_done
from tests.support.cloud import Answer, Client, Cloud
from tests.support.fault_runs import ANSWER_LOST, REFUSED, run_with_fault_at_every_call
from tests.support.faults import Fault, Mode, hooked
from tests.support.images import photo as make_photo
from tests.support.invariants import broken
from tests.support.lists import add_photos
from tests.support.races import run_concurrently_on
from tests.support.snapshots import Snapshot

JPEG = make_photo(64, 48)
MISSING_ID = "01900000-0000-7000-8000-000000000000"


def send_add(owner: Client, album: str, *photo_ids: str) -> Answer:
    return owner.post(f"{album}/photos", {"items": [{"photoId": photo_id} for photo_id in photo_ids]})


def send_remove(owner: Client, album: str, *photo_ids: str) -> Answer:
    return owner.post(f"{album}/photos/remove", {"photoIds": photo_ids})


def add(owner: Client, album: str, *photo_ids: str) -> Results:
    return read_results(send_add(owner, album, *photo_ids))


def remove(owner: Client, album: str, *photo_ids: str) -> Results:
    return read_results(send_remove(owner, album, *photo_ids))


def test_photos_are_added_at_the_end_in_their_order(shared_cloud: Cloud, ann: Client) -> None:
    album, photo_ids = create_album(ann), add_photos(shared_cloud, 6, ann.user_id)
    moved = put_into_album(ann, album, photo_ids[3])["position"]
    order = [photo_ids[index] for index in (5, 0, 3, 4, 1)]
    with time_machine.travel(datetime.now(UTC), tick=False):
        results = add(ann, album, *order)
    assert [result["photoId"] for result in results] == order
    assert [result["previousPosition"] for result in results] == [None, None, moved, None, None]
    positions = [result["position"] for result in results]
    assert positions[2] == moved
    del positions[2]
    assert positions == sorted({*positions})
    assert list_album_photos(ann, album) == [photo_ids[index] for index in (3, 5, 0, 4, 1)]
    assert ann.get(album).json["photoCount"] == 5


def test_removed_photos_return_to_their_positions(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    photo_ids = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(4)]
    added = {entry["photoId"]: entry["position"] for entry in add(ann, album, *reversed(photo_ids))}
    before = list_album_photos(ann, album)
    removed = remove(ann, album, photo_ids[1], photo_ids[2], photo_ids[1][:-1] + "0")
    assert list_errors(removed)[:2] == [None, None]
    assert removed[2]["error"] == "NotFound"
    assert [entry["previousPosition"] for entry in removed] == [added[photo_ids[1]], added[photo_ids[2]], None]
    assert list_album_photos(ann, album) == [photo_ids[3], photo_ids[0]]
    assert list_errors(remove(ann, album, photo_ids[1])) == ["NotFound"]
    items = [{"photoId": entry["photoId"], "position": entry["previousPosition"]} for entry in removed[:2]]
    answer = ann.post(f"{album}/photos", {"items": items})
    assert list_errors(answer.json["items"]) == [None, None]
    assert list_album_photos(ann, album) == before
    assert has_consistent_albums(shared_cloud, ann)


def test_failures_are_those_of_the_single_route_and_do_not_stop_the_others(shared_cloud: Cloud, ann: Client) -> None:
    album, bob = create_album(ann), shared_cloud.person(f"bob-{uuid4()}")
    (public,), (private,) = (
        add_photos(shared_cloud, 1, bob.user_id),
        add_photos(shared_cloud, 1, bob.user_id, "private"),
    )
    first, trashed, crowded, last = add_photos(shared_cloud, 4, ann.user_id)
    ann.delete(f"/photos/{trashed}")
    for _ in range(8):
        put_into_album(ann, create_album(ann), crowded)
    failing = [public, private, MISSING_ID, trashed, crowded]
    expected = [ann.call("PUT", f"{album}/photos/{photo_id}") for photo_id in failing]
    assert [answer.status for answer in expected] == [403, 404, 404, 409, 409]
    results = add(ann, album, first, *failing, last)
    assert list_errors([results[0], results[-1]]) == [None, None]
    for result, answer in zip(results[1:-1], expected, strict=True):
        names = ("error", "message", "details")
        assert [result[name] for name in names] == [answer.json.get(name) for name in names]
        assert result["position"] is result["previousPosition"] is None
    assert list_album_photos(ann, album) == [first, last]


@pytest.mark.parametrize(("visibility", "status"), [("public", 403), ("private", 404)])
def test_only_the_owner_of_the_album_changes_its_photos(
    shared_cloud: Cloud, ann: Client, visibility: str, status: int
) -> None:
    album, bob = create_album(ann, visibility=visibility), shared_cloud.person(f"bob-{uuid4()}")
    (photo_id,) = add_photos(shared_cloud, 1, ann.user_id)
    (other,) = add_photos(shared_cloud, 1, bob.user_id)
    add(ann, album, photo_id)
    assert send_add(bob, album, other).status == status
    assert bob.post(f"{album}/photos/remove", {"photoIds": [photo_id]}).status == status
    assert list_album_photos(ann, album) == [photo_id]
    assert ann.delete(album).status == 204
    assert send_add(ann, album, photo_id).status == 404


@pytest.mark.parametrize("is_deleted", [False, True])
def test_album_that_changes_during_the_batch_stays_consistent(
    shared_cloud: Cloud, ann: Client, is_deleted: bool
) -> None:
    album = create_album(ann)
    photo_ids = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(2)]
    changed: list[int] = []

    def change_album(model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and not changed:
            changed.append(0)
            changed[0] = (ann.delete(album) if is_deleted else ann.patch(album, {"name": "Hills"})).status

    with hooked("after-call", lambda _: change_album, shared_cloud.dynamodb):
        add(ann, album, *photo_ids)
    assert changed in ([200], [204])
    names = [[entry.name for entry in shared_cloud.photo(key).memberships.values()] for key in photo_ids]
    assert names[1] == ([] if is_deleted else ["Hills"])
    assert broken(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST])
def test_batch_succeeds_if_the_client_repeats_it_after_a_fault(
    shared_cloud: Cloud, ann: Client, modes: tuple[Mode, ...]
) -> None:
    album = create_album(ann)
    photo_ids: list[str] = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(3)]
    before = Snapshot(shared_cloud)

    def run(fault: Fault) -> None:
        before.restore()
        send_until_done(shared_cloud, fault, lambda failed: send_add(ann, album, *failed), photo_ids)
        assert {*list_album_photos(ann, album)} == {*photo_ids}
        send_until_done(shared_cloud, fault, lambda failed: send_remove(ann, album, *failed), photo_ids, "NotFound")
        assert list_album_photos(ann, album) == []
        assert broken(shared_cloud, ann.user_id) == []

    assert {"read", "write"} <= {*run_with_fault_at_every_call(modes, run)}


def test_concurrent_batches_keep_the_counts_of_the_album(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    photo_ids = [shared_cloud.upload(ann, JPEG).photo_id for _ in range(4)]
    calls = [
        *[lambda: add(ann, album, *photo_ids)] * 3,
        *[lambda: remove(ann, album, *photo_ids[:2])] * 3,
        *[lambda: read_results(ann.post("/trash", {"photoIds": photo_ids[2:3]}))] * 2,
    ]
    results = run_concurrently_on(shared_cloud, calls)
    errors = {error for result in results for error in list_errors(result)}
    assert errors <= {None, "NotFound", "NotReady", "Conflict", "Busy"}
    assert has_consistent_albums(shared_cloud, ann)
