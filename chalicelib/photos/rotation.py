"""Rotate photos: make their renditions again from the original, which stays as it is.

The owner's request stores the wanted rotation, and a job makes the renditions under new keys. Until the job changes the
row, readers get the old renditions. If the job is lost, the sweep enqueues it again.
"""

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import Photo, Rotation
from chalicelib.infra import metrics
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.photos.attempts import Attempts, ProcessingFailed
from chalicelib.renditions import Rejection, render
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.stores.protocols import PhotoStore

log = logging.getLogger(__name__)

ROTATION_LEASE = timedelta(minutes=30)
"""The time until the sweep enqueues a rotation again. A job takes at most 15 minutes. AWS contract LAM-7."""
OLD_RENDITIONS_LIFETIME = timedelta(hours=25)
"""The time that old renditions stay. Clients may have signed URLs of old renditions, which expire within 24 hours."""


def request_rotation(photo: Photo, rotation: Rotation, now: datetime) -> Photo:
    """Return the photo with the wanted rotation, unless it is already shown.

    Raises:
        NotReady: the photo is pending or rejected.
    """
    if photo.status != "ready":
        raise errors.NotReady("Only a ready photo can be rotated.")
    wanted = None if rotation == photo.rotation else rotation
    if wanted == photo.wanted_rotation:
        return photo
    # If a request is withdrawn, its job may still write renditions that no row will use.
    due_at = now + (OLD_RENDITIONS_LIFETIME if wanted is None else ROTATION_LEASE)
    due = {"rotation_due_at": format_timestamp(due_at), "attempts": 0, "attempted_at": None}
    return photo.with_(wanted_rotation=wanted, **due)


class Rotations:
    """Make the renditions of rotated photos. Every method is idempotent and can be interrupted at any point."""

    def __init__(self, store: PhotoStore, bucket: PhotoBuckets, clock: Clock) -> None:
        self._store, self._bucket, self._clock = store, bucket, clock
        self._attempts = Attempts(store, clock)

    def rotate(self, photo: Photo) -> None:
        """Make the renditions of the wanted rotation and show them. Do nothing if no rotation is wanted.

        If several attempts have failed, end the request instead.

        Raises:
            Busy: other writers keep changing the photo. A retry starts again.
        """
        if photo.wanted_rotation is None:
            return
        requested_at = datetime.fromisoformat(photo.rotation_due_at or photo.uploaded_at) - ROTATION_LEASE
        try:
            with self._attempts.count(photo, requested_at) as counted:
                self._delete_long_replaced_renditions(counted)
                current = self._apply(counted, self._make_renditions(counted, photo.wanted_rotation))
        except ProcessingFailed:
            log.error("rotating a photo failed after all retries", extra={"photo_id": photo.photo_id})
            metrics.count("ProcessingFailed")
            current = self._apply(photo, self._build_end())
        if current is None or current.status == "erased":
            # The photo was erased during the job, so delete the renditions that the job wrote after that.
            self._bucket.erase(photo.prefix)

    def delete_old_renditions(self, photo: Photo) -> None:
        """Delete the renditions that the photo has not used for a while."""
        # A job takes at most 15 minutes, so younger renditions may belong to a job that has not changed the row yet.
        self._bucket.delete_unused_renditions(photo, self._clock() - ROTATION_LEASE)
        self._store.replace(photo, photo.with_(rotation_due_at=None))

    def _delete_long_replaced_renditions(self, photo: Photo) -> None:
        """Delete the renditions that were replaced at least `OLD_RENDITIONS_LIFETIME` ago.

        Each rotation postpones `delete_old_renditions`, so daily rotations would otherwise keep all renditions.
        """
        replaced_at = self._bucket.find_last_write(photo, self._clock() - OLD_RENDITIONS_LIFETIME)
        if replaced_at:
            # All renditions of one job are written within its lease.
            self._bucket.delete_unused_renditions(photo, replaced_at - ROTATION_LEASE)

    def _make_renditions(self, photo: Photo, rotation: Rotation) -> dict[str, Any]:
        """Write the renditions, and return the changes that show them.

        If the original is missing or cannot be rendered, return only the changes that end the request.
        """
        finished = self._build_end()
        stored = self._bucket.read(photo.s3_key, photo.version_id)
        if stored is None or stored.content is None:
            log.error("the original of a photo to rotate is missing", extra={"photo_id": photo.photo_id})
            return finished
        try:
            rendered = render(stored.content, rotation=rotation)
        except Rejection as rejection:
            log.error("could not rotate a photo", extra={"photo_id": photo.photo_id, "reason": rejection.code})
            return finished
        # Each run has keys of its own. No other run can delete or replace them before this run changes the row.
        folder, suffix = f"{photo.prefix}{photo.version_id}", secrets.token_hex(4)
        keys: dict[str, str] = {}
        for name, rendition in rendered.renditions.items():
            keys[name] = f"{folder}/{name}-{suffix}.{rendition.extension}"
            self._bucket.write_rendition(keys[name], rendition.content, rendition.content_type)
        return finished | {
            "rotation": rotation,
            "width": rendered.width,
            "height": rendered.height,
            "placeholder": rendered.placeholder,
            "renditions": keys,
            "copy_type": rendered.renditions["full"].content_type,
            "copy_size": len(rendered.renditions["full"].content),
        }

    def _build_end(self) -> dict[str, Any]:
        """Return the changes that end the request for a rotation."""
        due_at = format_timestamp(self._clock() + OLD_RENDITIONS_LIFETIME)
        return {"wanted_rotation": None, "rotation_due_at": due_at, "attempts": 0, "attempted_at": None}

    def _apply(self, photo: Photo, changes: dict[str, Any]) -> Photo | None:
        """Apply `changes` if the same rotation is still wanted. Return the photo from before, or None if it is gone."""
        cached: list[Photo | None] = [photo]

        def attempt() -> Photo | None:
            current = cached.pop() if cached else self._store.get_photo(photo.photo_id)
            if current is None or current.wanted_rotation != photo.wanted_rotation:
                return current
            if current.version_id != photo.version_id or current.status != "ready":
                return current
            if not self._store.replace(current, current.with_(**changes)):
                raise WriteConflict
            return current

        return retry_on_conflict(attempt, error_factory=errors.Busy)
