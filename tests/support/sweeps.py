"""Run sweeps and the jobs that they enqueue."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import time_machine

from chalicelib import wiring
from chalicelib.albums import propagation
from chalicelib.domain.ids import PhotoId, format_timestamp
from chalicelib.domain.messages import CleanUpPhoto, Message
from chalicelib.domain.photos import GRANT_LIFETIME
from tests.support.cloud import Cloud

UNUSED_GRANT_DUE = 2 * GRANT_LIFETIME + timedelta(seconds=1)
"""The age at which a sweep removes an unused grant."""


def drain_queue(cloud: Cloud) -> list[str]:
    """Delete all messages from the job queue. Return their bodies."""
    queue, sqs = cloud.settings.job_queue_url, wiring.queue()._sqs
    bodies = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies


def run_job(message: Message | str, at: datetime) -> None:
    """Run the job of a message, or of the body of an SQS message, at a given time."""
    body = message if isinstance(message, str) else msgspec.json.encode(message).decode()
    with time_machine.travel(at):
        wiring.jobs().handle(body)


def sweep_and_run_jobs(cloud: Cloud, after: timedelta, times: int = 1) -> list[PhotoId]:
    """Sweep at `after` from now and run every job `times` times. Return the photos that were due."""
    now = datetime.now(UTC) + after
    count = cloud.sweep(now)
    bodies = drain_queue(cloud)
    assert len(bodies) == count
    for body in bodies * times:
        run_job(body, now)
    return [json.loads(body)["photoId"] for body in bodies]


def deliver_clean_up_job(cloud: Cloud, photo_id: str, due: datetime) -> None:
    """Deliver the clean-up job of a photo, as the queue would."""
    cloud.work(msgspec.json.encode(CleanUpPhoto(PhotoId(photo_id))).decode(), due)


def photos_due_after(cloud: Cloud, after: timedelta) -> list[PhotoId]:
    """Return the photos that a sweep at `after` from now would find."""
    return cloud.store.list_due(format_timestamp(datetime.now(UTC) + after), 100)


def clean_up_photos(due: list[PhotoId], after: timedelta) -> None:
    """Run the clean-up jobs of these photos at `after` from now, without the queue."""
    for photo_id in due:
        run_job(CleanUpPhoto(photo_id), datetime.now(UTC) + after)


def clean_up_due_photos(cloud: Cloud, after: timedelta) -> None:
    """Sweep at `after` from now and run the jobs directly, without the queue."""
    clean_up_photos(photos_due_after(cloud, after), after)


def run_jobs_until_idle(cloud: Cloud, times: int = 1) -> int:
    """Run all queued jobs, and the jobs that they enqueue, each `times` times. Return their number."""
    count = 0
    while bodies := drain_queue(cloud):
        count += len(bodies)
        for body in bodies * times:
            cloud.work(body, datetime.now(UTC))
    return count


def sweep_albums(cloud: Cloud) -> None:
    """Sweep at the time when recently changed albums are due, and run the jobs."""
    cloud.sweep(datetime.now(UTC) + propagation.PROPAGATION_LEASE + timedelta(seconds=1))
    run_jobs_until_idle(cloud)
