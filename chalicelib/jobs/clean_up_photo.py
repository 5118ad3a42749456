"""Job: work on photos that are due: overdue uploads, rejected photos, old trash, erased photos and rotations."""

from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import CleanUpPhoto, Queue
from chalicelib.domain.photos import GRANT_LIFETIME, Photo
from chalicelib.infra import metrics
from chalicelib.photos.rotation import Rotations
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.stores.protocols import PhotoStore
from chalicelib.uploads.confirmation import UploadConfirmation

SWEEP_LIMIT = 5000
"""The maximum number of photos that one sweep enqueues. The next sweep enqueues the rest."""
CLEANUP_LEASE = timedelta(hours=8)
"""The time until the next sweep enqueues the same photo again. The retries of SQS end earlier."""


class CleanUpPhotoJob:
    """Clean up photos that are due, and rotate photos."""

    message_type = CleanUpPhoto

    def __init__(
        self,
        store: PhotoStore,
        bucket: PhotoBuckets,
        confirmation: UploadConfirmation,
        rotations: Rotations,
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._store, self._bucket, self._confirmation, self._rotations = store, bucket, confirmation, rotations
        self._queue, self._clock = queue, clock

    def sweep(self) -> int:
        """Enqueue every photo that is due."""
        now = self._clock()
        photo_ids = self._store.list_due(format_timestamp(now), SWEEP_LIMIT)
        self._queue.send([CleanUpPhoto(photo_id) for photo_id in photo_ids])
        # Postpone the enqueued photos, so that photos that always fail do not fill every later sweep.
        self._store.postpone(photo_ids, format_timestamp(now + CLEANUP_LEASE))
        return len(photo_ids)

    def handle(self, message: CleanUpPhoto) -> None:
        """Do the work that is due for a photo. Do nothing if no work is due."""
        photo, now = self._store.get_photo(message.photo_id), format_timestamp(self._clock())
        if photo is None:
            return
        if photo.due_at and photo.due_at <= now:
            self._clean_up(photo)
        elif photo.wanted_rotation is not None:
            self._rotations.rotate(photo)
        elif photo.rotation_due_at and photo.rotation_due_at <= now:
            self._rotations.delete_old_renditions(photo)

    def _clean_up(self, photo: Photo) -> None:
        if photo.status == "pending":
            self._end_grant(photo)
        elif photo.status == "erased":
            self._remove_leftovers(photo)
        elif self._store.replace(photo, photo.to_tombstone(format_timestamp(self._clock() + 2 * GRANT_LIFETIME))):
            self._bucket.erase(photo.prefix)

    def _end_grant(self, photo: Photo) -> None:
        """Confirm the upload if its bytes arrived without an event. Otherwise remove the pending photo."""
        age = self._clock() - datetime.fromisoformat(photo.uploaded_at)
        metrics.record_seconds("PendingSeconds", age.total_seconds())
        self._confirmation.settle(photo)

    def _remove_leftovers(self, photo: Photo) -> None:
        """Delete the remaining objects and ratings of an erased photo. No new ratings can be added."""
        self._bucket.erase(photo.prefix)
        while self._store.delete_ratings(photo.photo_id):
            pass
        self._store.replace(photo, photo.with_(due_at=None))
