"""Outcomes of uploads: check the stored bytes against the grant, and build the changes to the photo."""

from datetime import datetime
from typing import Any

from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import TRASH_LIFETIME, Photo
from chalicelib.renditions import Rejection, Rendered, TooManyBytes
from chalicelib.storage.bucket import StoredObject


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
        raise TooManyBytes
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


def build_accepted_changes(photo: Photo, stored: StoredObject, rendered: Rendered) -> dict[str, Any]:
    """Return the changes that make a pending photo ready."""
    return {
        "status": "ready",
        "content_type": rendered.content_type,
        "size": stored.size,
        "charged_bytes": stored.size,
        "sha256": stored.sha256,
        "version_id": stored.version_id,
        "width": rendered.width,
        "height": rendered.height,
        "taken_at": rendered.taken_at,
        "exif": rendered.exif,
        "placeholder": rendered.placeholder,
        "renditions": build_rendition_keys(photo, stored, rendered),
        "copy_type": rendered.renditions["full"].content_type,
        "copy_size": len(rendered.renditions["full"].content),
        "due_at": None,
    }


def build_rejected_changes(rejection: Rejection, now: datetime) -> dict[str, Any]:
    """Return the changes that make a pending photo rejected. A sweep removes the photo after `TRASH_LIFETIME`."""
    due_at = format_timestamp(now + TRASH_LIFETIME)
    return {"status": "rejected", "rejection": rejection.code, "charged_bytes": 0, "due_at": due_at}
