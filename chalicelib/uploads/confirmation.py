"""Uploads: `pending` is where one begins, `confirm` the one way from there to ready or rejected."""

import hashlib
import logging
import re
import secrets
import time
from datetime import datetime
from typing import Any, get_args

from chalicelib.domain import errors
from chalicelib.domain.ids import PhotoId, UserId, is_photo_id, new_photo_id, timestamp
from chalicelib.domain.photos import GRANT_LIFETIME, MAX_UPLOAD_BYTES, TRASH_LIFETIME, MediaType, Photo
from chalicelib.domain.requests import UploadRequest
from chalicelib.infra import metrics
from chalicelib.photos.access import own
from chalicelib.renditions import Refused, Rendered, TooManyBytes, render, sniff
from chalicelib.storage.bucket import Bucket, Stored, kept_filename
from chalicelib.stores.protocols import Store
from chalicelib.uploads import s3_events
from chalicelib.uploads.moderation import Moderator

log = logging.getLogger(__name__)

_KEY = re.compile(r"([^/]+)/([^/]+)/([^/]+)")
_ATTEMPTS = 5
_MEDIA_TYPES = frozenset(get_args(MediaType))


def pending(request: UploadRequest, *, by: UserId, now: datetime) -> Photo:
    """The photo that a grant is asked for, in no album; nothing is written yet.

    Raises:
        UnsupportedType, TooLarge: no photo of this type or size is taken.
        InvalidRequest: the file name is over 255 bytes.
    """
    if request.content_type not in _MEDIA_TYPES:
        raise errors.UnsupportedType(details={"supported": sorted(_MEDIA_TYPES)})
    if (request.size or 0) > MAX_UPLOAD_BYTES:
        raise errors.TooLarge(details={"limit": MAX_UPLOAD_BYTES, "unit": "bytes"})
    if len(request.filename.encode()) > 255:
        raise errors.InvalidRequest("The file name is over 255 bytes.", details={"field": "filename"})
    photo_id = new_photo_id(now, secrets.randbits(128))
    return Photo(
        photo_id=photo_id,
        user_id=by,
        s3_key=f"{by}/{photo_id}/{_safe(request.filename)}",
        filename=request.filename,
        content_type=request.content_type,
        status="pending",
        visibility=request.visibility,
        title=request.title,
        description=request.description,
        tags=tuple(dict.fromkeys(request.tags)),
        size=request.size or 0,
        sha256=request.sha256,
        # Whoever does not say how much they will upload reserves the most there can be.
        charged=request.size or MAX_UPLOAD_BYTES,
        due_at=timestamp(now + 2 * GRANT_LIFETIME),
    )


def complete(
    store: Store, bucket: Bucket, moderator: Moderator | None, photo_id: PhotoId, *, by: UserId, now: datetime
) -> Photo:
    """Confirm now instead of waiting for the event. `moderator`: as `confirm` has it.

    Raises:
        NotFound, Forbidden: it is not the caller's.
        NotUploaded: nothing was uploaded yet.
        ImageRejected: the bytes are not an acceptable image.
    """
    photo: Photo | None = own(store, photo_id, by)
    if photo and photo.status == "pending":
        photo = _settled(store, bucket, moderator, photo, bucket.read(photo.s3_key), now)
    if photo is None or photo.status == "erased":
        raise errors.NotFound
    if photo.status == "pending":
        raise errors.NotUploaded
    if photo.rejection:
        raise errors.ImageRejected(photo.rejection)
    return photo


def confirm_event(
    store: Store, bucket: Bucket, moderator: Moderator | None, event: dict[str, Any], now: datetime
) -> None:
    """Confirm every object of an S3 event. One that fails does not keep the others from being confirmed.

    Raises:
        ExceptionGroup: of what failed, so that Lambda delivers the event again.
    """
    failures: list[Exception] = []
    for record in s3_events.created(event, bucket.originals):
        try:
            confirm(store, bucket, moderator, record.key, record.version_id, now)
        except Exception as error:
            log.exception("could not confirm an upload", extra={"s3_prefix": _without_name(record.key)})
            failures.append(error)
    if failures:
        raise ExceptionGroup("some uploads were not confirmed", failures)


def confirm(
    store: Store, bucket: Bucket, moderator: Moderator | None, key: str, version_id: str | None, now: datetime
) -> Photo | None:
    """Settle what was uploaded under `key`. Idempotent, whoever calls and however often.

    An upload becomes ready or rejected; versions beside the confirmed one, and whatever arrives after a photo was
    erased, are deleted. Where the confirmed version is gone, another with its bytes is served instead. `moderator`:
    who judges pictures; None where nobody does. Returns the photo as it was found or settled; None where the key is not
    one of ours.
    """
    match = _KEY.fullmatch(key)
    if not match or not is_photo_id(match[2]):
        log.warning("ignored a foreign object")
        return None
    user_id, photo_id = UserId(match[1]), PhotoId(match[2])
    photo = store.photo(photo_id)
    if photo is None:
        return _rebuilt(store, bucket, moderator, user_id, photo_id, key, now)
    if photo.status == "pending" and photo.s3_key == key:
        return _settled(store, bucket, moderator, photo, bucket.read(key, version_id), now)
    if photo.status == "erased":
        bucket.erase(photo.prefix)
    elif version_id and version_id != photo.version_id:
        _drop_or_adopt(store, bucket, photo, key, version_id)
    return photo


def _drop_or_adopt(store: Store, bucket: Bucket, photo: Photo, key: str, version_id: str) -> None:
    """Delete a version beside the confirmed one; or serve it instead, where that is gone and the bytes are the same."""
    if photo.version_id and key == photo.s3_key and not bucket.holds(key, photo.version_id):
        stored = bucket.read(key, version_id)
        if stored and hashlib.sha256(stored.content or b"").hexdigest() == photo.sha256:
            log.warning("an original came back as another version", extra={"photo_id": photo.photo_id})
            if not store.replace(photo, photo.with_(version_id=version_id)):
                raise errors.Busy
            return
    bucket.drop(photo, key, version_id)


def _safe(filename: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", filename)[-100:].lstrip(".") or "photo"


def _without_name(key: str) -> str:
    """Person and photo, where the key is one of ours: what people call their files is not for the log."""
    match = _KEY.fullmatch(key)
    return f"{match[1]}/{match[2]}" if match and is_photo_id(match[2]) else ""


def _rebuilt(
    store: Store,
    bucket: Bucket,
    moderator: Moderator | None,
    user_id: UserId,
    photo_id: PhotoId,
    key: str,
    now: datetime,
) -> Photo | None:
    """A photo whose row was lost, rebuilt from its object; deleted where its account is cancelled."""
    if store.account(user_id).cancelled:
        bucket.erase(f"{user_id}/{photo_id}/")
        return None
    stored = bucket.read(key)
    if stored is None:
        return None
    content_type = sniff(stored.content) if stored.content else None
    photo = Photo(
        photo_id=photo_id,
        user_id=user_id,
        s3_key=key,
        filename=kept_filename(stored.metadata) or key.rpartition("/")[2],
        content_type=content_type or "application/octet-stream",
        status="pending",
        # As it was nobody knows: its owner may have hidden it since the upload.
        visibility="private",
        charged=stored.size,
        due_at=timestamp(now),
    )
    store.rebuild(photo)
    return _settled(store, bucket, moderator, store.photo(photo_id) or photo, stored, now)


def _settled(
    store: Store, bucket: Bucket, moderator: Moderator | None, photo: Photo, stored: Stored | None, now: datetime
) -> Photo | None:
    """A pending photo made ready or rejected, according to what is stored."""
    if stored is None or photo.status != "pending":
        return photo
    begun = time.perf_counter()
    try:
        rendered = render(_accepted(photo, stored), photo.content_type)
        if moderator:
            moderator.check(rendered)
        outcome = _ready(bucket, photo, stored, rendered)
    except Refused as refusal:
        outcome = _rejected(refusal, now)
    current = _decided(store, photo, outcome)
    metrics.time("ConfirmSeconds", time.perf_counter() - begun)
    # Deleted after the row says so, and again where somebody else settled the photo while it was being decoded.
    if current is None or current.status != "ready":
        bucket.erase(photo.prefix)
    elif current.version_id != stored.version_id:
        bucket.drop(current, photo.s3_key, stored.version_id)
    log.info("confirmed", extra={"photo_id": photo.photo_id, "status": current.status if current else None})
    return current


def _decided(store: Store, photo: Photo, outcome: dict[str, Any]) -> Photo | None:
    """The photo with `outcome`, or as somebody else has settled it; pending only where the account is cancelled.

    Raises:
        Busy: its owner keeps changing it.
    """
    current: Photo | None = photo
    for _ in range(_ATTEMPTS):
        if current is None or current.status != "pending":
            return current
        if store.replace(current, current.with_(**outcome)):
            _count(outcome)
            return current.with_(**outcome, revision=current.revision + 1)
        # Decoding takes seconds, in which the owner may have written a title.
        current = store.photo(photo.photo_id)
    if not store.account(photo.user_id).cancelled:
        raise errors.Busy
    return current


def _count(outcome: dict[str, Any]) -> None:
    if outcome["status"] == "ready":
        metrics.count("Confirmed")
    else:
        metrics.count("Rejected", reason=outcome["rejection"])


class SizeMismatch(Refused):
    """As many bytes were declared, but others were stored."""


class ChecksumMismatch(Refused):
    """The stored bytes do not have the SHA-256 that was declared."""


def _accepted(photo: Photo, stored: Stored) -> bytes:
    """The bytes, where they are those that the grant was for."""
    if stored.content is None:
        raise TooManyBytes
    if photo.size and photo.size != stored.size:
        raise SizeMismatch
    if photo.sha256 and photo.sha256 != hashlib.sha256(stored.content).hexdigest():
        raise ChecksumMismatch
    return stored.content


def _ready(bucket: Bucket, photo: Photo, stored: Stored, rendered: Rendered) -> dict[str, Any]:
    keys = {}
    for name, rendition in rendered.renditions.items():
        # Under the version, so that two versions confirmed at once cannot write over each other's.
        keys[name] = f"{photo.prefix}{stored.version_id}/{name}.{rendition.extension}"
        bucket.write_rendition(keys[name], rendition.content, rendition.content_type)
    return {
        "status": "ready",
        "size": stored.size,
        "charged": stored.size,
        "sha256": hashlib.sha256(stored.content or b"").hexdigest(),
        "version_id": stored.version_id,
        "width": rendered.width,
        "height": rendered.height,
        "taken_at": rendered.taken_at,
        "exif": rendered.exif,
        "placeholder": rendered.placeholder,
        "renditions": keys,
        "copy_type": rendered.renditions["full"].content_type,
        "copy_size": len(rendered.renditions["full"].content),
        "due_at": None,
    }


def _rejected(refusal: Refused, now: datetime) -> dict[str, Any]:
    due_at = timestamp(now + TRASH_LIFETIME)
    return {"status": "rejected", "rejection": refusal.code, "charged": 0, "due_at": due_at}
