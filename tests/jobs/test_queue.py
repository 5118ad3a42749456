"""The queue: a failure to enqueue does not fail a request whose change is stored, and the sweep finds the work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.accounts.accounts import PURGE_LEASE
from chalicelib.albums import propagation
from chalicelib.photos.rotation import ROTATION_LEASE
from chalicelib.photos.trash import EMPTYING_LEASE
from tests.support.albums import create_album, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.faults import hooked, refusal
from tests.support.images import photo as make_photo
from tests.support.lists import add_photos
from tests.support.sweeps import drain_queue

JPEG = make_photo(64, 48)
FAILURES = ("RequestThrottled", "AccessDenied", "AWS.SimpleQueueService.NonExistentQueue", "KMS.DisabledException")
LEASE = max(PURGE_LEASE, propagation.PROPAGATION_LEASE, ROTATION_LEASE, EMPTYING_LEASE) + timedelta(seconds=1)


def rotate_photo(cloud: Cloud, ann: Client) -> tuple[str, str, Any]:
    return "PATCH", f"/photos/{cloud.upload(ann, JPEG).photo_id}", {"rotation": 90}


def rename_album(cloud: Cloud, ann: Client) -> tuple[str, str, Any]:
    album = create_album(ann)
    for photo_id in add_photos(cloud, propagation.MAX_INLINE + 1, ann.user_id):
        put_into_album(ann, album, photo_id)
    return "PATCH", album, {"name": "Hills"}


def delete_album(cloud: Cloud, ann: Client) -> tuple[str, str, Any]:
    return "DELETE", rename_album(cloud, ann)[1], None


def empty_trash(cloud: Cloud, ann: Client) -> tuple[str, str, Any]:
    ann.delete(f"/photos/{cloud.upload(ann, JPEG).photo_id}")
    return "DELETE", "/trash", None


def cancel_account(cloud: Cloud, ann: Client) -> tuple[str, str, Any]:
    cloud.upload(ann, JPEG)
    return "DELETE", "/account", None


@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("prepare", [rotate_photo, rename_album, delete_album, empty_trash, cancel_account])
def test_request_succeeds_if_its_job_cannot_be_enqueued_and_the_sweep_finds_the_work(
    shared_cloud: Cloud, ann: Client, prepare: Any, code: str
) -> None:
    Cognito(shared_cloud)
    method, path, body = prepare(shared_cloud, ann)
    drain_queue(shared_cloud)
    with hooked("before-call", lambda _: lambda **_: refusal(400, code), wiring.queue()._sqs):
        assert ann.call(method, path, body).status < 300
    assert drain_queue(shared_cloud) == []
    shared_cloud.sweep(datetime.now(UTC) + LEASE)
    assert any(name in body for body in drain_queue(shared_cloud) for name in (ann.user_id, path.rpartition("/")[2]))


def test_account_is_purged_if_the_sign_out_fails(shared_cloud: Cloud, ann: Client) -> None:
    Cognito(shared_cloud).refuse("GlobalSignOut", code="TooManyRequestsException")
    assert ann.delete("/account").status == 202
    assert [ann.user_id in body for body in drain_queue(shared_cloud)] == [True]


def test_erased_photo_stays_erased_if_its_objects_cannot_be_deleted(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    with hooked("before-call.s3", lambda _: lambda **_: refusal(400, "RequestThrottled"), shared_cloud.s3):
        assert ann.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert photo.s3_key in shared_cloud.originals()
    shared_cloud.sweep(datetime.now(UTC) + LEASE)
    for body in drain_queue(shared_cloud):
        if photo.photo_id in body:
            shared_cloud.work(body, datetime.now(UTC) + LEASE)
    assert photo.s3_key not in shared_cloud.originals()
