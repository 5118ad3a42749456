"""Cancelling an account: at once for its tokens, then for everything it holds, whatever comes in between."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest

import app as service
from chalicelib import wiring
from chalicelib.accounts import deletion
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import GRANT_LIFETIME
from chalicelib.jobs import jobs
from chalicelib.storage.bucket import Bucket
from tests.support import gallery
from tests.support.cloud import Client, Cloud, created
from tests.support.cognito import Cognito
from tests.support.faults import Fault, Killed, hooked, striking
from tests.support.gallery import JPEG
from tests.support.invariants import broken
from tests.support.rows import empty
from tests.support.sweeps import drain_queue

FINAL = 2 * GRANT_LIFETIME + timedelta(minutes=1)


@pytest.fixture
def ann(shared_cloud: Cloud) -> Client:
    """Somebody without a photo, alone on the service."""
    empty(shared_cloud.settings, shared_cloud.dynamodb)
    shared_cloud.bucket.erase("")
    drain_queue(shared_cloud)
    return shared_cloud.person(f"ann-{uuid4()}")


@pytest.fixture
def bob(shared_cloud: Cloud) -> Client:
    """Somebody else."""
    return shared_cloud.person(f"bob-{uuid4()}")


@pytest.fixture
def cognito(shared_cloud: Cloud) -> Cognito:
    """The user pool, which knows everybody."""
    return Cognito(shared_cloud)


def purge(cloud: Cloud, after: timedelta = timedelta()) -> int:
    """Do what is in the queue, as of that time from now; how many jobs."""
    bodies = drain_queue(cloud)
    for body in bodies:
        service.do(jobs.read(body), datetime.now(UTC) + after)
    return len(bodies)


def sweep(cloud: Cloud, after: timedelta) -> int:
    """Sweep at that time from now, and do what it hands on; how many accounts."""
    count = deletion.sweep(wiring.cancellations(), wiring.queue(), datetime.now(UTC) + after)
    assert purge(cloud, after) == count
    return count


def gone(cloud: Cloud, user_id: str) -> bool:
    """Whether nothing is left but that the account was cancelled."""
    left = gallery.of(cloud, user_id)
    return list(left) == [cloud.settings.account_table] and len(left[cloud.settings.account_table]) == 1


# --- The request


def test_account_is_cancelled_at_once_and_then_purged(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    photos = gallery.furnish(shared_cloud, ann, bob)
    before = gallery.without(shared_cloud, ann.user_id)
    answer = ann.delete("/account")
    assert (answer.status, answer.json) == (202, {"status": "cancelling"})
    assert "Max-Age=0" in answer.cookies["__Host-refresh"]
    for attempt in (ann.get("/photos"), ann.post("/upload", {}), ann.delete("/account"), ann.get("/account")):
        assert (attempt.status, attempt.json["error"]) == (401, "InvalidToken")
    assert [name for name, _ in cognito.asked] == ["GlobalSignOut"]
    assert purge(shared_cloud) == 1
    assert gone(shared_cloud, ann.user_id)
    assert [name for name, _ in cognito.asked] == ["GlobalSignOut", "AdminDeleteUser"]
    assert cognito.asked[1][1] == {"UserPoolId": shared_cloud.settings.user_pool_id, "Username": ann.user_id}
    after = gallery.without(shared_cloud, ann.user_id)
    # The revision where a photo is in the trash, so that nobody restores it with the score that it had.
    sums = {"ratingSum", "ratingCount", "score", "revision"}
    for row in [*before[shared_cloud.settings.photo_table], *after[shared_cloud.settings.photo_table]]:
        for name in sums & {*row}:
            del row[name]
    assert after == before
    assert [shared_cloud.photo(photo.photo_id).rating_count for photo in photos] == [0, 0]
    assert broken(shared_cloud, bob.user_id) == []


@pytest.mark.usefixtures("cognito")
def test_account_without_anything_is_cancelled_too(shared_cloud: Cloud, ann: Client) -> None:
    assert ann.delete("/account").status == 202
    assert ann.get("/trash").status == 401
    purge(shared_cloud)
    assert gone(shared_cloud, ann.user_id)


def test_visitor_cancels_nothing(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(ann, JPEG)
    assert shared_cloud.visitor.delete("/account").status == 401
    assert shared_cloud.bearing("x").delete("/account").status == 401
    assert ann.delete("/account", permanent="true").status == 400
    assert ann.get("/photos", scope="mine").json["items"]
    assert drain_queue(shared_cloud) == []


def test_neither_queue_nor_cognito_need_be_there_for_the_account_to_be_cancelled(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    cognito.refuse("GlobalSignOut", code="TooManyRequestsException")
    assert ann.delete("/account").status == 202
    assert ann.get("/photos").status == 401
    assert drain_queue(shared_cloud) == []
    assert sweep(shared_cloud, deletion.LEASE - timedelta(minutes=1)) == 0
    assert sweep(shared_cloud, deletion.LEASE + timedelta(minutes=1)) == 1
    assert gone(shared_cloud, ann.user_id)


def test_request_that_is_struck_anywhere_cancels_or_can_be_repeated(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    assert cognito.asked == []
    for at in range(9):
        for mode in ("not sent", "answer lost", "throttled", "500"):
            ann = shared_cloud.person(f"ann-{uuid4()}")
            shared_cloud.grant(ann)
            with striking(Fault(at, mode), *shared_cloud.clients) as fault:
                answer = ann.delete("/account")
            assert (answer.status == 202) == (fault.struck in ("", "SendMessageBatch")), (at, mode, answer)
            assert answer.status in (202, 503)
            assert ann.delete("/account").status in (202, 401)
            drain_queue(shared_cloud)
            assert sweep(shared_cloud, deletion.LEASE + timedelta(minutes=1)) == 1
            assert gone(shared_cloud, ann.user_id)
            sweep(shared_cloud, 2 * deletion.LEASE)
        if not fault.struck:
            return
    raise AssertionError("the calls do not end")


# --- The job


@pytest.mark.usefixtures("cognito")
def test_final_pass_leaves_a_bare_tombstone_and_is_the_last(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    purge(shared_cloud)
    assert set(gallery.tombstone(shared_cloud, ann.user_id)) == {
        "userId",
        "record",
        "cancelledAt",
        "dueShard",
        "dueAt",
    }
    assert sweep(shared_cloud, FINAL) == 1
    left = gallery.tombstone(shared_cloud, ann.user_id)
    assert set(left) == {"userId", "record", "cancelledAt", "expiresAt"}
    days = timedelta(seconds=left["expiresAt"] - datetime.now(UTC).timestamp()).days
    assert 89 <= days <= 90
    assert sweep(shared_cloud, 10 * FINAL) == 0
    assert ann.get("/photos").status == 401


@pytest.mark.usefixtures("cognito")
def test_job_of_an_account_that_is_not_cancelled_touches_nothing(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    before = gallery.everything(shared_cloud)
    service.do(jobs.Cancel(UserId(ann.user_id)), datetime.now(UTC))
    service.do(jobs.Cancel(UserId("nobody")), datetime.now(UTC))
    assert gallery.everything(shared_cloud) == before


@pytest.mark.usefixtures("cognito")
def test_person_whose_id_begins_alike_loses_nothing(shared_cloud: Cloud, ann: Client) -> None:
    other = shared_cloud.person(f"{ann.user_id}0")
    shared_cloud.upload(ann, JPEG)
    photo = shared_cloud.upload(other, JPEG)
    ann.delete("/account")
    purge(shared_cloud)
    assert broken(shared_cloud, other.user_id) == []
    assert shared_cloud.photo(photo.photo_id) == photo


@pytest.mark.usefixtures("cognito")
def test_job_that_comes_again_and_again_changes_nothing_more(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    (body,) = drain_queue(shared_cloud)
    service.do(jobs.read(body), datetime.now(UTC))
    after = gallery.everything(shared_cloud)
    for _ in range(3):
        service.do(jobs.read(body), datetime.now(UTC))
    kept = gallery.everything(shared_cloud)
    assert kept == after
    service.do(jobs.read(body), datetime.now(UTC) + FINAL)
    final = gallery.everything(shared_cloud)
    service.do(jobs.read(body), datetime.now(UTC) + 2 * FINAL)
    assert gallery.everything(shared_cloud) == final


def test_job_whose_time_is_up_goes_on_as_another(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    rounds = 0
    while bodies := drain_queue(shared_cloud):
        assert [json.loads(body) for body in bodies] == [{"job": "cancel", "userId": ann.user_id}]
        deletion.run(
            wiring.cancellations(),
            shared_cloud.bucket,
            wiring.identity(),
            wiring.queue(),
            UserId(ann.user_id),
            datetime.now(UTC),
            timedelta(),
        )
        rounds += 1
    assert rounds > 4
    assert gone(shared_cloud, ann.user_id)
    assert cognito.asked[-1][0] == "AdminDeleteUser"


def test_user_that_is_gone_already_is_no_error_and_a_refusal_is(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    ann.delete("/account")
    cognito.refuse("AdminDeleteUser", code="TooManyRequestsException")
    (body,) = drain_queue(shared_cloud)
    with pytest.raises(Exception, match="Too many"):
        service.do(jobs.read(body), datetime.now(UTC))
    assert "photoCount" not in gallery.tombstone(shared_cloud, ann.user_id)
    cognito.refuse("AdminDeleteUser", code="UserNotFoundException")
    service.do(jobs.read(body), datetime.now(UTC) + FINAL)
    assert "dueAt" not in gallery.tombstone(shared_cloud, ann.user_id)


def test_killed_at_every_call_it_ends_all_the_same(
    shared_cloud: Cloud, ann: Client, bob: Client, cognito: Cognito
) -> None:
    assert cognito.asked == []
    operations: list[str] = []
    theirs = shared_cloud.upload(bob, JPEG)
    for at in range(200):
        ann = shared_cloud.person(f"ann-{uuid4()}")
        gallery.sketch(shared_cloud, ann, theirs)
        ann.delete("/account")
        (body,) = drain_queue(shared_cloud)
        mode = ("killed", "answer lost", "500")[at % 3]
        with striking(Fault(at, mode), *shared_cloud.clients) as fault:  # type: ignore[arg-type]
            try:
                service.do(jobs.read(body), datetime.now(UTC))
            except (Busy, Killed):
                assert fault.struck
        assert broken(shared_cloud, bob.user_id) == []
        service.do(jobs.read(body), datetime.now(UTC) + FINAL)
        assert gone(shared_cloud, ann.user_id), fault.struck
        assert "dueAt" not in gallery.tombstone(shared_cloud, ann.user_id)
        assert shared_cloud.photo(theirs.photo_id).rating_count == 0
        operations.append(fault.struck)
        if not fault.struck:
            break
    expected = {"GetItem", "BatchGetItem", "Query", "TransactWriteItems", "ListObjectVersions", "DeleteObjects"}
    assert expected <= {*operations}
    assert operations[-1] == ""


def test_objects_that_the_storage_keeps_are_left_to_the_next_attempt(
    shared_cloud: Cloud, ann: Client, cognito: Cognito
) -> None:
    shared_cloud.upload(ann, JPEG)
    ann.delete("/account")
    (body,) = drain_queue(shared_cloud)

    def keep(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Errors"] = [{"Key": "x", "Code": "InternalError"}]

    with hooked("after-call.s3.DeleteObjects", lambda _: keep, shared_cloud.s3), pytest.raises(Busy):
        service.do(jobs.read(body), datetime.now(UTC))
    assert "AdminDeleteUser" not in dict(cognito.asked)
    assert "dueAt" in gallery.tombstone(shared_cloud, ann.user_id)
    service.do(jobs.read(body), datetime.now(UTC))
    assert gone(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_more_than_a_thousand_versions_go(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    for _ in range(1005):
        shared_cloud.s3.put_object(Bucket=shared_cloud.settings.originals_bucket, Key=photo.s3_key, Body=b"x")
    ann.delete("/account")
    purge(shared_cloud)
    assert gone(shared_cloud, ann.user_id)


# --- What is on its way meanwhile


@pytest.mark.usefixtures("cognito")
@pytest.mark.parametrize("order", [*permutations(["cancel", "purge", "event", "final"])], ids="-".join)
@pytest.mark.parametrize("size", [None, len(JPEG)])
def test_upload_on_its_way_leaves_nothing_in_whatever_order(
    shared_cloud: Cloud, ann: Client, order: tuple[str, ...], size: int | None
) -> None:
    grant = shared_cloud.grant(ann, **({"size": size} if size else {}))
    event = created(grant["s3Key"], shared_cloud.put(grant, JPEG))
    job = jobs.Cancel(UserId(ann.user_id))
    steps: dict[str, Callable[[], Any]] = {
        "cancel": lambda: ann.delete("/account"),
        "purge": lambda: service.do(job, datetime.now(UTC)),
        "event": lambda: shared_cloud.deliver(event),
        "final": lambda: service.do(job, datetime.now(UTC) + FINAL),
    }
    for step in order:
        steps[step]()
    drain_queue(shared_cloud)
    sweep(shared_cloud, 2 * deletion.LEASE)
    shared_cloud.deliver(event)
    assert gone(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_object_whose_event_never_comes_goes_with_the_final_pass(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    ann.delete("/account")
    purge(shared_cloud)
    shared_cloud.put(grant, JPEG)
    assert not gone(shared_cloud, ann.user_id)
    assert sweep(shared_cloud, FINAL) == 1
    assert gone(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_confirmation_that_runs_while_its_photo_is_purged_leaves_nothing(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, size=len(JPEG))
    version = shared_cloud.put(grant, JPEG)
    ann.delete("/account")
    bodies = drain_queue(shared_cloud)

    def purge_now(**_: Any) -> None:
        while bodies:
            service.do(jobs.read(bodies.pop()), datetime.now(UTC))

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: purge_now, shared_cloud.dynamodb):
        shared_cloud.deliver(created(grant["s3Key"], version))
    assert bodies == []
    assert gone(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_photo_that_changes_while_it_is_purged_is_taken_by_the_next_pass(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete("/account")

    def retag() -> None:
        current = shared_cloud.photo(photo.photo_id)
        assert shared_cloud.store.replace(current, current.with_(title="x", tags=("new",)))

    changes: list[Callable[[], Any]] = [partial(gallery.rate, shared_cloud, photo, bob.user_id, 5), retag]
    changing = Lock()

    def change(model: Any, params: Any, **_: Any) -> None:
        ours = model.name == "TransactWriteItems" and shared_cloud.settings.photo_table in str(params)
        # The purge's own transactions alone: those of the changes come by here as well.
        if ours and changes and changing.acquire(blocking=False):
            changes.pop()()
            changing.release()

    with hooked("before-call.dynamodb", lambda _: change, shared_cloud.dynamodb):
        purge(shared_cloud)
    assert changes == []
    assert gone(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_rating_that_changes_while_it_is_taken_back_is_taken_by_the_next_pass(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    photo = gallery.rate(shared_cloud, shared_cloud.upload(bob, JPEG), ann.user_id, 4)
    ann.delete("/account")
    changes = [partial(gallery.rate, shared_cloud, photo, bob.user_id, 5)]

    def change(model: Any, params: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and shared_cloud.settings.rating_table in str(params) and changes:
            changes.pop()()

    with hooked("before-call.dynamodb", lambda _: change, shared_cloud.dynamodb):
        purge(shared_cloud)
    assert changes == []
    assert gone(shared_cloud, ann.user_id)
    left = shared_cloud.photo(photo.photo_id)
    assert (left.rating_sum, left.rating_count) == (5, 1)
    assert shared_cloud.visitor.get("/photos", order="top").json["items"][0]["photoId"] == photo.photo_id


@pytest.mark.usefixtures("cognito")
def test_photo_that_the_index_does_not_show_yet_goes_with_the_final_pass(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(ann, JPEG)
    ann.delete("/account")

    def lag(parsed: dict[str, Any], context: Any, **_: Any) -> None:
        if context.get("lags"):
            parsed["Items"] = []

    def mark(params: Any, context: Any, **_: Any) -> None:
        context["lags"] = '"IndexName": "owner"' in str(params.get("body"))

    purging: Any = wiring.cancellations()
    client = purging._calls._client
    with (
        hooked("before-call.dynamodb.Query", lambda _: mark, client),
        hooked("after-call.dynamodb.Query", lambda _: lag, client),
    ):
        purge(shared_cloud)
    assert shared_cloud.originals() == []
    assert not gone(shared_cloud, ann.user_id)
    sweep(shared_cloud, FINAL)
    assert gone(shared_cloud, ann.user_id)


@pytest.mark.usefixtures("cognito")
def test_jobs_of_the_photos_of_a_cancelled_account_leave_nothing(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    gallery.furnish(shared_cloud, ann, bob)
    ann.delete("/account")
    late = datetime.now(UTC) + timedelta(days=40)
    shared_cloud.sweep(late)
    settling = drain_queue(shared_cloud)
    for body in settling:
        service.do(jobs.read(body), late)
    assert sum(json.loads(body)["job"] == "settle" for body in settling) > 3
    service.do(jobs.Cancel(UserId(ann.user_id)), late)
    for body in settling:
        service.do(jobs.read(body), late)
    assert gone(shared_cloud, ann.user_id)


def test_bucket_is_asked_for_the_persons_own_prefix_alone(shared_cloud: Cloud, ann: Client, cognito: Cognito) -> None:
    asked: list[str] = []
    bucket = shared_cloud.bucket

    class Noting(Bucket):
        def __init__(self) -> None:
            pass

        def erase(self, prefix: str) -> None:
            asked.append(prefix)
            bucket.erase(prefix)

    ann.delete("/account")
    deletion.run(
        wiring.cancellations(), Noting(), wiring.identity(), wiring.queue(), UserId(ann.user_id), datetime.now(UTC)
    )
    assert asked == [f"{ann.user_id}/"]
    assert cognito.asked
