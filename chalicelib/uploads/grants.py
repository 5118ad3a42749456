"""Leave to upload: given once to a request that is repeated, and not at all for bytes that are there already."""

import hashlib
from datetime import datetime, timedelta

import msgspec

from chalicelib.albums import entries
from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord, Limits
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import UploadRequest
from chalicelib.infra import metrics
from chalicelib.storage.bucket import Bucket, Grant
from chalicelib.stores.protocols import AlbumStore, Repeats, Store
from chalicelib.uploads import confirmation

RECORD_LIFETIME = timedelta(hours=24)
_ATTEMPTS = 3


class Duplicate(Model, omit_defaults=False, frozen=True):
    """Instead of a grant: the caller has these bytes already."""

    photo_id: PhotoId
    duplicate: bool = True


def grant(
    store: Store,
    albums: AlbumStore,
    repeats: Repeats,
    bucket: Bucket,
    limits: Limits,
    request: UploadRequest,
    *,
    by: UserId,
    now: datetime,
    key: str | None = None,
) -> Grant | Duplicate:
    """Reserve a photo's place and its quota, and sign leave to upload it; unless it is there, or was asked for before.

    `key`: the Idempotency-Key. For 24 hours the same request under it is answered as the first was, to the byte.

    Raises:
        NotFound: it is to be in an album that does not exist, or is somebody else's.
        UnsupportedType, TooLarge, InvalidRequest: as `uploads.pending`.
        IdempotencyConflict: another request came under `key` before.
        QuotaExceeded: the account has no room for it.
    """
    photo = confirmation.pending(request, by=by, now=now)
    record = _record(photo, request, key, now) if key else None
    for _ in range(_ATTEMPTS):
        if record and (first := repeats.record(by, record.key)):
            return _again(first, record)
        placed = entries.placed(albums, request.album_id, by=by, now=now)
        if request.sha256 and (there := repeats.same_bytes(by, request.sha256)):
            if record is None or repeats.keep(record.with_(photo_id=there)):
                return Duplicate(photo_id=there)
            continue
        # Signed before anything is written, so that the answer can be kept in the same transaction.
        made = bucket.put_grant(photo) if request.method == "PUT" else bucket.post_grant(photo)
        kept = record and record.with_(grant=msgspec.json.encode(made).decode())
        if store.grant(photo.with_(albums=placed), limits, kept):
            metrics.count("Granted")
            return made
    raise errors.Busy


def _record(photo: Photo, request: UploadRequest, key: str, now: datetime) -> IdempotencyRecord:
    return IdempotencyRecord(
        user_id=photo.user_id,
        key=hashlib.sha256(key.encode()).hexdigest(),
        request=hashlib.sha256(msgspec.json.encode(request)).hexdigest(),
        photo_id=photo.photo_id,
        expires_at=int((now + RECORD_LIFETIME).timestamp()),
    )


def _again(first: IdempotencyRecord, record: IdempotencyRecord) -> Grant | Duplicate:
    if first.request != record.request:
        raise errors.IdempotencyConflict
    return msgspec.json.decode(first.grant, type=Grant) if first.grant else Duplicate(photo_id=first.photo_id)
