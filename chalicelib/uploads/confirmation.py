"""Confirm uploads: make pending photos ready or rejected."""

import logging
import re
import time
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import PhotoId, UserId, format_timestamp, is_photo_id
from chalicelib.domain.photos import MAX_UPLOAD_BYTES, Photo
from chalicelib.infra import metrics
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.photos.access import get_owned_photo
from chalicelib.photos.attempts import Attempts, ProcessingFailed
from chalicelib.photos.views import OwnPhotoView, PendingPhotoView, PhotoPresenter
from chalicelib.renditions import MAX_PIXELS, Rejection, TooSlow, render
from chalicelib.storage.bucket import PhotoBuckets, StoredObject
from chalicelib.stores.protocols import AccountStore, PhotoStore
from chalicelib.uploads import s3_events
from chalicelib.uploads.lost_rows import build_lost_photo, is_possibly_erased
from chalicelib.uploads.moderation import Moderator
from chalicelib.uploads.outcomes import (
    Outcome,
    build_accepted_outcome,
    build_rejected_outcome,
    check_stored_bytes,
)

log = logging.getLogger(__name__)

MAX_REQUEST_BYTES, MAX_REQUEST_PIXELS = 50_000_000, 100_000_000
"""The largest photo that a request confirms. The slowest takes 5 s, and API Gateway waits 29 s."""

_KEY = re.compile(r"([^/]+)/([^/]+)/([^/]+)")


class UploadConfirmation:
    """Confirm uploads. Every method is idempotent. AWS contracts S3-8, S3-9."""

    def __init__(
        self,
        store: PhotoStore,
        accounts: AccountStore,
        bucket: PhotoBuckets,
        moderator: Moderator | None,
        presenter: PhotoPresenter,
        clock: Clock,
    ) -> None:
        """If `moderator` is None, moderation is off."""
        self._store, self._accounts, self._bucket, self._moderator = store, accounts, bucket, moderator
        self._presenter, self._clock, self._attempts = presenter, clock, Attempts(store, clock)

    def complete(self, photo_id: PhotoId, *, by: Caller) -> OwnPhotoView | PendingPhotoView:
        """Confirm an upload without waiting for the S3 event, and return its photo.

        If the photo is too large for the time limit of a request, return it pending. The S3 event confirms it.

        Raises:
            NotFound, Forbidden: the photo does not belong to the caller.
            NotUploaded: no bytes have been uploaded yet.
            ImageRejected: the bytes are not an acceptable image.
        """
        owned = get_owned_photo(self._store, photo_id, by)
        photo: Photo | None = owned
        if owned.status == "pending":
            # S3 can read the object as soon as the client's upload has succeeded. AWS contract S3-7.
            stored = self._bucket.read_newest(owned, max_bytes=MAX_REQUEST_BYTES)
            if stored and MAX_REQUEST_BYTES < stored.size <= MAX_UPLOAD_BYTES:
                return self._presenter.build_pending_view(owned)
            try:
                photo = self._process_upload(owned, stored, max_pixels=MAX_REQUEST_PIXELS)
            except TooSlow:
                return self._presenter.build_pending_view(owned)
            if photo and photo.status == "ready":
                # The events of other versions may be lost.
                self._bucket.delete_other_versions(photo)
        if photo is None or photo.status == "erased":
            raise errors.NotFound
        if photo.status == "pending":
            raise errors.NotUploaded
        if photo.rejection:
            raise errors.ImageRejected(photo.rejection, msgspec.to_builtins(photo.rejection_details))
        return self._presenter.build_own_view(photo)

    def confirm_event(self, event: dict[str, Any]) -> None:
        """Confirm every object of an S3 event. If one object fails, continue with the others.

        Raises:
            ExceptionGroup: some objects failed. Lambda then delivers the event again. AWS contract LAM-1.
        """
        failures: list[Exception] = []
        for record in s3_events.find_created_objects(event, self._bucket.originals):
            try:
                self.confirm(record.key, record.version_id)
            except Exception as error:
                # The prefix names the user and the photo. File names are private.
                log.exception("could not confirm an upload", extra={"s3_prefix": record.key.rpartition("/")[0]})
                failures.append(error)
        if failures:
            raise ExceptionGroup("some uploads were not confirmed", failures)

    def confirm(self, key: str, version_id: str | None) -> Photo | None:
        """Confirm the object at `key`, and return its photo, or None if it has no photo.

        Make the photo ready or rejected. Delete versions other than the confirmed version, and all objects that arrive
        after the photo was erased. If the confirmed version is gone, replace it by another version with the same bytes,
        and delete none.
        """
        match = _KEY.fullmatch(key)
        if not match or not is_photo_id(match[2]):
            log.warning("ignored an object with an unknown key")
            return None
        user_id, photo_id = UserId(match[1]), PhotoId(match[2])
        photo = self._store.get_photo(photo_id)
        if photo is None:
            return self._confirm_without_row(user_id, photo_id, key)
        if photo.status == "pending" and photo.s3_key == key:
            return self._process_upload(photo, self._bucket.read(key, version_id))
        if photo.user_id == user_id and photo.status == "erased":
            self._bucket.erase(photo.prefix)
        elif version_id and version_id != photo.version_id:
            self._delete_or_confirm_version(photo, key, version_id)
        return photo

    def rebuild(self, key: str, stored: StoredObject) -> Photo | None:
        """Rebuild the lost row of an original, and return its photo. Delete nothing.

        Return None and change nothing if the original is rejected or if the account is cancelled.
        """
        lost = build_lost_photo(key, stored, self._clock())
        if self._accounts.get_account(lost.user_id).cancelled:
            return None
        try:
            outcome = self._accept(lost, stored, MAX_PIXELS)
        except Rejection as rejection:
            log.warning("did not rebuild a rejected photo", extra={"photo_id": lost.photo_id, "reason": rejection.code})
            return None
        self._store.rebuild(lost)
        photo = self._store.get_photo(lost.photo_id)
        return photo and self._apply_outcome(photo, outcome)

    def settle(self, photo: Photo) -> None:
        """Confirm an overdue upload whose event was lost or whose processing has failed.

        If there are several versions, confirm the newest one, even if a delete marker hides it. Delete all others.
        If no bytes arrived, remove the photo.

        Raises:
            Busy: a dependency failed, or other writers keep changing the photo.
        """
        versions = self._bucket.list_versions(photo)
        own_versions = [stored for stored in versions if stored.key == photo.s3_key and not stored.is_marker]
        current = self._retry(photo, own_versions[0].version_id) if own_versions else photo
        if current and current.status == "ready":
            self._bucket.delete_other_versions(current)
        if current is None or current.status != "pending":
            return
        log.info("removed an unused upload grant", extra={"photo_id": photo.photo_id})
        if not versions:
            self._store.remove(current)
        # If objects remain, leave a tombstone. Otherwise a fault could leave them without a photo.
        elif self._store.replace(current, current.to_tombstone(format_timestamp(self._clock()))):
            self._bucket.erase(photo.prefix)

    def _retry(self, photo: Photo, version_id: str) -> Photo | None:
        """Confirm a version of an overdue upload. Count the attempt before reading, because reading can fail too."""
        try:
            with self._attempts.count(photo, datetime.fromisoformat(photo.uploaded_at)) as counted:
                return self._process_upload(counted, self._bucket.read(photo.s3_key, version_id))
        except ProcessingFailed as failure:
            return self._reject(photo, failure, version_id)

    def _delete_or_confirm_version(self, photo: Photo, key: str, version_id: str) -> None:
        """Delete another version. A rejected photo keeps no version.

        If the confirmed version is gone, keep the others, and confirm one with its bytes.
        """
        if key != photo.s3_key:
            self._bucket.delete_version(photo, key, version_id)
        elif photo.version_id is None:
            # The photo is rejected. The deletion of one version would not reach the replica. AWS contract S3-23.
            self._bucket.erase(photo.prefix)
        elif self._bucket.has_version(key, photo.version_id):
            self._bucket.delete_version(photo, key, version_id)
        elif (stored := self._bucket.read(key, version_id)) and stored.sha256 == photo.sha256:
            log.warning("confirmed another version of an original", extra={"photo_id": photo.photo_id})
            if not self._store.replace(photo, photo.with_(version_id=version_id)):
                raise errors.Busy

    def _confirm_without_row(self, user_id: UserId, photo_id: PhotoId, key: str) -> Photo | None:
        """Rebuild a lost row from its object and confirm it. If the account is cancelled, delete the object instead.

        If the photo may have been erased, do nothing. The reconciliation reports the object.
        """
        if self._accounts.get_account(user_id).cancelled:
            self._bucket.erase(f"{user_id}/{photo_id}/")
            return None
        stored = self._bucket.read(key)
        if stored is None:
            return None
        if is_possibly_erased(photo_id, self._clock()):
            log.warning("ignored an object without a row", extra={"photo_id": photo_id})
            return None
        photo = build_lost_photo(key, stored, self._clock())
        self._store.rebuild(photo)
        return self._process_upload(self._store.get_photo(photo_id) or photo, stored)

    def _process_upload(
        self, photo: Photo, stored: StoredObject | None, *, max_pixels: int = MAX_PIXELS
    ) -> Photo | None:
        """Make a pending photo ready or rejected, and delete objects that it does not use.

        Raises:
            TooSlow: the photo has more than `max_pixels`. Nothing has changed.
        """
        if stored is None or photo.status != "pending":
            return photo
        start = time.perf_counter()
        try:
            with self._attempts.count(photo, stored.stored_at) as counted:
                current = self._apply_outcome(counted, self._accept(counted, stored, max_pixels))
        except Rejection as rejection:
            current = self._reject(photo, rejection, stored.version_id)
        metrics.record_seconds("ConfirmSeconds", time.perf_counter() - start)
        # Delete objects only after the row is written. Another process may have processed the upload first.
        if current is None or current.version_id is None:
            self._bucket.erase(photo.prefix)
        elif current.version_id != stored.version_id:
            self._bucket.delete_version(current, photo.s3_key, stored.version_id)
        log.info(
            "processed an upload", extra={"photo_id": photo.photo_id, "status": current.status if current else None}
        )
        return current

    def _accept(self, photo: Photo, stored: StoredObject, max_pixels: int) -> Outcome:
        rendered = render(check_stored_bytes(photo, stored), max_pixels=max_pixels)
        if self._moderator:
            self._moderator.check(rendered)
        outcome = build_accepted_outcome(photo, stored, rendered)
        for name, rendition in rendered.renditions.items():
            self._bucket.write_rendition(outcome.changes["renditions"][name], rendition.content, rendition.content_type)
        return outcome

    def _reject(self, photo: Photo, rejection: Rejection, version_id: str) -> Photo | None:
        # The type of the cause tells a damaged file from a fault of the service. Its text may quote the file.
        cause = type(rejection.__cause__).__name__
        log.info("rejected an upload", extra={"photo_id": photo.photo_id, "reason": rejection.code, "cause": cause})
        return self._apply_outcome(photo, build_rejected_outcome(rejection, version_id, self._clock()))

    def _apply_outcome(self, photo: Photo, outcome: Outcome) -> Photo | None:
        """Apply `outcome`, and return the photo. If another process was first, return its result instead.

        The returned photo is pending only if the account is cancelled.

        Raises:
            Busy: the owner keeps changing the photo.
        """
        cached: list[Photo | None] = [photo]

        def attempt() -> Photo | None:
            # The owner may have changed the photo during the decoding.
            current = cached.pop() if cached else self._store.get_photo(photo.photo_id)
            if current is None or current.status != "pending":
                return current
            changed = outcome.apply_to(current)
            if not self._store.replace(current, changed):
                raise WriteConflict
            _count_outcome(outcome)
            return changed.with_(revision=current.revision + 1)

        try:
            return retry_on_conflict(attempt, error_factory=WriteConflict)
        except WriteConflict as conflict:
            if not self._accounts.get_account(photo.user_id).cancelled:
                raise errors.Busy from conflict
            return self._store.get_photo(photo.photo_id)


def _count_outcome(outcome: Outcome) -> None:
    if outcome.changes["status"] == "ready":
        metrics.count("Confirmed")
    else:
        metrics.count("Rejected", reason=outcome.changes["rejection"])
    if outcome.changes.get("rejection") == ProcessingFailed.__name__:
        metrics.count("ProcessingFailed")
