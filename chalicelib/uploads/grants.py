"""Issue upload grants. A retry with the same `Idempotency-Key` gets the same grant. Duplicate content gets no grant."""

import re
import secrets
from datetime import datetime

import msgspec

from chalicelib.albums.memberships import build_memberships
from chalicelib.domain import errors, media_types
from chalicelib.domain.accounts import Caller, IdempotencyRecord, Limits, build_record
from chalicelib.domain.clock import Clock
from chalicelib.domain.filenames import MAX_FILENAME_UNITS, count_units
from chalicelib.domain.ids import PhotoId, UserId, create_photo_id, format_timestamp
from chalicelib.domain.model import Model
from chalicelib.domain.photos import GRANT_LIFETIME, MAX_UPLOAD_BYTES, Photo
from chalicelib.domain.requests import UploadRequest
from chalicelib.infra import metrics
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.storage.bucket import Grant, PhotoBuckets
from chalicelib.stores.protocols import AlbumStore, IdempotencyStore, PhotoStore

# The largest integer that every JSON parser reads exactly (RFC 8259, section 6).
_MAX_NUMBER = 2**53 - 1


class Duplicate(Model, omit_defaults=False, frozen=True):
    """The response instead of a grant if the caller already has a photo with the same bytes."""

    photo_id: PhotoId
    duplicate: bool = True


class UploadGrants:
    """Issue upload grants."""

    def __init__(
        self,
        store: PhotoStore,
        albums: AlbumStore,
        idempotency: IdempotencyStore,
        bucket: PhotoBuckets,
        limits: Limits,
        clock: Clock,
    ) -> None:
        """`limits` apply to each account."""
        self._store, self._albums, self._idempotency = store, albums, idempotency
        self._bucket, self._limits, self._clock = bucket, limits, clock

    def grant(self, request: UploadRequest, key: str | None, *, by: Caller) -> Grant | Duplicate:
        """Add a pending photo, charge its quota, and return an upload grant.

        `key` is the Idempotency-Key. For 24 hours, the same request with the same key gets the same response.

        Raises:
            NotFound: the requested album does not exist, or belongs to another user.
            UnsupportedType, TooLarge, InvalidRequest: see `build_pending_photo`.
            IdempotencyConflict: the key was used for a different request.
            QuotaExceeded: the photo would exceed the limits of the account.
        """
        now = self._clock()
        photo = build_pending_photo(request, by=by.user_id, now=now)
        record = build_record(by.user_id, key, request, photo.photo_id, now) if key else None
        return retry_on_conflict(
            lambda: self._attempt(photo, request, record, now), error_factory=errors.Busy, attempts=3
        )

    def _attempt(
        self, photo: Photo, request: UploadRequest, record: IdempotencyRecord | None, now: datetime
    ) -> Grant | Duplicate:
        user_id = photo.user_id
        if record and (earlier := self._idempotency.get_record(user_id, record.key)):
            return _repeat_response(earlier, record)
        memberships = build_memberships(self._albums, request.album_id, owner=user_id, now=now)
        if request.sha256 and (existing := self._idempotency.find_duplicate(user_id, request.sha256)):
            if record and not self._idempotency.add(record.with_(resource_id=existing)):
                raise WriteConflict
            return Duplicate(photo_id=existing)
        # Sign the grant before the write, so that the same transaction stores it for repeated requests.
        create_grant = self._bucket.create_put_grant if request.method == "PUT" else self._bucket.create_post_grant
        grant = create_grant(photo, media_types.choose_signed_type(request.content_type, photo.content_type))
        completed_record = record and record.with_(response=msgspec.json.encode(grant).decode())
        if not self._store.add_pending(photo.with_(memberships=memberships), self._limits, completed_record):
            raise WriteConflict
        metrics.count("Granted")
        return grant


def build_pending_photo(request: UploadRequest, *, by: UserId, now: datetime) -> Photo:
    """Build the pending photo of a request, in no album. Write nothing.

    Raises:
        UnsupportedType: the service does not accept this content type, or the extension of a file without a type.
        TooLarge: the declared size exceeds the limit.
        InvalidRequest: the file name is longer than 255 UTF-16 code units.
    """
    content_type = media_types.choose_media_type(request.content_type, request.filename)
    if content_type is None:
        raise errors.UnsupportedType(details={"supported": sorted(media_types.SUPPORTED)})
    if (request.size or 0) > MAX_UPLOAD_BYTES:
        raise errors.TooLarge(
            details={"limit": MAX_UPLOAD_BYTES, "actual": min(request.size or 0, _MAX_NUMBER), "unit": "bytes"}
        )
    if count_units(request.filename) > MAX_FILENAME_UNITS:
        raise errors.InvalidRequest(
            f"The file name is longer than {MAX_FILENAME_UNITS} UTF-16 code units.", details={"field": "filename"}
        )
    photo_id = create_photo_id(now, secrets.randbits(128))
    return Photo(
        photo_id=photo_id,
        user_id=by,
        s3_key=f"{by}/{photo_id}/{_sanitize_filename(request.filename)}",
        filename=request.filename,
        content_type=content_type,
        status="pending",
        visibility=request.visibility,
        title=request.title,
        description=request.description,
        tags=tuple(request.tags),
        imports_metadata=request.metadata == "import",
        size=request.size or 0,
        sha256=request.sha256,
        # If the client declares no size, reserve the maximum size.
        charged_bytes=request.size or MAX_UPLOAD_BYTES,
        due_at=format_timestamp(now + 2 * GRANT_LIFETIME),
    )


def _sanitize_filename(filename: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", filename)[-100:].lstrip(".") or "photo"


def _repeat_response(earlier: IdempotencyRecord, record: IdempotencyRecord) -> Grant | Duplicate:
    earlier.check_repeat(record)
    if earlier.response:
        return msgspec.json.decode(earlier.response, type=Grant)
    return Duplicate(photo_id=PhotoId(earlier.resource_id))
