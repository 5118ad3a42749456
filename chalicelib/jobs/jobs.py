"""Work off the request path: the hourly sweep finds what is due, the queue's handler does it, one job a message."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec

from chalicelib.albums import propagation
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, UserId, is_photo_id, timestamp
from chalicelib.domain.photos import GRANT_LIFETIME, Photo
from chalicelib.infra import metrics
from chalicelib.storage.bucket import Bucket
from chalicelib.stores.protocols import AlbumStore, Store
from chalicelib.uploads.confirmation import confirm
from chalicelib.uploads.moderation import Moderator

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger(__name__)

SWEEP_LIMIT = 5000
"""Photos a sweep hands on at most; the rest is found by the next."""
PATIENCE = timedelta(hours=6)
"""Until a photo that was handed on is due again: longer than the queue tries."""
_BATCH = 10


class Settle(msgspec.Struct, frozen=True, tag="settle", tag_field="job", rename="camel"):
    """Do with a photo what is due: end an unused grant, empty the trash, look for what an erased one left."""

    photo_id: PhotoId


class Cancel(msgspec.Struct, frozen=True, tag="cancel", tag_field="job", rename="camel"):
    """Remove what a cancelled account left."""

    user_id: Annotated[UserId, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}$(?!\n)")]


Job = Settle | Cancel | propagation.Tidy


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
    photos = store.due(timestamp(now), SWEEP_LIMIT)
    due: list[Job] = [Settle(photo_id) for photo_id in photos]
    due += [propagation.Tidy(album_id) for album_id in albums.due(timestamp(now), SWEEP_LIMIT)]
    queue.send(due)
    # Otherwise photos that fail for ever would be all that later sweeps hand on; albums have a limit of their own.
    store.postpone(photos, timestamp(now + PATIENCE))
    return len(due)


def read(body: str) -> Job:
    """The job in a message.

    Raises:
        msgspec.DecodeError, ValidationError: it is no job of ours; after some tries it ends in the dead-letter queue.
    """
    job: Job = msgspec.json.decode(body, type=Job)
    if isinstance(job, Settle) and not is_photo_id(job.photo_id):
        raise msgspec.ValidationError("A job of a photo that cannot be.")
    return job


def tidy(store: Store, albums: AlbumStore, queue: Queue, job: propagation.Tidy, now: datetime) -> None:
    """Bring a part of an album's photos up to it, and queue the rest. Safe to repeat."""
    if rest := propagation.step(store, albums, job, now):
        queue.send([rest])


def settle(store: Store, bucket: Bucket, moderator: Moderator | None, photo_id: PhotoId, now: datetime) -> None:
    """Do with a photo what is due, if anything is. Safe to repeat."""
    photo = store.photo(photo_id)
    if photo and photo.due_at and photo.due_at <= timestamp(now):
        _settle(store, bucket, moderator, photo, now)


def _settle(store: Store, bucket: Bucket, moderator: Moderator | None, photo: Photo, now: datetime) -> None:
    if photo.status == "pending":
        metrics.time("PendingSeconds", (now - datetime.fromisoformat(photo.uploaded_at)).total_seconds())
        settled = confirm(store, bucket, moderator, photo.s3_key, None, now)
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
