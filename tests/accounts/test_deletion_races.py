"""Uploads, events and changes that arrive while a cancelled account is deleted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from threading import Lock
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.accounts.accounts import PURGE_LEASE
from chalicelib.accounts.deletion import AccountPurge
from chalicelib.domain.ids import UserId
from chalicelib.domain.messages import PurgeAccount
from chalicelib.storage.bucket import PhotoBuckets
from tests.support import gallery
from tests.support.account_deletion import FINAL_PASS_DUE, is_deleted, run_queued_jobs, sweep_accounts
from tests.support.cloud import Client, Cloud, created
from tests.support.cognito import Cognito
from tests.support.faults import hooked
from tests.support.gallery import JPEG
from tests.support.sweeps import drain_queue, run_job
from tests.support.uploads import during_writes


@pytest.mark.usefixtures("cognito")
@pytest.mark.parametrize("order", [*permutations(["cancel", "purge", "event", "final"])], ids="-".join)
@pytest.mark.parametrize("size", [None, len(JPEG)])
def test_upload_during_a_deletion_leaves_nothing_in_any_order_of_steps(
    shared_cloud: Cloud, ann: Client, order: tuple[str, ...], size: int | None
) -> None:
    grant = shared_cloud.grant(ann, **({"size": size} if size else {}))
    event = created(grant["s3Key"], shared_cloud.put(grant, JPEG))
    job = PurgeAccount(UserId(ann.user_id))
    steps: dict[str, Callable[[], Any]] = {
        "cancel": lambda: ann.delete("/account"),
        "purge": lambda: run_job(job, datetime.now(UTC)),
        "event": lambda: shared_cloud.deliver(event),
        "final": lambda: run_job(job, datetime.now(UTC) + FINAL_PASS_DUE),
    }
    for step in order:
        steps[step]()
    drain_queue(shared_cloud)
    sweep_accounts(shared_cloud, 2 * PURGE_LEASE)
    shared_cloud.deliver(event)
    assert is_deleted(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_final_pass_deletes_an_object_whose_event_never_arrives(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    ann.delete("/account")
    run_queued_jobs(shared_cloud)
    shared_cloud.put(grant, JPEG)
    assert not is_deleted(shared_cloud, ann.user_id)
    assert sweep_accounts(shared_cloud, FINAL_PASS_DUE) == 1
    assert is_deleted(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_confirmation_during_the_purge_of_its_photo_leaves_nothing(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, size=len(JPEG))
    version = shared_cloud.put(grant, JPEG)
    ann.delete("/account")
    bodies = drain_queue(shared_cloud)

    def run_purge(**_: Any) -> None:
        while bodies:
            run_job(bodies.pop(), datetime.now(UTC))

    with during_writes(shared_cloud, run_purge):
        shared_cloud.deliver(created(grant["s3Key"], version))
    assert bodies == []
    assert is_deleted(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_next_pass_purges_a_photo_that_changes_during_its_purge(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete("/account")

    def change_tags() -> None:
        current = shared_cloud.photo(photo.photo_id)
        assert shared_cloud.store.replace(current, current.with_(title="x", tags=("new",)))

    changes: list[Callable[[], Any]] = [partial(gallery.rate, shared_cloud, photo, bob.user_id, 5), change_tags]
    lock = Lock()

    def apply_change(model: Any, params: Any, **_: Any) -> None:
        is_photo_write = model.name == "TransactWriteItems" and shared_cloud.settings.photo_table in str(params)
        # The changes write photos too. The lock keeps their own writes from starting another change.
        if is_photo_write and changes and lock.acquire(blocking=False):
            changes.pop()()
            lock.release()

    with hooked("before-call.dynamodb", lambda _: apply_change, shared_cloud.dynamodb):
        run_queued_jobs(shared_cloud)
    assert changes == []
    assert is_deleted(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_next_pass_removes_a_rating_whose_photo_is_rated_during_the_purge(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    photo = gallery.rate(shared_cloud, shared_cloud.upload(bob, JPEG), ann.user_id, 4)
    ann.delete("/account")
    changes = [partial(gallery.rate, shared_cloud, photo, bob.user_id, 5)]

    def apply_change(model: Any, params: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and shared_cloud.settings.rating_table in str(params) and changes:
            changes.pop()()

    with hooked("before-call.dynamodb", lambda _: apply_change, shared_cloud.dynamodb):
        run_queued_jobs(shared_cloud)
    assert changes == []
    assert is_deleted(shared_cloud, ann.user_id)
    purged = shared_cloud.photo(photo.photo_id)
    assert (purged.rating_sum, purged.rating_count) == (5, 1)
    assert shared_cloud.visitor.get("/photos", order="top").json["items"][0]["photoId"] == photo.photo_id


@pytest.mark.usefixtures("cognito")
def test_final_pass_purges_a_photo_that_the_index_does_not_show_yet(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(ann, JPEG)
    ann.delete("/account")

    def return_no_items(parsed: dict[str, Any], context: Any, **_: Any) -> None:
        if context.get("reads_owner_index"):
            parsed["Items"] = []

    def mark_owner_query(params: Any, context: Any, **_: Any) -> None:
        context["reads_owner_index"] = '"IndexName": "owner"' in str(params.get("body"))

    with (
        hooked("before-call.dynamodb.Query", lambda _: mark_owner_query, shared_cloud.dynamodb),
        hooked("after-call.dynamodb.Query", lambda _: return_no_items, shared_cloud.dynamodb),
    ):
        run_queued_jobs(shared_cloud)
    assert shared_cloud.originals() == []
    assert not is_deleted(shared_cloud, ann.user_id)
    sweep_accounts(shared_cloud, FINAL_PASS_DUE)
    assert is_deleted(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_photo_jobs_of_a_cancelled_account_leave_nothing(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    late = datetime.now(UTC) + timedelta(days=40)
    shared_cloud.sweep(late)
    clean_up_jobs = drain_queue(shared_cloud)
    for body in clean_up_jobs:
        run_job(body, late)
    assert sum(json.loads(body)["job"] == "settle" for body in clean_up_jobs) > 3
    run_job(PurgeAccount(UserId(ann.user_id)), late)
    for body in clean_up_jobs:
        run_job(body, late)
    assert is_deleted(shared_cloud, ann.user_id)


def test_purge_erases_only_objects_under_the_prefix_of_the_user(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    erased_prefixes: list[str] = []
    real_bucket = shared_cloud.bucket

    class RecordingBucket(PhotoBuckets):
        def __init__(self) -> None:
            pass

        def erase(self, prefix: str) -> None:
            erased_prefixes.append(prefix)
            real_bucket.erase(prefix)

    ann.delete("/account")
    AccountPurge(wiring.stores().deletions, RecordingBucket(), wiring.user_pool(), wiring.now).run(UserId(ann.user_id))
    assert erased_prefixes == [f"{ann.user_id}/"]
    assert cognito.asked
