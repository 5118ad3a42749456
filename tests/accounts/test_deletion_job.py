"""The job that deletes a cancelled account is complete, idempotent and safe to interrupt at any call."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId
from chalicelib.domain.messages import PurgeAccount
from tests.support import gallery
from tests.support.account_deletion import FINAL_PASS_DUE, is_deleted, purge, purge_job, run_queued_jobs, sweep_accounts
from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.fault_runs import MAX_CALLS, name_operation
from tests.support.faults import Fault, Killed, Mode, hooked, striking
from tests.support.gallery import JPEG
from tests.support.invariants import broken
from tests.support.moto_data import add_versions
from tests.support.snapshots import Snapshot
from tests.support.sweeps import drain_queue, run_job


@pytest.mark.usefixtures("cognito")
def test_final_pass_leaves_only_the_cancelled_marker_and_is_the_last_pass(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    run_queued_jobs(shared_cloud)
    assert set(shared_cloud.stored.read_account(ann.user_id)) == {"cancelledAt", "dueAt"}
    assert sweep_accounts(shared_cloud, FINAL_PASS_DUE) == 1
    marker = shared_cloud.stored.read_account(ann.user_id)
    assert set(marker) == {"cancelledAt", "expiresAt"}
    days = timedelta(seconds=marker["expiresAt"] - datetime.now(UTC).timestamp()).days
    assert 89 <= days <= 90
    assert sweep_accounts(shared_cloud, 10 * FINAL_PASS_DUE) == 0
    assert ann.get("/photos").status == 401


@pytest.mark.usefixtures("cognito")
def test_job_for_an_account_that_is_not_cancelled_changes_nothing(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    before = gallery.everything(shared_cloud)
    run_job(PurgeAccount(UserId(ann.user_id)), datetime.now(UTC))
    run_job(PurgeAccount(UserId("missing-user")), datetime.now(UTC))
    assert gallery.everything(shared_cloud) == before


@pytest.mark.usefixtures("cognito")
def test_purge_keeps_the_data_of_a_user_whose_id_starts_with_the_purged_id(shared_cloud: Cloud, ann: Client) -> None:
    other = shared_cloud.person(f"{ann.user_id}0")
    shared_cloud.upload(ann, JPEG)
    photo = shared_cloud.upload(other, JPEG)
    ann.delete("/account")
    run_queued_jobs(shared_cloud)
    assert broken(shared_cloud, other.user_id) == []
    assert shared_cloud.photo(photo.photo_id) == photo


@pytest.mark.usefixtures("cognito")
def test_repeated_job_changes_nothing_more(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    (body,) = drain_queue(shared_cloud)
    run_job(body, datetime.now(UTC))
    after_first_run = gallery.everything(shared_cloud)
    for _ in range(3):
        run_job(body, datetime.now(UTC))
    after_repeated_runs = gallery.everything(shared_cloud)
    assert after_repeated_runs == after_first_run
    run_job(body, datetime.now(UTC) + FINAL_PASS_DUE)
    after_final_pass = gallery.everything(shared_cloud)
    run_job(body, datetime.now(UTC) + 2 * FINAL_PASS_DUE)
    assert gallery.everything(shared_cloud) == after_final_pass


def test_sweep_resumes_a_job_that_ran_out_of_time(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    rounds = 0
    while bodies := drain_queue(shared_cloud):
        assert [json.loads(body) for body in bodies] == [{"job": "cancel", "userId": ann.user_id}]
        purge().run(UserId(ann.user_id), timedelta())
        assert drain_queue(shared_cloud) == [], "the job must not enqueue a continuation of itself"
        rounds += 1
        purge_job().sweep()
    assert rounds > 4
    assert is_deleted(shared_cloud, ann.user_id)
    assert cognito.asked[-1][0] == "AdminDeleteUser"


def test_job_ignores_a_missing_cognito_user_but_fails_if_cognito_throttles(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    ann.delete("/account")
    cognito.refuse("AdminDeleteUser", code="TooManyRequestsException")
    (body,) = drain_queue(shared_cloud)
    with pytest.raises(Exception, match="Too many"):
        run_job(body, datetime.now(UTC))
    assert "photoCount" not in shared_cloud.stored.read_account(ann.user_id)
    cognito.refuse("AdminDeleteUser", code="UserNotFoundException")
    run_job(body, datetime.now(UTC) + FINAL_PASS_DUE)
    assert "dueAt" not in shared_cloud.stored.read_account(ann.user_id)


def test_final_pass_completes_the_purge_after_a_fault_at_any_call(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    assert cognito.asked == []
    operations: list[str] = []
    modes: tuple[Mode, ...] = ("killed", "answer lost", "500")
    bobs_photo = shared_cloud.upload(bob, JPEG)
    gallery.sketch(shared_cloud, ann, bobs_photo)
    ann.delete("/account")
    (body,) = drain_queue(shared_cloud)
    before = Snapshot(shared_cloud)
    for call_number in range(MAX_CALLS):
        before.restore()
        mode = modes[call_number % 3]
        with striking(Fault(call_number, mode), *shared_cloud.clients) as fault:
            try:
                run_job(body, datetime.now(UTC))
            except (Busy, Killed):
                assert fault.struck
        assert broken(shared_cloud, bob.user_id) == []
        run_job(body, datetime.now(UTC) + FINAL_PASS_DUE)
        assert is_deleted(shared_cloud, ann.user_id), fault.struck
        assert "dueAt" not in shared_cloud.stored.read_account(ann.user_id)
        assert shared_cloud.photo(bobs_photo.photo_id).rating_count == 0
        operations.append(name_operation(fault.struck))
        if not fault.struck:
            break
    expected = {"read", "write", "ListObjectVersions", "DeleteObjects"}
    assert expected <= {*operations}
    assert operations[-1] == ""


def test_next_attempt_deletes_objects_that_s3_failed_to_delete(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    shared_cloud.upload(ann, JPEG)
    ann.delete("/account")
    (body,) = drain_queue(shared_cloud)

    def report_error(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Errors"] = [{"Key": "x", "Code": "InternalError"}]

    with hooked("after-call.s3.DeleteObjects", lambda _: report_error, shared_cloud.s3), pytest.raises(Busy):
        run_job(body, datetime.now(UTC))
    assert "AdminDeleteUser" not in dict(cognito.asked)
    assert "dueAt" in shared_cloud.stored.read_account(ann.user_id)
    run_job(body, datetime.now(UTC))
    assert is_deleted(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_purge_deletes_more_than_a_thousand_object_versions(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    for number in range(5):
        add_versions(shared_cloud.settings.originals_bucket, f"{photo.s3_key}{number}", 201)
    ann.delete("/account")
    run_queued_jobs(shared_cloud)
    assert is_deleted(shared_cloud, ann.user_id)
