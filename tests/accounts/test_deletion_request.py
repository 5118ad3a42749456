"""The request that cancels an account: tokens are invalid immediately, and a failed request can be retried."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.accounts.accounts import PURGE_LEASE
from tests.support import gallery
from tests.support.account_deletion import is_deleted, run_queued_jobs, sweep_accounts
from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.fault_runs import MAX_CALLS
from tests.support.faults import Fault, striking
from tests.support.gallery import JPEG
from tests.support.invariants import broken
from tests.support.sweeps import drain_queue


def test_account_is_cancelled_immediately_and_then_purged(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    photos = gallery.furnish(shared_cloud, ann, bob)
    before = gallery.without(shared_cloud, ann.user_id)
    answer = ann.delete("/account")
    assert (answer.status, answer.json) == (202, {"status": "cancelling"})
    assert "Max-Age=0" in answer.cookies["__Host-refresh"]
    for rejected in (ann.get("/photos"), ann.post("/upload", {}), ann.delete("/account"), ann.get("/account")):
        assert (rejected.status, rejected.json["error"]) == (401, "InvalidToken")
    assert [name for name, _ in cognito.asked] == ["GlobalSignOut"]
    assert run_queued_jobs(shared_cloud) == 1
    assert is_deleted(shared_cloud, ann.user_id)
    assert [name for name, _ in cognito.asked] == ["GlobalSignOut", "AdminDeleteUser"]
    assert cognito.asked[1][1] == {"UserPoolId": shared_cloud.settings.user_pool_id, "Username": ann.user_id}
    after = gallery.without(shared_cloud, ann.user_id)
    # The purge also changes the revision of a trashed photo, so that a restore cannot bring back its old score.
    assert remove_sums(after) == remove_sums(before)
    assert [shared_cloud.photo(photo.photo_id).rating_count for photo in photos] == [0, 0]
    assert broken(shared_cloud, bob.user_id) == []


def remove_sums(data: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Remove the facts of photos that change with a rating."""
    changing = {"ratingSum", "ratingCount", "rating_sum", "rating_count", "score", "revision"}
    return {
        table: [row if isinstance(row, str) else {name: row[name] for name in row.keys() - changing} for row in rows]
        for table, rows in data.items()
    }


@pytest.mark.usefixtures("cognito")
def test_account_without_data_can_be_cancelled(shared_cloud: Cloud, ann: Client) -> None:
    assert ann.delete("/account").status == 202
    assert ann.get("/trash").status == 401
    run_queued_jobs(shared_cloud)
    assert is_deleted(shared_cloud, ann.user_id)


def test_visitor_cannot_cancel_an_account(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(ann, JPEG)
    assert shared_cloud.visitor.delete("/account").status == 401
    assert shared_cloud.bearing("x").delete("/account").status == 401
    assert ann.delete("/account", permanent="true").status == 400
    assert ann.get("/photos", scope="mine").json["items"]
    assert drain_queue(shared_cloud) == []


def test_sweep_purges_an_account_if_the_sign_out_fails_and_its_job_is_lost(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    cognito.refuse("GlobalSignOut", code="TooManyRequestsException")
    assert ann.delete("/account").status == 202
    assert ann.get("/photos").status == 401
    assert len(drain_queue(shared_cloud)) == 1
    assert sweep_accounts(shared_cloud, PURGE_LEASE - timedelta(minutes=1)) == 0
    assert sweep_accounts(shared_cloud, PURGE_LEASE + timedelta(minutes=1)) == 1
    assert is_deleted(shared_cloud, ann.user_id)


def test_request_with_a_fault_at_any_call_cancels_the_account_or_can_be_retried(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    assert cognito.asked == []
    for call_number in range(MAX_CALLS):
        for mode in ("not sent", "answer lost", "throttled", "500"):
            ann = shared_cloud.person(f"ann-{uuid4()}")
            shared_cloud.grant(ann)
            with striking(Fault(call_number, mode), *shared_cloud.clients) as fault:
                answer = ann.delete("/account")
            is_harmless = fault.struck in ("", "SendMessageBatch") or fault.is_retried
            assert (answer.status == 202) == is_harmless, (call_number, mode, answer)
            assert answer.status in (202, 503)
            assert ann.delete("/account").status in (202, 401)
            drain_queue(shared_cloud)
            assert sweep_accounts(shared_cloud, PURGE_LEASE + timedelta(minutes=1)) == 1
            assert is_deleted(shared_cloud, ann.user_id)
            sweep_accounts(shared_cloud, 2 * PURGE_LEASE)
        if not fault.struck:
            return
    raise AssertionError("the request makes more calls than expected")
