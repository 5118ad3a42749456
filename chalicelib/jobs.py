"""Work off the request path: the hourly sweep finds what is due, the queue's handler does it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from chalicelib import upkeep
from chalicelib.bucket import Bucket
from chalicelib.errors import Busy
from chalicelib.ids import PhotoId, is_photo_id, timestamp
from chalicelib.models import GRANT_LIFETIME, Photo
from chalicelib.stores import AlbumStore, Store
from chalicelib.uploads import confirm

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

SWEEP_LIMIT = 5000
"""Photos a sweep hands on at most; the rest is found by the next."""
_BATCH = 10


class Settle(msgspec.Struct, frozen=True, tag="settle", tag_field="job", rename="camel"):
    """Do with a photo what is due: end an unused grant, empty the trash, look for left-over objects."""

    photo_id: PhotoId


Job = Settle | upkeep.Tidy


class Queue:
    """The job queue."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs, self._url = sqs, url

    def send(self, jobs: Sequence[Job]) -> None:
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


def sweep(store: Store, albums: AlbumStore, queue: Queue, now: datetime) -> int:
    """Hand on every photo and album that is due; how many. Handing one on twice is no harm."""
    due: list[Job] = [Settle(photo_id) for photo_id in store.due(timestamp(now), SWEEP_LIMIT)]
    due += [upkeep.Tidy(album_id) for album_id in albums.due(timestamp(now), SWEEP_LIMIT)]
    queue.send(due)
    return len(due)


def run(store: Store, albums: AlbumStore, bucket: Bucket, queue: Queue, body: str, now: datetime) -> None:
    """Do one job of the queue, or a part of it and enqueue the rest. Safe to repeat.

    Raises:
        msgspec.DecodeError, ValidationError: it is no job of ours; after some tries it ends in the dead-letter queue.
    """
    job = msgspec.json.decode(body, type=Job)
    if isinstance(job, Settle):
        _settle_due(store, bucket, job, now)
    elif rest := upkeep.step(store, albums, job, now):
        queue.send([rest])


def _settle_due(store: Store, bucket: Bucket, job: Settle, now: datetime) -> None:
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
        store.replace(photo, photo.with_(due_at=None))
    elif store.replace(photo, photo.tombstone(timestamp(now + 2 * GRANT_LIFETIME))):
        bucket.erase(photo.prefix)
