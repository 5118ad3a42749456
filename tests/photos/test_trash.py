"""Emptying the trash: what the job erases, what it keeps, and how it resumes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.messages import EmptyTrash
from chalicelib.domain.photos import Photo
from chalicelib.photos import trash
from chalicelib.photos.trash import EMPTYING_LEASE
from tests.support.account_deletion import run_queued_jobs
from tests.support.cloud import Client, Cloud
from tests.support.fault_runs import (
    ANSWER_LOST,
    KILLED,
    REFUSED,
    aws_clients,
    ended_by_fault,
    require_success,
    run_with_fault_at_every_call,
)
from tests.support.faults import Fault, Mode, hooked, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, sound
from tests.support.snapshots import Snapshot
from tests.support.sweeps import UNUSED_GRANT_DUE, clean_up_due_photos, drain_queue, run_job

JPEG = make_photo(64, 48)
LATER = EMPTYING_LEASE + timedelta(seconds=1)
"""The age at which a sweep enqueues the job of a request again."""


def add_to_trash(cloud: Cloud, owner: Client) -> Photo:
    photo = cloud.upload(owner, JPEG, tags=["sea"])
    assert owner.delete(f"/photos/{photo.photo_id}").status == 204
    return cloud.photo(photo.photo_id)


def request_emptying(owner: Client) -> None:
    answer = owner.delete("/trash")
    assert (answer.status, answer.body) == (202, "{}")


def sweep_request(owner: Client, after: timedelta) -> bool:
    """Run the job of a user if a sweep at `after` from now finds the request. Return whether it does."""
    now = datetime.now(UTC) + after
    is_due = owner.user_id in wiring.stores().trash_requests.list_due(format_timestamp(now), 100)
    if is_due:
        run_job(EmptyTrash(UserId(owner.user_id)), now)
    return is_due


def get_status(cloud: Cloud, photo: Photo) -> tuple[str, bool]:
    stored = cloud.photo(photo.photo_id)
    return stored.status, stored.trashed_at is not None


def test_job_erases_only_the_photos_in_the_trash_of_the_user(shared_cloud: Cloud, ann: Client) -> None:
    bob = shared_cloud.person(f"{ann.user_id}0")
    trashed = [add_to_trash(shared_cloud, ann) for _ in range(2)]
    kept, other = shared_cloud.upload(ann, JPEG), add_to_trash(shared_cloud, bob)
    request_emptying(ann)
    assert run_queued_jobs(shared_cloud) == 1
    assert [get_status(shared_cloud, photo) for photo in trashed] == [("erased", False)] * 2
    assert shared_cloud.photo(kept.photo_id) == kept
    assert shared_cloud.photo(other.photo_id) == other
    assert ann.get("/trash").json["items"] == []
    usage = shared_cloud.accounts.get_account(UserId(ann.user_id))
    assert (usage.photo_count, usage.bytes) == (1, kept.size)
    assert sound(shared_cloud, ann)
    assert sound(shared_cloud, bob)


def test_photo_that_enters_the_trash_after_the_request_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    again, early = add_to_trash(shared_cloud, ann), add_to_trash(shared_cloud, ann)
    request_emptying(ann)
    assert ann.post(f"/photos/{again.photo_id}/restore").status == 200
    assert ann.delete(f"/photos/{again.photo_id}").status == 204
    late = add_to_trash(shared_cloud, ann)
    run_queued_jobs(shared_cloud)
    assert sweep_request(ann, LATER)
    assert [get_status(shared_cloud, photo) for photo in (again, late)] == [("ready", True)] * 2
    assert shared_cloud.photo(early.photo_id).status == "erased"
    request_emptying(ann)
    run_queued_jobs(shared_cloud)
    assert ann.get("/trash").json["items"] == []
    assert sound(shared_cloud, ann)


def test_photo_restored_between_the_request_and_the_job_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    photo = add_to_trash(shared_cloud, ann)
    request_emptying(ann)
    assert ann.post(f"/photos/{photo.photo_id}/restore").status == 200
    run_queued_jobs(shared_cloud)
    assert get_status(shared_cloud, photo) == ("ready", False)
    assert sound(shared_cloud, ann)


def test_photo_restored_while_the_job_erases_it_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    photo = add_to_trash(shared_cloud, ann)
    request_emptying(ann)

    def restore(params: dict[str, Any], **_: Any) -> None:
        if photo.photo_id in str(params) and get_status(shared_cloud, photo) == ("ready", True):
            restored = shared_cloud.photo(photo.photo_id)
            assert shared_cloud.store.replace(restored, restored.with_(trashed_at=None, due_at=None))

    with hooked("provide-client-params.dynamodb.TransactWriteItems", lambda _: once(restore), shared_cloud.dynamodb):
        run_queued_jobs(shared_cloud)
    assert get_status(shared_cloud, photo) == ("ready", False)
    assert sound(shared_cloud, ann)


def once(handler: Callable[..., None]) -> Callable[..., None]:
    """Return a handler that ignores the calls that the handler itself makes."""
    is_running = False

    def guarded(**event: Any) -> None:
        nonlocal is_running
        if not is_running:
            is_running = True
            handler(**event)
            is_running = False

    return guarded


def test_sweep_repeats_the_job_once_because_the_list_may_lag_behind(shared_cloud: Cloud, ann: Client) -> None:
    photo = add_to_trash(shared_cloud, ann)
    request_emptying(ann)

    def hide(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Items"] = []

    with hooked("after-call.dynamodb.Query", lambda _: hide, shared_cloud.dynamodb):
        run_queued_jobs(shared_cloud)
    assert shared_cloud.photo(photo.photo_id).status == "ready"
    assert sweep_request(ann, trash.LIST_LAG + timedelta(seconds=1))
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert not sweep_request(ann, 10 * LATER)


def test_sweep_starts_the_job_if_the_queue_rejects_its_message(shared_cloud: Cloud, ann: Client) -> None:
    photo = add_to_trash(shared_cloud, ann)

    def reject(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": "0"}]

    with hooked("after-call.sqs.SendMessageBatch", lambda _: reject, wiring.queue()._sqs):
        request_emptying(ann)
    drain_queue(shared_cloud)
    assert not sweep_request(ann, LATER - timedelta(seconds=10))
    shared_cloud.sweep(datetime.now(UTC) + LATER)
    assert run_queued_jobs(shared_cloud, LATER) > 0
    assert shared_cloud.photo(photo.photo_id).status == "erased"


def test_sweep_resumes_a_job_whose_time_budget_was_spent(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [add_to_trash(shared_cloud, ann) for _ in range(5)]
    request_emptying(ann)
    drain_queue(shared_cloud)
    monkeypatch.setattr(trash, "_BATCH_SIZE", 2)

    def count_erased() -> int:
        return sum(shared_cloud.photo(photo.photo_id).status == "erased" for photo in photos)

    wiring.trash().run(UserId(ann.user_id), timedelta())
    assert count_erased() == 2
    assert sweep_request(ann, timedelta(seconds=1))
    assert count_erased() == 5
    assert sound(shared_cloud, ann)


def test_photo_that_cannot_be_erased_does_not_keep_the_others(shared_cloud: Cloud, ann: Client) -> None:
    first, second = add_to_trash(shared_cloud, ann), add_to_trash(shared_cloud, ann)
    request_emptying(ann)

    def fail(params: dict[str, Any], **_: Any) -> None:
        if first.photo_id in str(params):
            raise Busy

    with hooked("before-call.s3.ListObjectVersions", lambda _: fail, shared_cloud.s3), pytest.raises(Busy):
        run_queued_jobs(shared_cloud)
    assert shared_cloud.photo(second.photo_id).status == "erased"
    assert sweep_request(ann, LATER)
    assert not sweep_request(ann, LATER)
    clean_up_due_photos(shared_cloud, UNUSED_GRANT_DUE)
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("modes", [REFUSED + ANSWER_LOST, KILLED])
def test_retry_empties_the_trash_after_a_fault_at_any_call(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    ann = shared_cloud.person(f"fault-{uuid4()}")
    trashed, kept = add_to_trash(shared_cloud, ann), shared_cloud.upload(ann, JPEG)
    before = Snapshot(shared_cloud)
    job = EmptyTrash(UserId(ann.user_id))

    def run(fault: Fault) -> None:
        before.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            for step in (
                lambda: require_success(ann.delete("/trash")),
                lambda: run_job(job, datetime.now(UTC)),
                lambda: run_job(job, datetime.now(UTC) + LATER),
            ):
                if ended_by_fault(step):
                    assert broken(shared_cloud, ann.user_id) == []
                    assert not ended_by_fault(step)
        assert shared_cloud.photo(trashed.photo_id).status == "erased"
        assert get_status(shared_cloud, kept) == ("ready", False)
        assert not sweep_request(ann, 2 * LATER)
        clean_up_due_photos(shared_cloud, UNUSED_GRANT_DUE)
        assert left_over(shared_cloud, ann.user_id) == []
        assert broken(shared_cloud, ann.user_id) == []

    operations = run_with_fault_at_every_call(modes, run)
    assert {"read", "write", "SendMessageBatch", "ListObjectVersions", "DeleteObjects"} <= {*operations}
