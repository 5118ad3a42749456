"""Changes and faults while a photo is rotated."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.domain.messages import CleanUpPhoto
from chalicelib.domain.photos import Photo
from chalicelib.photos.rotation import Rotations
from tests.support.account_deletion import is_deleted
from tests.support.account_deletion import run_queued_jobs as run_jobs
from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.fault_runs import (
    ANSWER_LOST,
    KILLED,
    REFUSED,
    aws_clients,
    ended_by_fault,
    run_with_fault_at_every_call,
)
from tests.support.faults import Fault, Mode, hooked, striking
from tests.support.invariants import broken, left_over, sound
from tests.support.rotation import LATER, MUCH_LATER, ONCE_TURNED, PICTURE, get_shape, rotate, shows
from tests.support.snapshots import Snapshot
from tests.support.sweeps import clean_up_due_photos, photos_due_after, run_job


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo of Ann."""
    return shared_cloud.upload(ann, PICTURE, title="Quay", tags=["sea"])


# --- Races


def run_jobs_with_interruption(cloud: Cloud, interrupt: Callable[[], Any]) -> None:
    """Run the jobs in the queue. Call `interrupt` once, after the first rendition is written."""
    done: list[bool] = []

    def after(**_: Any) -> None:
        if not done:
            done.append(True)
            interrupt()

    with hooked("after-call.s3.PutObject", lambda _: after, cloud.s3):
        run_jobs(cloud)
    assert done


@pytest.mark.parametrize("second", [180, 0])
def test_later_request_wins_over_the_running_job(shared_cloud: Cloud, ann: Client, photo: Photo, second: int) -> None:
    rotate(ann, photo, 90)
    run_jobs_with_interruption(shared_cloud, lambda: rotate(ann, photo, second))
    run_jobs(shared_cloud)
    assert get_shape(shared_cloud.photo(photo.photo_id)) == (second, 96, 64, None)
    assert photo.photo_id not in photos_due_after(shared_cloud, 2 * LATER), "URLs of the old renditions are still valid"
    assert broken(shared_cloud, ann.user_id) == []
    clean_up_due_photos(shared_cloud, MUCH_LATER)
    assert sound(shared_cloud, ann)


def test_two_jobs_at_once_keep_the_renditions_of_one(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    rotate(ann, photo, 90)
    run_jobs_with_interruption(shared_cloud, lambda: run_job(CleanUpPhoto(photo.photo_id), datetime.now(UTC)))
    assert shared_cloud.photo(photo.photo_id).rotation == 90
    assert broken(shared_cloud, ann.user_id) == []
    clean_up_due_photos(shared_cloud, MUCH_LATER)
    assert sound(shared_cloud, ann)


def test_late_clean_up_keeps_the_renditions_that_a_job_has_just_written(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    clean_up = Rotations(shared_cloud.store, shared_cloud.bucket, wiring.now).delete_old_renditions
    rotate(ann, photo, 90)
    run_jobs_with_interruption(shared_cloud, lambda: clean_up(photo))
    assert shared_cloud.photo(photo.photo_id).rotation == 90
    assert broken(shared_cloud, ann.user_id) == []


def test_change_during_the_job_is_kept(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    path = f"/photos/{photo.photo_id}"
    rotate(ann, photo, 90)
    run_jobs_with_interruption(shared_cloud, lambda: ann.patch(path, {"title": "Pier", "visibility": "private"}))
    rotated = shared_cloud.photo(photo.photo_id)
    assert (rotated.rotation, rotated.title, rotated.visibility) == (90, "Pier", "private")
    assert broken(shared_cloud, ann.user_id) == []


def test_photo_moved_to_the_trash_during_the_job_can_be_restored_or_expires(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    rotate(ann, photo, 90)
    run_jobs_with_interruption(shared_cloud, lambda: ann.delete(path))
    trashed = shared_cloud.photo(photo.photo_id)
    assert (trashed.rotation, trashed.trashed_at is None) == (90, False)
    clean_up_due_photos(shared_cloud, MUCH_LATER)
    assert shared_cloud.photo(photo.photo_id).trashed_at == trashed.trashed_at
    assert ann.post(f"{path}/restore").json["rotation"] == 90
    assert sound(shared_cloud, ann)


def test_no_rendition_remains_of_a_photo_erased_during_the_job(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    rotate(ann, photo, 90)
    path = f"/photos/{photo.photo_id}"
    run_jobs_with_interruption(shared_cloud, lambda: ann.delete(path, permanent="true"))
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert sound(shared_cloud, ann)


def test_no_data_remains_of_an_account_cancelled_during_the_job(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    Cognito(shared_cloud)
    rotate(ann, photo, 90)

    def cancel() -> None:
        assert ann.delete("/account").status == 202
        run_jobs(shared_cloud)

    run_jobs_with_interruption(shared_cloud, cancel)
    assert is_deleted(shared_cloud, ann.user_id)


# --- Faults


@pytest.mark.parametrize("modes", [REFUSED + ANSWER_LOST, KILLED])
def test_retry_rotates_the_photo_after_a_fault_at_any_call(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    ann = shared_cloud.person(f"fault-{uuid4()}")
    photo = shared_cloud.upload(ann, PICTURE, tags=["sea"])
    before = Snapshot(shared_cloud)

    def run(fault: Fault) -> None:
        before.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            for step in (
                lambda: rotate(ann, photo, 90),
                lambda: run_job(CleanUpPhoto(photo.photo_id), datetime.now(UTC)),
                lambda: run_job(CleanUpPhoto(photo.photo_id), datetime.now(UTC) + MUCH_LATER),
            ):
                if ended_by_fault(step):
                    assert broken(shared_cloud, ann.user_id) == []
                    assert not ended_by_fault(step)
        rotated = shared_cloud.photo(photo.photo_id)
        assert get_shape(rotated) == (90, 64, 96, None)
        assert shows(shared_cloud, rotated, (64, 96), ONCE_TURNED)
        clean_up_due_photos(shared_cloud, 3 * MUCH_LATER)
        assert left_over(shared_cloud, ann.user_id) == []
        assert broken(shared_cloud, ann.user_id) == []

    operations = run_with_fault_at_every_call(modes, run)
    assert {"write", "SendMessageBatch", "GetObject", "PutObject", "DeleteObjects"} <= {*operations}
