"""Versions beside the confirmed one, whose events are lost, and events that belong to no photo."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Busy
from tests.support.cloud import Client, Cloud, created
from tests.support.faults import Fault, Killed, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import left_over, originals_of, rows, sound
from tests.support.policies import as_test_code
from tests.support.sweeps import UNUSED_GRANT_DUE, deliver_clean_up_job, sweep_and_run_jobs
from tests.support.uploads import act_during, put_object

JPEG, OTHER = make_photo(64, 48), make_photo(48, 64, seed=1)


def hide(cloud: Cloud, key: str) -> None:
    """Put a delete marker on an original."""
    as_test_code(cloud.s3.delete_object)(Bucket=cloud.settings.originals_bucket, Key=key)


def leave_only_a_delete_marker(cloud: Cloud, grant: dict[str, Any]) -> None:
    """Put a delete marker on an original that does not exist."""
    version = cloud.put(grant, JPEG)
    hide(cloud, grant["s3Key"])
    delete = as_test_code(cloud.s3.delete_object)
    delete(Bucket=cloud.settings.originals_bucket, Key=grant["s3Key"], VersionId=version)


@pytest.fixture(params=["request", "sweep"])
def confirm(request: pytest.FixtureRequest, shared_cloud: Cloud, ann: Client) -> Callable[[str], None]:
    """A function that confirms an upload without an event."""

    def by_request(photo_id: str) -> None:
        assert ann.post(f"/photos/{photo_id}/complete").status == 200

    def by_sweep(photo_id: str) -> None:
        assert photo_id in sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)

    return {"request": by_request, "sweep": by_sweep}[request.param]


def test_confirmation_without_an_event_keeps_only_the_newest_version(
    shared_cloud: Cloud, ann: Client, confirm: Callable[[str], None]
) -> None:
    grant = shared_cloud.grant(ann, method="POST")
    for content in (OTHER, OTHER):
        shared_cloud.put(grant, content)
    version = shared_cloud.put(grant, JPEG)
    # S3 lists this key first.
    put_object(shared_cloud, f"{ann.user_id}/{grant['photoId']}/a.jpg", OTHER)
    confirm(grant["photoId"])
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.width, photo.version_id) == ("ready", 64, version)
    assert originals_of(shared_cloud, ann.user_id) == {(grant["s3Key"], version)}
    assert sound(shared_cloud, ann)


def test_delete_marker_does_not_hide_an_upload(
    shared_cloud: Cloud, ann: Client, confirm: Callable[[str], None]
) -> None:
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, OTHER)
    version = shared_cloud.put(grant, JPEG)
    hide(shared_cloud, grant["s3Key"])
    confirm(grant["photoId"])
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.version_id) == ("ready", version)
    assert originals_of(shared_cloud, ann.user_id) == {(grant["s3Key"], version)}
    assert sound(shared_cloud, ann)


def test_rejected_upload_leaves_no_version_behind_a_delete_marker(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    for _ in range(2):
        shared_cloud.put(grant, b"<html>")
    hide(shared_cloud, grant["s3Key"])
    sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    assert shared_cloud.photo(grant["photoId"]).status == "rejected"
    assert originals_of(shared_cloud, ann.user_id) == set()


def test_upload_whose_row_is_removed_while_a_sweep_confirms_it_leaves_nothing(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)

    def remove() -> None:
        assert shared_cloud.store.remove(shared_cloud.photo(grant["photoId"]))

    with act_during(shared_cloud, "PutObject", remove):
        deliver_clean_up_job(shared_cloud, grant["photoId"], datetime.now(UTC) + UNUSED_GRANT_DUE)
    assert rows(shared_cloud, ann.user_id) == []
    assert left_over(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("has_stray", [False, True])
def test_unused_grant_leaves_neither_a_delete_marker_nor_an_object_with_another_key(
    shared_cloud: Cloud, ann: Client, *, has_stray: bool
) -> None:
    grant = shared_cloud.grant(ann)
    leave_only_a_delete_marker(shared_cloud, grant)
    if has_stray:
        put_object(shared_cloud, f"{ann.user_id}/{grant['photoId']}/stray.jpg", JPEG)
    sweep_and_run_jobs(shared_cloud, UNUSED_GRANT_DUE)
    assert [photo.status for photo in rows(shared_cloud, ann.user_id)] == ["erased"]
    assert originals_of(shared_cloud, ann.user_id) == set()
    assert sound(shared_cloud, ann)


def test_kill_at_any_call_while_a_hidden_grant_is_removed_leaves_nothing(shared_cloud: Cloud, ann: Client) -> None:
    for call_number in range(20):
        grant, due = shared_cloud.grant(ann), datetime.now(UTC) + UNUSED_GRANT_DUE
        leave_only_a_delete_marker(shared_cloud, grant)
        with striking(Fault(call_number, "killed"), *shared_cloud.clients) as fault:
            try:
                deliver_clean_up_job(shared_cloud, grant["photoId"], due)
            except Killed:
                assert fault.struck
        deliver_clean_up_job(shared_cloud, grant["photoId"], due + timedelta(hours=1))
        assert originals_of(shared_cloud, ann.user_id) == set()
        if not fault.struck:
            return
    raise AssertionError("the job makes more calls than expected")


@pytest.mark.parametrize("state", ["ready", "erased", "trashed", "pending", "rejected"])
def test_event_for_the_prefix_of_another_user_does_not_touch_the_photo_with_its_id(
    shared_cloud: Cloud, ann: Client, state: str
) -> None:
    grant = shared_cloud.grant(ann)
    if state != "pending":
        content = b"<html>" if state == "rejected" else JPEG
        shared_cloud.deliver(created(grant["s3Key"], shared_cloud.put(grant, content)))
    if state in ("erased", "trashed"):
        ann.delete(f"/photos/{grant['photoId']}", **({"permanent": "true"} if state == "erased" else {}))
    # An object of the photo that only its own events may touch.
    put_object(shared_cloud, f"{ann.user_id}/{grant['photoId']}/late.jpg", OTHER)
    before, originals = shared_cloud.photo(grant["photoId"]), originals_of(shared_cloud, ann.user_id)
    foreign = f"mallory/{grant['photoId']}/x.jpg"
    shared_cloud.deliver(created(foreign, put_object(shared_cloud, foreign, OTHER)))
    assert shared_cloud.photo(grant["photoId"]) == before
    assert originals_of(shared_cloud, ann.user_id) == originals
    assert foreign not in shared_cloud.originals()


def test_any_late_object_of_an_erased_photo_makes_all_its_objects_go(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}", permanent="true")
    put_object(shared_cloud, photo.s3_key, OTHER)
    stray = f"{photo.prefix}late.jpg"
    shared_cloud.deliver(created(stray, put_object(shared_cloud, stray, OTHER)))
    assert originals_of(shared_cloud, ann.user_id) == set()


def test_late_version_of_a_rejected_photo_makes_all_its_objects_go(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, b"<html>")
    put_object(shared_cloud, f"{photo.prefix}late.jpg", OTHER)
    shared_cloud.deliver(created(photo.s3_key, put_object(shared_cloud, photo.s3_key, OTHER)))
    assert originals_of(shared_cloud, ann.user_id) == set()


def test_version_that_replaces_a_lost_one_is_confirmed_by_the_next_event_if_the_photo_changes(
    shared_cloud: Cloud, ann: Client
) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    second = put_object(shared_cloud, photo.s3_key, JPEG)
    assert photo.version_id
    shared_cloud.bucket.delete_one_version(photo.s3_key, photo.version_id)

    def rename() -> None:
        assert ann.patch(f"/photos/{photo.photo_id}", {"title": "Quay"}).status == 200

    with act_during(shared_cloud, "write", rename), pytest.raises(ExceptionGroup) as caught:
        shared_cloud.deliver(created(photo.s3_key, second))
    assert caught.group_contains(Busy)
    shared_cloud.deliver(created(photo.s3_key, second))
    changed = shared_cloud.photo(photo.photo_id)
    assert (changed.version_id, changed.title) == (second, "Quay")
    assert sound(shared_cloud, ann)
