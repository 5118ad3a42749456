"""The changes of a photo that its upload causes, and the check of the stored bytes."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chalicelib.domain.ids import UserId, create_photo_id, format_timestamp
from chalicelib.domain.photos import MAX_UPLOAD_BYTES, TOMBSTONE_LIFETIME, TRASH_LIFETIME, Photo, RejectionDetails
from chalicelib.renditions import NotAnImage, TooManyBytes, render
from chalicelib.storage.bucket import StoredObject
from chalicelib.uploads.lost_rows import build_lost_photo, is_possibly_erased
from chalicelib.uploads.outcomes import build_accepted_outcome, build_rejected_outcome, check_stored_bytes
from tests.support.images import photo as make_photo

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
JPEG = make_photo(64, 48)
PHOTO_ID = create_photo_id(NOW, uuid4().int)
KEY = f"ann/{PHOTO_ID}/quay.jpg"


def store(content: bytes | None, *, size: int = 0) -> StoredObject:
    """Return an object with this content. Content that is too large is not read."""
    length = size if content is None else len(content)
    return StoredObject(content=content, size=length, sha256="a" * 64, version_id="v1", metadata={}, stored_at=NOW)


def test_accepted_photo_has_the_fields_of_its_file() -> None:
    pending = build_lost_photo(KEY, store(b"<html>"), NOW)
    rendered = render(JPEG)
    photo = build_accepted_outcome(pending, store(JPEG), rendered).apply_to(pending)
    assert (photo.content_type, photo.exif) == ("image/jpeg", rendered.exif)
    assert photo.exif
    assert (photo.taken_at, photo.taken_local, photo.taken_offset) == (
        "2024-07-01T10:30:45.250Z",
        "2024-07-01T12:30:45",
        "+02:00",
    )
    assert photo.renditions["256"] == f"ann/{PHOTO_ID}/v1/256.webp"
    assert photo.due_at is None


def test_time_that_the_owner_has_set_is_kept() -> None:
    owners = {"taken_at": "2001-02-03T03:05:06.000Z", "taken_local": "2001-02-03T04:05:06", "taken_offset": "+01:00"}
    pending = build_lost_photo(KEY, store(JPEG), NOW).with_(**owners)
    photo = build_accepted_outcome(pending, store(JPEG), render(JPEG)).apply_to(pending)
    assert {name: getattr(photo, name) for name in owners} == owners


def test_rejected_photo_is_removed_after_thirty_days() -> None:
    pending = build_lost_photo(KEY, store(b"<html>"), NOW - timedelta(hours=1))
    photo = build_rejected_outcome(NotAnImage(), "v1", NOW).apply_to(pending)
    assert (photo.status, photo.rejection, photo.charged_bytes) == ("rejected", "NotAnImage", 0)
    assert photo.due_at == format_timestamp(NOW + TRASH_LIFETIME)
    assert photo.version_id is None


def test_file_that_is_too_large_is_rejected_with_its_size_in_bytes() -> None:
    pending = build_lost_photo(KEY, store(None), NOW)
    with pytest.raises(TooManyBytes) as caught:
        check_stored_bytes(pending, store(None, size=MAX_UPLOAD_BYTES + 1))
    assert caught.value.details == RejectionDetails(limit=MAX_UPLOAD_BYTES, actual=MAX_UPLOAD_BYTES + 1, unit="bytes")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(JPEG, "image/jpeg"), (b"<html>", "application/octet-stream"), (None, "application/octet-stream")],
)
def test_lost_photo_is_private_charged_and_due(content: bytes | None, content_type: str) -> None:
    stored = store(content, size=7)
    assert build_lost_photo(KEY, stored, NOW) == Photo(
        photo_id=PHOTO_ID,
        user_id=UserId("ann"),
        s3_key=KEY,
        filename="quay.jpg",
        content_type=content_type,
        status="pending",
        visibility="private",
        charged_bytes=stored.size,
        rebuilt=True,
        due_at=format_timestamp(NOW),
    )


def test_photo_may_have_been_erased_once_its_tombstone_can_have_expired() -> None:
    end = NOW + TOMBSTONE_LIFETIME
    assert is_possibly_erased(PHOTO_ID, end)
    assert not is_possibly_erased(PHOTO_ID, end - timedelta(milliseconds=1))
