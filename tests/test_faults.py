"""Faults of every kind at every call to AWS. Afterwards, the client retries or a sweep repairs the data."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.photos import TRASH_LIFETIME
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
from tests.support.snapshots import Snapshot
from tests.support.sweeps import UNUSED_GRANT_DUE, clean_up_due_photos, clean_up_photos, photos_due_after

JPEG = make_photo(64, 48)


class Journey:
    """The upload of one user, from its grant to its tombstone, in steps that can be retried."""

    def __init__(self, cloud: Cloud, name: str, content: bytes, *, by_event: bool = True) -> None:
        self.cloud, self.ann, self.content, self.by_event = cloud, cloud.person(name), content, by_event
        self.grant: dict[str, Any] = {}
        self.event: dict[str, Any] = {}

    @property
    def steps(self) -> list[Step]:
        """The steps in order. If `by_event` is False, the client requests the confirmation and no event arrives."""
        confirm = self.deliver_event if self.by_event else self.complete
        return [self.request_grant, self.upload, confirm, self.trash, self.erase]

    def request_grant(self) -> None:
        body = {"filename": "x.jpg", "contentType": "image/jpeg", "tags": ["sea"]}
        self.grant = require_success(self.ann.post("/upload", body)).json

    def upload(self) -> None:
        self.event = created(self.grant["s3Key"], self.cloud.put(self.grant, self.content))

    def deliver_event(self) -> None:
        self.cloud.deliver(self.event)

    def complete(self) -> None:
        require_success(self.ann.post(f"/photos/{self.grant['photoId']}/complete"), 422)

    def trash(self) -> None:
        require_success(self.ann.delete(f"/photos/{self.grant['photoId']}"), 409)

    def erase(self) -> None:
        require_success(self.ann.delete(f"/photos/{self.grant['photoId']}", permanent="true"), 404)

    def sweep(self, after: timedelta = UNUSED_GRANT_DUE) -> None:
        clean_up_due_photos(self.cloud, after)


def check_data(cloud: Cloud, ann: Client) -> None:
    assert broken(cloud, ann.user_id) == []
    assert left_over(cloud, ann.user_id) == []


@pytest.mark.parametrize(
    ("modes", "content", "by_event"),
    [
        (REFUSED, JPEG, True),
        (ANSWER_LOST, JPEG, True),
        (KILLED, JPEG, True),
        (REFUSED + ANSWER_LOST, JPEG, False),
        (ANSWER_LOST + KILLED, b"<html>", True),
    ],
)
def test_upload_and_deletion_succeed_if_the_client_retries_after_a_fault(
    shared_cloud: Cloud, modes: tuple[Mode, ...], content: bytes, by_event: bool
) -> None:
    journey = Journey(shared_cloud, f"retry-{uuid4()}", content, by_event=by_event)

    def run(fault: Fault, steps: list[Step]) -> None:
        with striking(fault, *aws_clients(shared_cloud)):
            for step in steps:
                if ended_by_fault(step):
                    assert broken(shared_cloud, journey.ann.user_id) == []
                    assert not ended_by_fault(step)
        erased = journey.grant["photoId"]
        assert shared_cloud.photo(erased).status == "erased"
        journey.sweep()
        check_data(shared_cloud, journey.ann)
        journey.deliver_event()
        assert [(photo.photo_id, photo.status) for photo in rows(shared_cloud, journey.ann.user_id)] == [
            (erased, "erased")
        ]
        check_data(shared_cloud, journey.ann)

    operations = replay_with_fault_at_every_call(journey, modes, run)
    expected = {"read", "write", "GetObject", "ListObjectVersions", "DeleteObjects", "ListObjectsV2"}
    assert expected <= {*operations}


@pytest.mark.parametrize("modes", [ANSWER_LOST, KILLED])
def test_sweep_cleans_up_an_upload_that_no_client_retries_after_a_fault(
    shared_cloud: Cloud, modes: tuple[Mode, ...]
) -> None:
    journey = Journey(shared_cloud, f"absent-{uuid4()}", JPEG)

    def run(fault: Fault, steps: list[Step]) -> None:
        with striking(fault, *aws_clients(shared_cloud)):
            any(ended_by_fault(step) for step in steps)
        assert broken(shared_cloud, journey.ann.user_id) == []
        before = {photo.photo_id: photo.status for photo in rows(shared_cloud, journey.ann.user_id)}
        uploaded = originals_of(shared_cloud, journey.ann.user_id)
        journey.sweep()
        check_data(shared_cloud, journey.ann)
        after = {photo.photo_id: photo.status for photo in rows(shared_cloud, journey.ann.user_id)}
        assert after == {
            photo_id: "ready" if status == "pending" else status
            for photo_id, status in before.items()
            if status != "pending" or uploaded
        }
        if journey.event:
            journey.deliver_event()
        check_data(shared_cloud, journey.ann)
        assert {photo.photo_id: photo.status for photo in rows(shared_cloud, journey.ann.user_id)} == after

    assert len(replay_with_fault_at_every_call(journey, modes, run)) > 15


def test_next_sweep_finishes_a_sweep_that_a_fault_ended(shared_cloud: Cloud) -> None:
    shared_cloud.stored.clear()
    ann = shared_cloud.person(f"swept-{uuid4()}")
    shared_cloud.grant(ann)
    undelivered, erased = shared_cloud.grant(ann), shared_cloud.grant(ann)
    shared_cloud.put(undelivered, JPEG)
    trashed = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{trashed.photo_id}")
    ann.delete(f"/photos/{erased['photoId']}", permanent="true")
    shared_cloud.put(erased, JPEG)
    trash_due = TRASH_LIFETIME + timedelta(minutes=1)
    due = photos_due_after(shared_cloud, trash_due)
    before = Snapshot(shared_cloud)

    def run(fault: Fault) -> None:
        before.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            ended_by_fault(lambda: clean_up_photos(due, trash_due))
        assert broken(shared_cloud, ann.user_id) == []
        clean_up_due_photos(shared_cloud, trash_due)
        clean_up_due_photos(shared_cloud, 2 * TRASH_LIFETIME)
        check_data(shared_cloud, ann)
        assert {photo.photo_id: photo.status for photo in rows(shared_cloud, ann.user_id)} == {
            undelivered["photoId"]: "ready",
            trashed.photo_id: "erased",
            erased["photoId"]: "erased",
        }

    run_with_fault_at_every_call(ANSWER_LOST + KILLED, run)
