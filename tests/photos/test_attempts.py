"""Processing that always fails ends: the attempts are counted, and the operator can try again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.photos import TRASH_LIFETIME, Photo
from chalicelib.photos.attempts import MAX_ATTEMPTS
from chalicelib.photos.rotation import ROTATION_LEASE
from chalicelib.renditions import render
from release import reprocess
from tests.support.captured_logs import capture_log
from tests.support.cloud import Client, Cloud, created
from tests.support.faults import Killed
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, originals_of, sound
from tests.support.rotation import ONCE_TURNED, PICTURE, rotate, shows
from tests.support.sweeps import UNUSED_GRANT_DUE, deliver_clean_up_job, drain_queue, sweep_and_run_jobs

JPEG = make_photo(64, 48)
SWEEPS_APART = timedelta(hours=6, minutes=1)


@pytest.fixture
def break_decoder(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, BaseException | None], None]:
    """A function that makes the decoder fail in a module, or repairs it."""

    def break_decoder(module: str, failure: BaseException | None) -> None:
        def fail(*_: Any, **__: Any) -> None:
            assert failure
            raise failure

        monkeypatch.setattr(f"chalicelib.{module}.render", fail if failure else render)

    return break_decoder


def try_until_idle(cloud: Cloud, photo_id: str, due: datetime, *, interval: timedelta = SWEEPS_APART) -> int:
    """Deliver the job of a photo until it no longer fails. Return how often it failed."""
    failures = 0
    while failures < 20:
        try:
            deliver_clean_up_job(cloud, photo_id, due + failures * interval)
        except (Killed, RuntimeError, Busy):
            failures += 1
        else:
            return failures
    return failures


@pytest.mark.parametrize("failure", [Killed(), RuntimeError()])
@pytest.mark.parametrize("interval", [SWEEPS_APART, timedelta(minutes=15)])
def test_upload_whose_processing_always_dies_is_rejected_after_five_retries(
    shared_cloud: Cloud, ann: Client, break_decoder: Any, failure: BaseException, interval: timedelta
) -> None:
    break_decoder("uploads.confirmation", failure)
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    with pytest.raises((type(failure), ExceptionGroup)):
        shared_cloud.deliver(created(grant["s3Key"], version))
    assert shared_cloud.photo(grant["photoId"]).attempts == 0
    due = datetime.now(UTC) + UNUSED_GRANT_DUE
    with capture_log() as log:
        assert try_until_idle(shared_cloud, grant["photoId"], due, interval=interval) == MAX_ATTEMPTS
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.rejection, photo.charged_bytes) == ("rejected", "ProcessingFailed", 0)
    assert ann.get(f"/photos/{photo.photo_id}").json["rejection"] == "ProcessingFailed"
    assert ann.post(f"/photos/{photo.photo_id}/complete").json["error"] == "ProcessingFailed"
    assert [line["ProcessingFailed"] for line in log.lines if "ProcessingFailed" in line] == [[1.0]]
    assert broken(shared_cloud, ann.user_id) == []
    shared_cloud.deliver(created(grant["s3Key"], version))
    assert originals_of(shared_cloud, ann.user_id) == {(grant["s3Key"], version)}, "the operator may try again"
    sweep_and_run_jobs(shared_cloud, 2 * TRASH_LIFETIME)
    assert originals_of(shared_cloud, ann.user_id) == set()


def test_retries_of_an_event_by_lambda_count(shared_cloud: Cloud, ann: Client, break_decoder: Any) -> None:
    break_decoder("uploads.confirmation", Killed())
    grant = shared_cloud.grant(ann)
    event = created(grant["s3Key"], shared_cloud.put(grant, JPEG))
    start = datetime.now(UTC)
    for number, minutes in enumerate([0, 1, 3, 30, 90, 150]):
        with time_machine.travel(start + timedelta(minutes=minutes)), pytest.raises(Killed):
            shared_cloud.deliver(event)
        assert shared_cloud.photo(grant["photoId"]).attempts == number
    with time_machine.travel(start + timedelta(minutes=210)):
        shared_cloud.deliver(event)
    assert shared_cloud.photo(grant["photoId"]).rejection == "ProcessingFailed"


def test_success_at_once_costs_no_additional_write(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    shared_cloud.calls.clear()
    shared_cloud.deliver(created(grant["s3Key"], version))
    assert shared_cloud.calls.count("TransactWriteItems") == 1


def test_success_after_failures_forgets_them(shared_cloud: Cloud, ann: Client, break_decoder: Any) -> None:
    break_decoder("uploads.confirmation", Killed())
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)
    due = datetime.now(UTC) + UNUSED_GRANT_DUE
    for number in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            deliver_clean_up_job(shared_cloud, grant["photoId"], due + number * timedelta(minutes=1))
    assert shared_cloud.photo(grant["photoId"]).attempts == MAX_ATTEMPTS
    break_decoder("uploads.confirmation", None)
    # The last attempt may still be under way, so this one neither counts nor ends the upload.
    deliver_clean_up_job(shared_cloud, grant["photoId"], due + timedelta(minutes=MAX_ATTEMPTS - 1, seconds=20))
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.attempts, photo.attempted_at) == ("ready", 0, None)
    assert sound(shared_cloud, ann)


def test_outage_of_a_dependency_never_rejects_an_upload(shared_cloud: Cloud, ann: Client, break_decoder: Any) -> None:
    break_decoder("uploads.confirmation", Busy())
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)
    due = datetime.now(UTC) + UNUSED_GRANT_DUE
    assert try_until_idle(shared_cloud, grant["photoId"], due) == 20
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.attempts) == ("pending", 0)


def test_concurrent_attempts_count_once(shared_cloud: Cloud, ann: Client, break_decoder: Any) -> None:
    break_decoder("uploads.confirmation", Killed())
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)
    with time_machine.travel(datetime.now(UTC) + UNUSED_GRANT_DUE, tick=False):
        for _ in range(MAX_ATTEMPTS + 2):
            with pytest.raises(Killed):
                ann.post(f"/photos/{grant['photoId']}/complete")
    assert shared_cloud.photo(grant["photoId"]).attempts == 1


def test_command_tries_again_after_a_fix(shared_cloud: Cloud, ann: Client, break_decoder: Any) -> None:
    photos = []
    break_decoder("uploads.confirmation", Killed())
    for _ in range(2):
        grant = shared_cloud.grant(ann, title="Quay")
        shared_cloud.put(grant, JPEG)
        assert try_until_idle(shared_cloud, grant["photoId"], datetime.now(UTC) + UNUSED_GRANT_DUE) == MAX_ATTEMPTS
        photos.append(grant["photoId"])
    break_decoder("uploads.confirmation", None)
    drain_queue(shared_cloud)
    assert reprocess.reprocess_uploads(wiring.stores(), wiring.queue(), datetime.now(UTC)) >= 2
    assert broken(shared_cloud, ann.user_id) == []
    for body in drain_queue(shared_cloud):
        shared_cloud.work(body, datetime.now(UTC))
    for photo_id in photos:
        photo = shared_cloud.photo(photo_id)
        assert (photo.status, photo.title, photo.rejection, photo.charged_bytes) == ("ready", "Quay", None, len(JPEG))
    assert sound(shared_cloud, ann)
    assert reprocess.reprocess_uploads(wiring.stores(), wiring.queue(), datetime.now(UTC)) == 0


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready photo of Ann."""
    return shared_cloud.upload(ann, PICTURE)


@pytest.mark.parametrize("failure", [Killed(), RuntimeError()])
def test_rotation_that_always_dies_ends_after_five_retries(
    shared_cloud: Cloud, ann: Client, photo: Photo, break_decoder: Any, failure: BaseException
) -> None:
    break_decoder("photos.rotation", failure)
    rotate(ann, photo, 90)
    now = datetime.now(UTC)
    with pytest.raises(type(failure)):
        deliver_clean_up_job(shared_cloud, photo.photo_id, now)
    assert shared_cloud.photo(photo.photo_id).attempts == 0, "the first attempt is not counted"
    with capture_log() as log:
        assert try_until_idle(shared_cloud, photo.photo_id, now + ROTATION_LEASE) == MAX_ATTEMPTS
    stored = shared_cloud.photo(photo.photo_id)
    assert (stored.rotation, stored.wanted_rotation, stored.attempts) == (0, None, 0)
    assert stored.renditions == photo.renditions
    assert [line["ProcessingFailed"] for line in log.lines if "ProcessingFailed" in line] == [[1.0]]
    break_decoder("photos.rotation", None)
    rotate(ann, photo, 90)
    deliver_clean_up_job(shared_cloud, photo.photo_id, datetime.now(UTC))
    assert shows(shared_cloud, shared_cloud.photo(photo.photo_id), (64, 96), ONCE_TURNED)
    assert left_over(shared_cloud, ann.user_id) != [], "old renditions stay for a while"
