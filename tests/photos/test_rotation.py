"""Rotating a photo: the request, the job, and lost messages and originals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.messages import CleanUpPhoto
from chalicelib.domain.photos import Photo
from tests.support import images
from tests.support.account_deletion import run_queued_jobs as run_jobs
from tests.support.cloud import Client, Cloud
from tests.support.faults import hooked
from tests.support.invariants import broken, originals_of, sound
from tests.support.moto_data import age_objects
from tests.support.rekognition import moderated
from tests.support.rotation import LATER, MUCH_LATER, ONCE_TURNED, PICTURE, get_shape, rotate, shows
from tests.support.sweeps import clean_up_due_photos, drain_queue, run_job


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo of Ann."""
    return shared_cloud.upload(ann, PICTURE, title="Quay", tags=["sea"])


# --- The request and the job


def test_job_rotates_all_renditions_and_readers_see_the_old_ones_until_then(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    before, originals = shared_cloud.visitor.get(path).json, originals_of(shared_cloud, ann.user_id)
    requested = rotate(ann, photo, 90)
    assert (requested["rotation"], requested["wantedRotation"]) == (0, 90)
    assert shared_cloud.visitor.get(path).json == before
    assert run_jobs(shared_cloud) == 1
    rotated = shared_cloud.photo(photo.photo_id)
    assert get_shape(photo) == (0, 96, 64, None)
    assert get_shape(rotated) == (90, 64, 96, None)
    assert shows(shared_cloud, rotated, (64, 96), ONCE_TURNED)
    assert shows(shared_cloud, photo, (96, 64), list(images.QUADRANTS)), "clients may have URLs of the old renditions"
    assert rotated.placeholder != photo.placeholder
    changed = {"rotation", "width", "height", "placeholder", "renditions"}
    after = shared_cloud.visitor.get(path).json
    assert {name for name in before if before[name] != after[name]} == changed
    assert originals_of(shared_cloud, ann.user_id) == originals
    assert ann.get(f"{path}/download").json["size"] == len(PICTURE)
    assert broken(shared_cloud, ann.user_id) == []
    clean_up_due_photos(shared_cloud, MUCH_LATER)
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("first", [90, 180])
def test_rotation_is_relative_to_the_upright_original(
    shared_cloud: Cloud, ann: Client, photo: Photo, first: int
) -> None:
    keys = {*photo.renditions.values()}
    for number, rotation in enumerate((first, 270, first, 0), start=2):
        rotate(ann, photo, rotation)
        run_jobs(shared_cloud)
        rotated = shared_cloud.photo(photo.photo_id)
        assert rotated.rotation == rotation
        keys |= {*rotated.renditions.values()}
        assert len(keys) == 4 * number, "no key is used twice"
    restored = shared_cloud.photo(photo.photo_id)
    assert shows(shared_cloud, restored, (96, 64), list(images.QUADRANTS))
    assert restored.placeholder == photo.placeholder
    clean_up_due_photos(shared_cloud, MUCH_LATER)
    assert sound(shared_cloud, ann)


def test_rotation_can_change_together_with_other_fields(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    changes = {"rotation": 180, "title": "Pier", "visibility": "private"}
    assert ann.patch(f"/photos/{photo.photo_id}", changes).status == 200
    run_jobs(shared_cloud)
    rotated = shared_cloud.photo(photo.photo_id)
    assert (rotated.title, rotated.visibility, get_shape(rotated)) == ("Pier", "private", (180, 96, 64, None))
    assert broken(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("rotation", [45, 360, -90, 90.5, "90", True, None])
def test_other_angles_are_rejected(ann: Client, photo: Photo, rotation: Any) -> None:
    answer = ann.patch(f"/photos/{photo.photo_id}", {"rotation": rotation})
    assert (answer.status, answer.json["error"]) == (400, "InvalidRequest")


@pytest.mark.parametrize("content", [b"no image", None])
def test_photo_that_is_not_ready_cannot_be_rotated(shared_cloud: Cloud, ann: Client, content: bytes | None) -> None:
    photo_id = shared_cloud.upload(ann, content).photo_id if content else shared_cloud.grant(ann)["photoId"]
    answer = ann.patch(f"/photos/{photo_id}", {"rotation": 90, "title": "x"})
    assert (answer.status, answer.json["error"]) == (409, "NotReady")
    assert shared_cloud.photo(photo_id).title == ""


def test_current_rotation_starts_no_job(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    rotate(ann, photo, 0)
    assert drain_queue(shared_cloud) == []
    assert shared_cloud.photo(photo.photo_id) == photo


def test_rotation_is_not_moderated_again(shared_cloud: Cloud, ann: Client) -> None:
    with moderated(shared_cloud) as sent_images:
        photo = shared_cloud.upload(ann, PICTURE)
        rotate(ann, photo, 90)
        run_jobs(shared_cloud)
    assert len(sent_images) == 1
    assert shared_cloud.photo(photo.photo_id).rotation == 90


# --- Lost messages and lost originals


def test_sweep_rotates_the_photo_if_the_queue_rejects_the_message(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    def reject(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": "0"}]

    with hooked("after-call.sqs.SendMessageBatch", lambda _: reject, wiring.queue()._sqs):
        rotate(ann, photo, 90)
    drain_queue(shared_cloud)
    clean_up_due_photos(shared_cloud, LATER - timedelta(minutes=1))
    assert shared_cloud.photo(photo.photo_id).rotation == 0
    clean_up_due_photos(shared_cloud, LATER)
    assert shared_cloud.photo(photo.photo_id).rotation == 90


def test_second_rotation_keeps_old_renditions_whose_urls_may_be_valid(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    age_objects(shared_cloud.settings.renditions_bucket, photo.prefix, timedelta(days=30))
    for rotation in (90, 180):
        rotate(ann, photo, rotation)
        run_jobs(shared_cloud)
    assert shows(shared_cloud, photo, (96, 64), list(images.QUADRANTS))


def test_daily_rotations_leave_few_renditions(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    bucket = shared_cloud.settings.renditions_bucket
    for rotation in (90, 180, 270, 0):
        age_objects(bucket, photo.prefix, MUCH_LATER)
        rotate(ann, photo, rotation)
        run_jobs(shared_cloud)
    stored = shared_cloud.s3.list_objects_v2(Bucket=bucket, Prefix=photo.prefix)["Contents"]
    assert len(stored) == 2 * len(photo.renditions), "the renditions in use, and those that they replaced"


def test_repeated_message_changes_nothing(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    rotate(ann, photo, 90)
    run_jobs(shared_cloud)
    rotated = shared_cloud.photo(photo.photo_id)
    run_job(CleanUpPhoto(photo.photo_id), datetime.now(UTC))
    assert shared_cloud.photo(photo.photo_id) == rotated
    run_job(CleanUpPhoto(photo.photo_id), datetime.now(UTC) + MUCH_LATER)
    run_job(CleanUpPhoto(photo.photo_id), datetime.now(UTC) + 2 * MUCH_LATER)
    assert shared_cloud.photo(photo.photo_id).renditions == rotated.renditions
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("is_lost", [True, False])
def test_photo_whose_original_cannot_be_decoded_keeps_its_renditions(
    shared_cloud: Cloud, ann: Client, photo: Photo, is_lost: bool
) -> None:
    if is_lost:
        shared_cloud.bucket.delete_version(photo, photo.s3_key, str(photo.version_id))
    else:
        version = shared_cloud.put({"s3Key": photo.s3_key, "fields": {}}, b"no image")
        assert shared_cloud.store.replace(photo, photo.with_(version_id=version))
    rotate(ann, photo, 90)
    run_jobs(shared_cloud)
    kept = shared_cloud.photo(photo.photo_id)
    assert (get_shape(kept), kept.renditions) == ((0, 96, 64, None), photo.renditions)
    clean_up_due_photos(shared_cloud, MUCH_LATER)
    assert shows(shared_cloud, shared_cloud.photo(photo.photo_id), (96, 64), list(images.QUADRANTS))
