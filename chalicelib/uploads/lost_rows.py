"""Photos whose rows are lost: decide if a row may be rebuilt, and build it from the original."""

from datetime import datetime

from chalicelib.domain.ids import PhotoId, UserId, format_timestamp, get_upload_time
from chalicelib.domain.photos import TOMBSTONE_LIFETIME, Photo
from chalicelib.renditions import sniff
from chalicelib.storage.bucket import StoredObject, decode_filename


def is_possibly_erased(photo_id: PhotoId, now: datetime) -> bool:
    """Return whether a photo without a row may have been erased, because its tombstone may have expired."""
    return get_upload_time(photo_id) <= format_timestamp(now - TOMBSTONE_LIFETIME)


def build_lost_photo(key: str, stored: StoredObject, now: datetime) -> Photo:
    """Return a pending photo for an original whose row is lost."""
    user_id, photo_id, name = key.split("/")
    content_type = sniff(stored.content) if stored.content else None
    return Photo(
        photo_id=PhotoId(photo_id),
        user_id=UserId(user_id),
        s3_key=key,
        filename=decode_filename(stored.metadata) or name,
        content_type=content_type or "application/octet-stream",
        status="pending",
        # The visibility is lost too. The owner may have hidden the photo, so the safe choice is private.
        visibility="private",
        charged_bytes=stored.size,
        rebuilt=True,
        due_at=format_timestamp(now),
    )
