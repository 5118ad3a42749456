"""Jobs and their messages: repeated or malformed messages, and jobs that the sweep enqueues."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

import app as service
from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, UserId, create_photo_id, format_timestamp
from chalicelib.domain.messages import CleanUpPhoto
from chalicelib.domain.photos import TRASH_LIFETIME, Photo
from chalicelib.jobs import clean_up_photo
from chalicelib.jobs.clean_up_photo import CLEANUP_LEASE
from tests.support.cloud import Client, Cloud
from tests.support.faults import hooked
from tests.support.images import photo as make_photo
from tests.support.invariants import rows, sound
from tests.support.sweeps import UNUSED_GRANT_DUE, drain_queue, run_job, sweep_and_run_jobs

JPEG = make_photo(64, 48)


def create_due_photos(cloud: Cloud, ann: Client) -> list[Photo]:
    """Create one photo of each kind that the sweep cleans up."""
    unused, undelivered = cloud.grant(ann), cloud.grant(ann)
    cloud.put(undelivered, JPEG)
    trashed, erased = cloud.upload(ann, JPEG), cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{trashed.photo_id}")
    ann.delete(f"/photos/{erased.photo_id}", permanent="true")
    cloud.put({"s3Key": erased.s3_key, "fields": {}}, JPEG)
    rejected = cloud.upload(ann, b"<html>")
    return [
        cloud.photo(photo_id)
        for photo_id in (unused["photoId"], undelivered["photoId"], trashed.photo_id, rejected.photo_id)
    ]


def test_repeated_message_changes_nothing(shared_cloud: Cloud, ann: Client) -> None:
    due_photos = create_due_photos(shared_cloud, ann)
    assert {photo.photo_id for photo in due_photos} <= {
        *sweep_and_run_jobs(shared_cloud, TRASH_LIFETIME + UNUSED_GRANT_DUE, times=3)
    }
    after = rows(shared_cloud, ann.user_id)
    assert sorted(photo.status for photo in after) == ["erased", "erased", "erased", "ready"]
    assert sound(shared_cloud, ann)
    sweep_and_run_jobs(shared_cloud, 2 * TRASH_LIFETIME)
    assert sweep_and_run_jobs(shared_cloud, 2 * TRASH_LIFETIME + UNUSED_GRANT_DUE) == []
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        '{"job": "settle"}',
        '{"job": "other", "photoId": "x"}',
        '{"photoId": "x"}',
        '{"job": "settle", "photoId": 5}',
        '{"job": "empty", "userId": "ann/"}',
        '{"job": "cancel"}',
        '{"job": "cancel", "userId": 5}',
        '{"job": "cancel", "userId": ""}',
        '{"job": "cancel", "userId": "ann/"}',
        '{"job": "cancel", "userId": "ann\\n"}',
        '{"job": "settle", "photoId": "../x"}',
        '{"job": "settle", "photoId": "ffffffff-ffff-7fff-bfff-ffffffffffff"}',
    ],
)
def test_invalid_message_fails_and_makes_no_aws_call(shared_cloud: Cloud, body: str) -> None:
    shared_cloud.all_calls.clear()
    with pytest.raises(msgspec.DecodeError):
        service.run_job({"Records": [{"body": body, "receiptHandle": "x"}]}, None)
    assert shared_cloud.all_calls == []


@pytest.mark.usefixtures("shared_cloud")
def test_job_of_a_missing_photo_succeeds() -> None:
    body = json.dumps({"job": "settle", "photoId": create_photo_id(datetime.now(UTC), uuid4().int)})
    service.run_job({"Records": [{"body": body, "receiptHandle": "x"}]}, None)


def test_sweep_enqueues_due_photos_and_their_jobs_clean_them_up(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    pending = shared_cloud.photo(grant["photoId"])
    past = format_timestamp(datetime.now(UTC) - timedelta(minutes=1))
    assert shared_cloud.store.replace(pending, pending.with_(due_at=past))
    names = ("version", "account", "region", "detail", "detail-type", "source", "time", "resources", "id")
    service.sweep(dict.fromkeys(names, ""), None)
    for body in drain_queue(shared_cloud):
        service.run_job({"Records": [{"body": body, "receiptHandle": "x"}]}, None)
    assert rows(shared_cloud, ann.user_id) == []
    assert shared_cloud.accounts.get_account(UserId(ann.user_id)).bytes == 0


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_all_jobs_are_enqueued_in_batches_of_ten(shared_cloud: Cloud, count: int) -> None:
    drain_queue(shared_cloud)
    photo_ids = [create_photo_id(datetime.now(UTC), number) for number in range(count)]
    shared_cloud.calls.clear()
    wiring.queue().send([CleanUpPhoto(photo_id) for photo_id in photo_ids])
    assert shared_cloud.calls == ["SendMessageBatch"] * -(-count // 10)
    assert sorted(json.loads(body)["photoId"] for body in drain_queue(shared_cloud)) == sorted(photo_ids)


def test_sweep_fails_if_the_queue_rejects_a_job(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)

    def after(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": "0"}]

    with hooked("after-call.sqs.SendMessageBatch", lambda _: after, wiring.queue()._sqs), pytest.RaisesGroup(Busy):
        shared_cloud.sweep(datetime.now(UTC) + UNUSED_GRANT_DUE)
    drain_queue(shared_cloud)
    assert grant["photoId"] in sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)


def test_permanently_failing_photos_do_not_block_other_photos(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up_photo, "SWEEP_LIMIT", 3)
    shared_cloud.stored.clear()
    granted = {shared_cloud.grant(ann)["photoId"] for _ in range(8)}
    enqueued: list[str] = []
    # The test runs none of these jobs, so every photo stays due.
    for hours in range(3):
        now = datetime.now(UTC) + UNUSED_GRANT_DUE + timedelta(hours=hours)
        assert shared_cloud.sweep(now) == min(3, 8 - 3 * hours)
        enqueued += [json.loads(body)["photoId"] for body in drain_queue(shared_cloud)]
    assert sorted(enqueued) == sorted(granted)
    assert shared_cloud.sweep(datetime.now(UTC) + UNUSED_GRANT_DUE + timedelta(hours=3)) == 0
    assert shared_cloud.sweep(datetime.now(UTC) + UNUSED_GRANT_DUE + 2 * CLEANUP_LEASE) == 3
    drain_queue(shared_cloud)


def test_postponed_photo_is_still_cleaned_up_by_its_message(shared_cloud: Cloud, ann: Client) -> None:
    photo_id = PhotoId(shared_cloud.grant(ann)["photoId"])
    later = datetime.now(UTC) + UNUSED_GRANT_DUE
    shared_cloud.store.postpone([photo_id], format_timestamp(later + CLEANUP_LEASE))
    run_job(CleanUpPhoto(photo_id), later)
    assert shared_cloud.store.get_photo(photo_id) is None


def test_postponing_does_not_make_a_restored_photo_due(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    path, late = f"/photos/{photo.photo_id}", datetime.now(UTC) + TRASH_LIFETIME + UNUSED_GRANT_DUE
    ann.delete(path)
    shared_cloud.store.postpone([photo.photo_id], format_timestamp(late))
    assert ann.post(f"{path}/restore").status == 200
    shared_cloud.store.postpone([photo.photo_id], format_timestamp(late))
    assert photo.photo_id not in shared_cloud.store.list_due(format_timestamp(late + CLEANUP_LEASE), 5000)
    ann.delete(path)
    assert photo.photo_id in shared_cloud.store.list_due(format_timestamp(late), 5000)
