"""Photos after their upload: read, change, trash, restore, erase, download. `lists` has the lists of them."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain import errors
from chalicelib.domain.ids import PhotoId, Timestamp, UserId, timestamp
from chalicelib.domain.model import Model
from chalicelib.domain.photos import GRANT_LIFETIME, TRASH_LIFETIME, Exif, Photo, Status, Visibility
from chalicelib.domain.requests import PhotoChanges
from chalicelib.photos.access import own, seen
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.signed_urls import Link
from chalicelib.stores.protocols import Store

_ATTEMPTS = 5


class RatingView(Model, omit_defaults=False, frozen=True):
    """How people rated it; `average` is None until somebody did."""

    average: float | None
    count: int


class PhotoView(Model, omit_defaults=False, frozen=True):
    """A photo as the contract shows it."""

    photo_id: PhotoId
    user_id: UserId
    s3_key: str
    filename: str
    content_type: str
    size: int
    width: int
    height: int
    uploaded_at: Timestamp
    taken_at: Timestamp | None
    title: str
    description: str
    tags: tuple[str, ...]
    visibility: Visibility
    status: Status
    rating: RatingView
    exif: Exif
    placeholder: str
    renditions: dict[str, str]


class OwnPhotoView(PhotoView, omit_defaults=False, frozen=True):
    """What its owner sees beside that."""

    sha256: str | None
    rejection: str | None
    trashed_at: Timestamp | None


class DownloadView(Model, frozen=True):
    """`GET /photos/{photoId}/download`."""

    url: str
    expires_in: int
    filename: str
    content_type: str
    size: int


def view(photo: Photo, bucket: Bucket, *, by: UserId | None, now: datetime) -> PhotoView:
    """What this person, or a visitor, sees of a photo."""
    shown = {name: getattr(photo, name) for name in PhotoView.__struct_fields__ if hasattr(photo, name)}
    urls = {name: bucket.url(photo, name, now) for name in photo.renditions if name != "full"}
    shown |= {"rating": RatingView(average=photo.average, count=photo.rating_count), "renditions": urls}
    if photo.user_id != by:
        return PhotoView(**shown | {"exif": photo.exif.without_position()})
    return OwnPhotoView(**shown, sha256=photo.sha256, rejection=photo.rejection, trashed_at=photo.trashed_at)


def change(store: Store, photo_id: PhotoId, *, by: UserId, changes: PhotoChanges) -> Photo:
    """Apply `changes` and re-index the photo's terms, in one transaction.

    Raises:
        NotFound: there is no such photo, or `by` may not see it.
        Forbidden: `by` may see it and does not own it.
        Conflict: others keep changing it.
    """
    given = changes.given()
    if "tags" in given:
        given["tags"] = tuple(dict.fromkeys(given["tags"]))
    return _changed(store, photo_id, by, lambda photo: photo.with_(**given))


def trash(store: Store, photo_id: PhotoId, *, by: UserId, now: datetime) -> None:
    """Take a photo out of all lists, for 30 days; already being there is no error.

    Raises:
        NotFound, Forbidden, Conflict: as `change`.
        NotReady: it is still being uploaded, or was rejected; only `erase` removes it.
    """

    def trashed(photo: Photo) -> Photo:
        if photo.status != "ready":
            raise errors.NotReady("Only a ready photo can go into the trash: use ?permanent=true.")
        if photo.trashed_at:
            return photo
        return photo.with_(trashed_at=timestamp(now), due_at=timestamp(now + TRASH_LIFETIME))

    _changed(store, photo_id, by, trashed)


def restore(store: Store, photo_id: PhotoId, *, by: UserId) -> Photo:
    """Take a photo out of the trash.

    Raises:
        NotFound, Forbidden, Conflict: as `change`.
        NotTrashed: it is not in the trash.
    """

    def restored(photo: Photo) -> Photo:
        if photo.trashed_at is None:
            raise errors.NotTrashed
        return photo.with_(trashed_at=None, due_at=None)

    return _changed(store, photo_id, by, restored)


def erase(store: Store, bucket: Bucket, photo_id: PhotoId, *, by: UserId, now: datetime) -> None:
    """Delete a photo for good, with its objects and ratings. Its tombstone keeps late events from bringing it back.

    Raises:
        NotFound, Forbidden, Conflict: as `change`.
    """
    photo = _changed(store, photo_id, by, lambda photo: photo.tombstone(timestamp(now + 2 * GRANT_LIFETIME)))
    bucket.erase(photo.prefix)
    # Should there be more, the sweep that looks for left-over objects finds them.
    store.forget_ratings(photo_id)


def download(store: Store, bucket: Bucket, photo_id: PhotoId, *, by: UserId | None, now: datetime) -> DownloadView:
    """Where to fetch the original, for its owner, or a full-size copy without position, for anyone else.

    Raises:
        NotFound: there is no such photo, or not for `by`.
        NotReady: its bytes are not confirmed.
    """
    photo = seen(store, photo_id, by)
    if photo.status != "ready":
        raise errors.NotReady
    if photo.user_id == by:
        return _download(bucket.original(photo, now), photo.filename, photo.content_type, photo.size)
    return _download(bucket.copy(photo, now), photo.copy_name, photo.copy_type, photo.copy_size)


def _download(link: Link, filename: str, content_type: str, size: int) -> DownloadView:
    return DownloadView(
        url=link.url, expires_in=link.expires_in, filename=filename, content_type=content_type, size=size
    )


def _changed(store: Store, photo_id: PhotoId, by: UserId, changed: Callable[[Photo], Photo]) -> Photo:
    """Apply `changed` to the photo as it is, and again where somebody was faster."""
    for _ in range(_ATTEMPTS):
        before = own(store, photo_id, by)
        after = changed(before)
        if after == before:
            return before
        if store.replace(before, after):
            return after.with_(revision=before.revision + 1)
    raise errors.Conflict
