"""Work off the request path: the hourly sweep finds what is due, the queue's handler does it, one photo a message."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from chalicelib.bucket import Bucket
from chalicelib.errors import Busy
from chalicelib.ids import PhotoId, is_photo_id, timestamp
from chalicelib.models import GRANT_LIFETIME, Photo
from chalicelib.stores import Store
from chalicelib.uploads import confirm

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

SWEEP_LIMIT = 5000
"""Photos a sweep hands on at most; the rest is found by the next."""
_BATCH = 10


class Settle(msgspec.Struct, frozen=True, tag="settle", tag_field="job", rename="camel"):
    """Do with a photo what is due: end an unused grant, empty the trash, look for what an erased one left."""

    photo_id: PhotoId


class Queue:
    """The job queue."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs, self._url = sqs, url

    def send(self, jobs: Sequence[Settle]) -> None:
        """Enqueue all of `jobs`.

        Raises:
            Busy: the queue did not take some of them.
        """
        for start in range(0, len(jobs), _BATCH):
            batch = enumerate(jobs[start : start + _BATCH])
            entries = [{"Id": str(number), "MessageBody": msgspec.json.encode(job).decode()} for number, job in batch]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]
            if answer.get("Failed"):
                raise Busy(f"The queue did not take {len(answer['Failed'])} jobs.")


def sweep(store: Store, queue: Queue, now: datetime) -> int:
    """Hand on every photo that is due; how many. Handing one on twice is no harm."""
    due = store.due(timestamp(now), SWEEP_LIMIT)
    queue.send([Settle(photo_id) for photo_id in due])
    return len(due)


def run(store: Store, bucket: Bucket, body: str, now: datetime) -> None:
    """Do one job of the queue. Safe to repeat.

    Raises:
        msgspec.DecodeError, ValidationError: it is no job of ours; after some tries it ends in the dead-letter queue.
    """
    job = msgspec.json.decode(body, type=Settle)
    if not is_photo_id(job.photo_id):
        raise msgspec.ValidationError("A job of a photo that cannot be.")
    photo = store.photo(job.photo_id)
    if photo and photo.due_at and photo.due_at <= timestamp(now):
        _settle(store, bucket, photo, now)


def _settle(store: Store, bucket: Bucket, photo: Photo, now: datetime) -> None:
    if photo.status == "pending":
        settled = confirm(store, bucket, photo.s3_key, None, now)
        if settled and settled.status == "pending":
            log.info("ended an unused grant", extra={"photo_id": photo.photo_id})
            store.remove(settled)
    elif photo.status == "erased":
        bucket.erase(photo.prefix)
        while store.forget_ratings(photo.photo_id):
            pass
        store.replace(photo, photo.with_(due_at=None))
    elif store.replace(photo, photo.tombstone(timestamp(now + 2 * GRANT_LIFETIME))):
        bucket.erase(photo.prefix)
