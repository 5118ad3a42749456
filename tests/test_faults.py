"""A fault at every call to AWS, of every kind; then whoever was struck tries again, or the sweep finds it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError

import app as service
from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, timestamp
from chalicelib.domain.photos import GRANT_LIFETIME, TRASH_LIFETIME
from chalicelib.infra import aws
from chalicelib.jobs import jobs
from tests.support.cloud import Answer, Client, Cloud, created
from tests.support.faults import Fault, Killed, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, originals_of, rows
from tests.support.rows import empty

JPEG = make_photo(64, 48)
DUE = 2 * GRANT_LIFETIME + timedelta(seconds=1)
MOST_CALLS = 100
# In the code's eyes these are one: nothing was done, and it still runs.
REFUSED: tuple[Mode, ...] = ("not sent", "throttled", "500")
LOST: tuple[Mode, ...] = ("answer lost",)
KILLED: tuple[Mode, ...] = ("killed",)

Step = Callable[[], Any]


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
        self.grant = _done(self.ann.post("/upload", wanted)).json

    def upload(self) -> None:
        self.event = created(self.grant["s3Key"], self.cloud.put(self.grant, self.content))

    def confirm(self) -> None:
        self.cloud.deliver(self.event)

    def complete(self) -> None:
        _done(self.ann.post(f"/photos/{self.grant['photoId']}/complete"), 422)

    def trash(self) -> None:
        _done(self.ann.delete(f"/photos/{self.grant['photoId']}"), 409)

    def erase(self) -> None:
        _done(self.ann.delete(f"/photos/{self.grant['photoId']}", permanent="true"), 404)

    def sweep(self, after: timedelta = DUE) -> None:
        sweep(self.cloud, after)


def _done(answer: Answer, *also: int) -> Answer:
    if answer.status == 503:
        assert answer.json["error"] == "Busy"
        assert int(answer.headers["Retry-After"]) > 0
        raise Busy
    assert answer.status < 300 or answer.status in also, answer
    return answer


def due_after(cloud: Cloud, after: timedelta) -> list[PhotoId]:
    return cloud.store.due(timestamp(datetime.now(UTC) + after), 100)


def settle(due: list[PhotoId], after: timedelta) -> None:
    for photo_id in due:
        service.do(jobs.Settle(photo_id), datetime.now(UTC) + after)


def sweep(cloud: Cloud, after: timedelta) -> None:
    """Do at once what a sweep at that time would hand to the queue."""
    settle(due_after(cloud, after), after)


def struck(step: Step) -> bool:
    """Take a step; whether a fault ended it."""
    try:
        step()
    except (Busy, Killed):
        return True
    except ExceptionGroup as group:
        if others := group.split(Busy)[1]:
            raise others from group
        return True
    return False


def at_every_call(modes: tuple[Mode, ...], run: Callable[[Fault], None]) -> list[str]:
    """`run` with a fault at the first call, at the second, and so on until there are no more; what was struck.

    The `modes` take turns.
    """
    operations: list[str] = []
    for at in range(MOST_CALLS):
        fault = Fault(at, modes[at % len(modes)])
        run(fault)
        if not fault.struck:
            return operations
        operations.append(fault.struck)
    raise AssertionError("the calls do not end")


def clients(cloud: Cloud) -> list[Any]:
    return [cloud.s3, cloud.dynamodb, wiring.queue()._sqs]


def sound(cloud: Cloud, ann: Client) -> None:
    assert broken(cloud, ann.user_id) == []
    assert left_over(cloud, ann.user_id) == []


@pytest.mark.parametrize(
    ("modes", "content", "waits"),
    [
        (REFUSED, JPEG, True),
        (LOST, JPEG, True),
        (KILLED, JPEG, True),
        (REFUSED + LOST, JPEG, False),
        (LOST + KILLED, b"<html>", True),
    ],
)
def test_whoever_is_struck_tries_again_and_all_ends_well(
    shared_cloud: Cloud, modes: tuple[Mode, ...], content: bytes, waits: bool
) -> None:
    def run(fault: Fault) -> None:
        empty(shared_cloud.settings, shared_cloud.dynamodb)
        journey = Journey(shared_cloud, f"again-{uuid4()}", content, waits=waits)
        with striking(fault, *clients(shared_cloud)):
            for step in journey.steps:
                if struck(step):
                    assert broken(shared_cloud, journey.ann.user_id) == []
                    assert not struck(step)
        erased = journey.grant["photoId"]
        assert shared_cloud.photo(erased).status == "erased"
        journey.sweep()
        sound(shared_cloud, journey.ann)
        journey.confirm()
        assert [(photo.photo_id, photo.status) for photo in rows(shared_cloud, journey.ann.user_id)] == [
            (erased, "erased")
        ]
        sound(shared_cloud, journey.ann)

    operations = at_every_call(modes, run)
    expected = {"GetItem", "GetObject", "TransactWriteItems", "ListObjectVersions", "DeleteObjects", "ListObjectsV2"}
    assert expected <= {*operations}


@pytest.mark.parametrize("modes", [LOST, KILLED])
def test_what_nobody_tries_again_the_sweep_brings_to_an_end(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    def run(fault: Fault) -> None:
        empty(shared_cloud.settings, shared_cloud.dynamodb)
        journey = Journey(shared_cloud, f"gives-up-{uuid4()}", JPEG)
        with striking(fault, *clients(shared_cloud)):
            any(struck(step) for step in journey.steps)
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

    assert len(at_every_call(modes, run)) > 15


def test_sweep_that_is_struck_is_finished_by_the_next(shared_cloud: Cloud) -> None:
    def run(fault: Fault) -> None:
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
        due = due_after(shared_cloud, thirty_days)
        with striking(fault, *clients(shared_cloud)):
            struck(lambda: settle(due, thirty_days))
        assert broken(shared_cloud, ann.user_id) == []
        sweep(shared_cloud, thirty_days)
        sweep(shared_cloud, 2 * TRASH_LIFETIME)
        sound(shared_cloud, ann)
        assert {photo.photo_id: photo.status for photo in rows(shared_cloud, ann.user_id)} == {
            undelivered["photoId"]: "ready",
            trashed.photo_id: "erased",
            erased["photoId"]: "erased",
        }

    at_every_call(LOST + KILLED, run)


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
