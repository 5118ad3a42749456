"""The sweep removes unused grants, empties the trash, and deletes leftover objects of erased photos."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.albums import propagation
from chalicelib.domain.accounts import Caller
from chalicelib.domain.errors import Busy
from chalicelib.domain.photos import GRANT_LIFETIME, TRASH_LIFETIME
from tests.support.albums import create_album
from tests.support.cloud import Client, Cloud, created
from tests.support.images import photo as make_photo
from tests.support.invariants import originals_of, rows, sound
from tests.support.sweeps import UNUSED_GRANT_DUE, drain_queue, run_job, sweep_and_run_jobs
from tests.support.uploads import during_writes

JPEG = make_photo(64, 48)


def test_unused_grant_is_removed_completely(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, tags=["sea"])
    assert grant["photoId"] in sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    assert rows(shared_cloud, ann.user_id) == []
    assert ann.get(f"/photos/{grant['photoId']}").status == 404
    assert sound(shared_cloud, ann)
    assert grant["photoId"] not in sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)


def test_grant_younger_than_twice_its_lifetime_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    assert sweep_and_run_jobs(shared_cloud, 2 * GRANT_LIFETIME - timedelta(seconds=5)) == []
    early = json.dumps({"job": "settle", "photoId": grant["photoId"]})
    run_job(early, datetime.now(UTC))
    assert shared_cloud.photo(grant["photoId"]).status == "pending"


@pytest.mark.parametrize(("content", "status"), [(JPEG, "ready"), (b"<html>", "rejected")])
def test_sweep_confirms_an_upload_whose_event_was_lost(
    shared_cloud: Cloud, ann: Client, content: bytes, status: str
) -> None:
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, content)
    sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    assert shared_cloud.photo(grant["photoId"]).status == status
    assert sound(shared_cloud, ann)


def test_upload_that_arrives_while_its_grant_is_removed_is_not_lost(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)

    def arrive(**_: Any) -> None:
        if not originals_of(shared_cloud, ann.user_id):
            shared_cloud.deliver(created(grant["s3Key"], shared_cloud.put(grant, JPEG)))

    with during_writes(shared_cloud, arrive):
        sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    assert shared_cloud.photo(grant["photoId"]).status == "ready"
    assert sound(shared_cloud, ann)


def test_upload_that_arrives_after_its_grant_was_removed_is_rebuilt(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, visibility="private")
    sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    shared_cloud.deliver(created(grant["s3Key"], shared_cloud.put(grant, JPEG)))
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.visibility) == ("ready", "private")
    assert sound(shared_cloud, ann)


def test_trash_is_emptied_after_thirty_days_and_not_before(shared_cloud: Cloud, ann: Client) -> None:
    photo, other = shared_cloud.upload(ann, JPEG), shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}")
    sweep_and_run_jobs(shared_cloud, TRASH_LIFETIME - timedelta(minutes=1))
    assert shared_cloud.photo(photo.photo_id).status == "ready"
    assert photo.photo_id in sweep_and_run_jobs(shared_cloud, TRASH_LIFETIME + timedelta(minutes=1))
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert shared_cloud.photo(other.photo_id) == other
    assert originals_of(shared_cloud, ann.user_id) == {(other.s3_key, other.version_id)}
    assert sound(shared_cloud, ann)


def test_photo_restored_after_the_sweep_found_it_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}")
    late = datetime.now(UTC) + TRASH_LIFETIME + timedelta(minutes=1)
    shared_cloud.sweep(late)
    bodies = drain_queue(shared_cloud)
    ann.post(f"/photos/{photo.photo_id}/restore")
    for body in bodies:
        run_job(body, late)
    assert shared_cloud.photo(photo.photo_id).status == "ready"
    assert sound(shared_cloud, ann)


def test_photo_restored_while_the_trash_is_emptied_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}")

    def restore(**_: Any) -> None:
        if shared_cloud.photo(photo.photo_id).trashed_at:
            handlers.__exit__(None, None, None)
            wiring.photos().restore(photo.photo_id, by=Caller(photo.user_id))

    handlers = during_writes(shared_cloud, restore)
    handlers.__enter__()
    sweep_and_run_jobs(shared_cloud, TRASH_LIFETIME + timedelta(minutes=1))
    assert shared_cloud.photo(photo.photo_id).status == "ready"
    assert sound(shared_cloud, ann)


def test_rejected_upload_is_erased_after_thirty_days(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, b"<html>")
    sweep_and_run_jobs(shared_cloud, TRASH_LIFETIME + timedelta(minutes=1))
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert ann.get(f"/photos/{photo.photo_id}").status == 404


def test_sweep_deletes_objects_that_arrive_after_a_photo_was_erased(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}", permanent="true")
    shared_cloud.put({"s3Key": photo.s3_key, "fields": {}}, JPEG)
    assert photo.photo_id in sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    assert originals_of(shared_cloud, ann.user_id) == set()
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert photo.photo_id not in sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)


def test_failing_sweep_of_photos_does_not_stop_the_sweep_of_albums(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "MAX_INLINE", -1)
    album = create_album(ann)
    assert ann.patch(album, {"name": "Hills"}).status == 200
    drain_queue(shared_cloud)

    def fail(*_: Any) -> None:
        raise Busy

    monkeypatch.setattr(shared_cloud.store, "list_due", fail)
    with pytest.raises(ExceptionGroup, match="some sweeps failed"):
        shared_cloud.sweep(datetime.now(UTC) + 2 * propagation.PROPAGATION_LEASE)
    bodies = [json.loads(body) for body in drain_queue(shared_cloud)]
    assert {"job": "tidy", "albumId": album.rpartition("/")[2]} in bodies
