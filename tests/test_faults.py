"""A fault at every call to AWS, of every kind; then whoever was struck tries again, or the sweep finds it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError

from chalicelib.domain.errors import Busy
from chalicelib.domain.photos import TRASH_LIFETIME
from chalicelib.infra import aws
from tests.support.cloud import Client, Cloud, created
from tests.support.fault_runs import (
    ANSWER_LOST,
    KILLED,
    REFUSED,
    Step,
    aws_clients,
    ended_by_fault,
    replay_with_fault_at_every_call,
    require_success,
    run_with_fault_at_every_call,
)
from tests.support.faults import Fault, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, originals_of, rows
from tests.support.rows import empty
from tests.support.snapshots import Snapshot
from tests.support.sweeps import UNUSED_GRANT_DUE, photos_due_after, settle_due_photos, settle_photos

JPEG = make_photo(64, 48)


class Journey:
    """One person's upload, from its grant to its tombstone, in steps that the one who takes them may repeat."""

    def __init__(self, cloud: Cloud, name: str, content: bytes, *, waits: bool = True) -> None:
        self.cloud, self.ann, self.content, self.waits = cloud, cloud.person(name), content, waits
        self.grant: dict[str, Any] = {}
        self.event: dict[str, Any] = {}

    @property
    def steps(self) -> list[Step]:
        """`waits`: for the event, instead of asking for the confirmation."""
        return [self.ask, self.upload, self.confirm if self.waits else self.complete, self.trash, self.erase]

    def ask(self) -> None:
        wanted = {"filename": "x.jpg", "contentType": "image/jpeg", "tags": ["sea"]}
        self.grant = require_success(self.ann.post("/upload", wanted)).json

    def upload(self) -> None:
        self.event = created(self.grant["s3Key"], self.cloud.put(self.grant, self.content))

    def confirm(self) -> None:
        self.cloud.deliver(self.event)

    def complete(self) -> None:
        require_success(self.ann.post(f"/photos/{self.grant['photoId']}/complete"), 422)

    def trash(self) -> None:
        require_success(self.ann.delete(f"/photos/{self.grant['photoId']}"), 409)

    def erase(self) -> None:
        require_success(self.ann.delete(f"/photos/{self.grant['photoId']}", permanent="true"), 404)

    def sweep(self, after: timedelta = UNUSED_GRANT_DUE) -> None:
        settle_due_photos(self.cloud, after)


def sound(cloud: Cloud, ann: Client) -> None:
    assert broken(cloud, ann.user_id) == []
    assert left_over(cloud, ann.user_id) == []


@pytest.mark.parametrize(
    ("modes", "content", "waits"),
    [
        (REFUSED, JPEG, True),
        (ANSWER_LOST, JPEG, True),
        (KILLED, JPEG, True),
        (REFUSED + ANSWER_LOST, JPEG, False),
        (ANSWER_LOST + KILLED, b"<html>", True),
    ],
)
def test_whoever_is_struck_tries_again_and_all_ends_well(
    shared_cloud: Cloud, modes: tuple[Mode, ...], content: bytes, waits: bool
) -> None:
    journey = Journey(shared_cloud, f"again-{uuid4()}", content, waits=waits)

    def run(fault: Fault, steps: list[Step]) -> None:
        with striking(fault, *aws_clients(shared_cloud)):
            for step in steps:
                if ended_by_fault(step):
                    assert broken(shared_cloud, journey.ann.user_id) == []
                    assert not ended_by_fault(step)
        erased = journey.grant["photoId"]
        assert shared_cloud.photo(erased).status == "erased"
        journey.sweep()
        sound(shared_cloud, journey.ann)
        journey.confirm()
        assert [(photo.photo_id, photo.status) for photo in rows(shared_cloud, journey.ann.user_id)] == [
            (erased, "erased")
        ]
        sound(shared_cloud, journey.ann)

    operations = replay_with_fault_at_every_call(journey, modes, run)
    expected = {"GetItem", "GetObject", "TransactWriteItems", "ListObjectVersions", "DeleteObjects", "ListObjectsV2"}
    assert expected <= {*operations}


@pytest.mark.parametrize("modes", [ANSWER_LOST, KILLED])
def test_what_nobody_tries_again_the_sweep_brings_to_an_end(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    journey = Journey(shared_cloud, f"gives-up-{uuid4()}", JPEG)

    def run(fault: Fault, steps: list[Step]) -> None:
        with striking(fault, *aws_clients(shared_cloud)):
            any(ended_by_fault(step) for step in steps)
        assert broken(shared_cloud, journey.ann.user_id) == []
        before = {photo.photo_id: photo.status for photo in rows(shared_cloud, journey.ann.user_id)}
        uploaded = originals_of(shared_cloud, journey.ann.user_id)
        journey.sweep()
        sound(shared_cloud, journey.ann)
        after = {photo.photo_id: photo.status for photo in rows(shared_cloud, journey.ann.user_id)}
        assert after == {
            photo_id: "ready" if status == "pending" else status
            for photo_id, status in before.items()
            if status != "pending" or uploaded
        }
        if journey.event:
            journey.confirm()
        sound(shared_cloud, journey.ann)
        assert {photo.photo_id: photo.status for photo in rows(shared_cloud, journey.ann.user_id)} == after

    assert len(replay_with_fault_at_every_call(journey, modes, run)) > 15


def test_sweep_that_is_struck_is_finished_by_the_next(shared_cloud: Cloud) -> None:
    empty(shared_cloud.settings, shared_cloud.dynamodb)
    ann = shared_cloud.person(f"swept-{uuid4()}")
    shared_cloud.grant(ann)
    undelivered, erased = shared_cloud.grant(ann), shared_cloud.grant(ann)
    shared_cloud.put(undelivered, JPEG)
    trashed = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{trashed.photo_id}")
    ann.delete(f"/photos/{erased['photoId']}", permanent="true")
    shared_cloud.put(erased, JPEG)
    thirty_days = TRASH_LIFETIME + timedelta(minutes=1)
    due = photos_due_after(shared_cloud, thirty_days)
    before = Snapshot(shared_cloud)

    def run(fault: Fault) -> None:
        before.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            ended_by_fault(lambda: settle_photos(due, thirty_days))
        assert broken(shared_cloud, ann.user_id) == []
        settle_due_photos(shared_cloud, thirty_days)
        settle_due_photos(shared_cloud, 2 * TRASH_LIFETIME)
        sound(shared_cloud, ann)
        assert {photo.photo_id: photo.status for photo in rows(shared_cloud, ann.user_id)} == {
            undelivered["photoId"]: "ready",
            trashed.photo_id: "erased",
            erased["photoId"]: "erased",
        }

    run_with_fault_at_every_call(ANSWER_LOST + KILLED, run)


# --- How a failure arrives


def answered(status: int, code: str) -> Any:
    made = aws.client("dynamodb")
    response = AWSResponse("https://aws", status, HTTPHeaders(), None)
    made.meta.events.register("before-call", lambda **_: (response, {"Error": {"Code": code}}))
    return made


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalServerError"),
        (503, ""),
        (400, "ProvisionedThroughputExceededException"),
        (400, "ThrottlingException"),
        (400, "RequestLimitExceeded"),
        (400, "TransactionInProgressException"),
        (503, "SlowDown"),
    ],
)
@pytest.mark.usefixtures("shared_cloud")
def test_service_that_fails_or_throttles_is_busy(status: int, code: str) -> None:
    with pytest.raises(Busy):
        answered(status, code).list_tables()


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "AccessDeniedException", "ValidationException"])
@pytest.mark.usefixtures("shared_cloud")
def test_refusal_stays_what_it_is(code: str) -> None:
    with pytest.raises(ClientError) as raised:
        answered(400, code).list_tables()
    assert raised.value.response["Error"]["Code"] == code


@pytest.mark.usefixtures("shared_cloud")
def test_silence_is_busy_and_a_bug_of_ours_is_not() -> None:
    silent = aws.client("dynamodb")

    def fail(**_: Any) -> None:
        raise ConnectTimeoutError(endpoint_url="https://aws")

    silent.meta.events.register_first("before-send", fail)
    with pytest.raises(Busy):
        silent.list_tables()
    with pytest.raises(ParamValidationError):
        silent.get_item()
