"""Outcomes of uploads: check the stored bytes against the grant, and build the changes to the photo."""

from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import MAX_UPLOAD_BYTES, TRASH_LIFETIME, Photo, RejectionDetails
from chalicelib.photos.attempts import ProcessingFailed
from chalicelib.renditions import Captions, Rejection, Rendered, TooManyBytes
from chalicelib.storage.bucket import StoredObject


class Outcome(NamedTuple):
    """The result of processing an upload."""

    changes: dict[str, Any]
    captions: Captions = Captions()

    def apply_to(self, photo: Photo) -> Photo:
        """Return the changed photo. Keep the fields that the owner set before the upload was processed."""
        changes = self.changes | {"attempts": 0, "attempted_at": None, "imports_metadata": False}
        if photo.taken_local:
            changes |= {
                "taken_at": photo.taken_at,
                "taken_local": photo.taken_local,
                "taken_offset": photo.taken_offset,
            }
        if photo.imports_metadata:
            title, description, keywords = self.captions
            changes |= {
                "title": photo.title or title,
                "description": photo.description or description,
                "tags": photo.tags or keywords,
            }
        return photo.with_(**changes)


class SizeMismatch(Rejection):
    """The stored bytes do not have the declared size."""


class ChecksumMismatch(Rejection):
    """The stored bytes do not have the declared SHA-256."""


def check_stored_bytes(photo: Photo, stored: StoredObject) -> bytes:
    """Check that the stored bytes match the grant, and return them.

    Raises:
        TooManyBytes, SizeMismatch, ChecksumMismatch: the stored bytes do not match the grant.
    """
    if stored.content is None:
        raise TooManyBytes(RejectionDetails(limit=MAX_UPLOAD_BYTES, actual=stored.size, unit="bytes"))
    if photo.size and photo.size != stored.size:
        raise SizeMismatch
    if photo.sha256 and photo.sha256 != stored.sha256:
        raise ChecksumMismatch
    return stored.content


def build_rendition_keys(photo: Photo, stored: StoredObject, rendered: Rendered) -> dict[str, str]:
    """Return the object key of each rendition.

    A key contains the version of the original. Two versions that are confirmed at the same time therefore cannot
    overwrite each other's renditions.
    """
    folder = f"{photo.prefix}{stored.version_id}"
    return {name: f"{folder}/{name}.{rendition.extension}" for name, rendition in rendered.renditions.items()}


def build_accepted_outcome(photo: Photo, stored: StoredObject, rendered: Rendered) -> Outcome:
    """Return the changes that make a pending photo ready."""
    changes = {
        "status": "ready",
        "content_type": rendered.content_type,
        "size": stored.size,
        "charged_bytes": stored.size,
        "sha256": stored.sha256,
        "version_id": stored.version_id,
        "width": rendered.width,
        "height": rendered.height,
        "taken_at": rendered.taken.at,
        "taken_local": rendered.taken.local,
        "taken_offset": rendered.taken.offset,
        "exif": rendered.exif,
        "placeholder": rendered.placeholder,
        "renditions": build_rendition_keys(photo, stored, rendered),
        "copy_type": rendered.renditions["full"].content_type,
        "copy_size": len(rendered.renditions["full"].content),
        "due_at": None,
    }
    return Outcome(changes, rendered.captions)


def build_rejected_outcome(rejection: Rejection, version_id: str, now: datetime) -> Outcome:
    """Return the changes that make a pending photo rejected. A sweep removes the photo after `TRASH_LIFETIME`.

    If the service failed to process the photo, keep the original until then, so that the operator can try again.
    """
    due_at = format_timestamp(now + TRASH_LIFETIME)
    changes = {
        "status": "rejected",
        "rejection": rejection.code,
        "rejection_details": rejection.details,
        "charged_bytes": 0,
        "due_at": due_at,
    }
    return Outcome(changes | {"version_id": version_id} if isinstance(rejection, ProcessingFailed) else changes)
