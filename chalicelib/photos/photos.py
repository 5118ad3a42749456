"""Use cases of one photo: read, change, trash, restore, erase and download."""

import logging
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Self

from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import PhotoId, format_timestamp, is_photo_id
from chalicelib.domain.messages import CleanUpPhoto, Queue
from chalicelib.domain.photos import GRANT_LIFETIME, TRASH_LIFETIME, Photo
from chalicelib.domain.requests import MAX_TAGS, PhotoChanges
from chalicelib.domain.tags import edit_tags
from chalicelib.domain.taken import build_taken_changes
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.photos.access import PhotoReader, PreloadedPhotos, get_owned_photo, get_visible_photo
from chalicelib.photos.rotation import request_rotation
from chalicelib.photos.views import AnyPhotoView, DownloadView, OwnPhotoView, PhotoPresenter
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.stores.protocols import PhotoStore

log = logging.getLogger(__name__)

_PREVIEW_RENDITIONS = ("1024", "256")
_TAG_FIELDS = ("tags", "add_tags", "remove_tags")


class Photos:
    """Read and change single photos."""

    def __init__(
        self, store: PhotoStore, bucket: PhotoBuckets, presenter: PhotoPresenter, queue: Queue, clock: Clock
    ) -> None:
        self._store, self._bucket, self._presenter = store, bucket, presenter
        self._queue, self._clock = queue, clock
        self._reader: PhotoReader = store

    def preload(self, photos: Mapping[PhotoId, Photo]) -> Self:
        """Return the same use cases. They do not read `photos` again, unless another writer changes one of them."""
        preloaded = copy(self)
        preloaded._reader = PreloadedPhotos(self._store, photos)
        return preloaded

    def show(self, photo_id: PhotoId, *, by: Caller | None) -> AnyPhotoView:
        """Return a photo.

        Raises:
            NotFound: the photo does not exist, or the caller may not see it.
        """
        return self._presenter.build_view(get_visible_photo(self._store, photo_id, by), by)

    def find_public(self, photo_id: str) -> Photo | None:
        """Return a photo that everyone may find, or None. Photos that are unlisted or hidden count as unknown.

        Also return None if the database is unavailable, because the web page does not need the photo.
        """
        try:
            return self._find_public(photo_id)
        except errors.Busy:
            log.warning("a page has no Open Graph tags")
            return None

    def sign_preview(self, photo_id: str) -> str:
        """Return the signed URL of a picture of a public photo.

        Raises:
            NotFound: the photo does not exist, or is not public.
        """
        photo = self._find_public(photo_id)
        url = self._presenter.sign_rendition_url(photo, _PREVIEW_RENDITIONS) if photo else None
        if url is None:
            raise errors.NotFound
        return url

    def change(self, photo_id: PhotoId, changes: PhotoChanges, *, by: Caller) -> OwnPhotoView:
        """Apply `changes` and re-index the photo in one transaction. If the rotation changes, a job rotates the photo.

        Raises:
            NotFound: the photo does not exist, or the caller may not see it.
            Forbidden: the caller may see the photo but does not own it.
            Conflict: other writers keep changing the photo.
            InvalidRequest: the date does not exist, there is an offset but no local time, or there are too many tags.
            NotReady: the client sent a rotation, but the photo is pending or rejected.
        """
        fields, now = changes.get_sent_fields(), self._clock()
        rotation = fields.pop("rotation", None)
        tags: dict[str, list[str]] = {name: fields.pop(name) for name in _TAG_FIELDS if name in fields}

        def change(photo: Photo) -> Photo:
            changed = photo.with_(**fields | build_taken_changes(photo, fields) | _build_tag_changes(photo, tags))
            return changed if rotation is None else request_rotation(changed, rotation, now)

        photo = self._change(photo_id, by, change)
        if rotation is not None and photo.wanted_rotation is not None:
            self._queue.try_send([CleanUpPhoto(photo_id)])
        return self._presenter.build_own_view(photo)

    def delete(self, photo_id: PhotoId, *, permanent: bool, by: Caller) -> None:
        """Move a photo to the trash, or erase it if `permanent`.

        Raises:
            NotFound, Forbidden, Conflict: see `change`.
            NotReady: see `trash`.
        """
        if permanent:
            self.erase(photo_id, by=by)
        else:
            self.trash(photo_id, by=by)

    def trash(self, photo_id: PhotoId, *, by: Caller) -> OwnPhotoView:
        """Move a photo to the trash for 30 days. Only the trash lists it. Repeated calls change nothing.

        Raises:
            NotFound, Forbidden, Conflict: see `change`.
            NotReady: the photo is pending or rejected. Only `erase` can remove it.
        """

        def trash(photo: Photo) -> Photo:
            if photo.status != "ready":
                raise errors.NotReady("Only a ready photo can be moved to the trash. Use `permanent=true` instead.")
            return photo if photo.trashed_at else photo.with_(trashed_at=format_timestamp(now), due_at=due_at)

        now = self._clock()
        due_at = format_timestamp(now + TRASH_LIFETIME)
        return self._presenter.build_own_view(self._change(photo_id, by, trash))

    def restore(self, photo_id: PhotoId, *, by: Caller) -> OwnPhotoView:
        """Restore a photo from the trash.

        Raises:
            NotFound, Forbidden, Conflict: see `change`.
            NotTrashed: the photo is not in the trash.
        """

        def restore(photo: Photo) -> Photo:
            if photo.trashed_at is None:
                raise errors.NotTrashed
            return photo.with_(trashed_at=None, due_at=None)

        return self._presenter.build_own_view(self._change(photo_id, by, restore))

    def erase(self, photo_id: PhotoId, *, by: Caller) -> None:
        """Delete a photo with its objects and ratings. Keep a tombstone, so that a late event cannot restore it.

        Raises:
            NotFound, Forbidden, Conflict: see `change`.
        """
        self.delete_data(self.bury(photo_id, by=by))

    def bury(self, photo_id: PhotoId, *, by: Caller, only_from_trash: bool = False) -> Photo:
        """Replace a photo with its tombstone, and return the tombstone.

        If `delete_data` does not follow, the sweep deletes the data.

        Raises:
            NotFound, Forbidden, Conflict: see `change`.
            NotTrashed: the photo is not in the trash, but `only_from_trash` is set.
        """

        def bury(photo: Photo) -> Photo:
            if only_from_trash and photo.trashed_at is None:
                raise errors.NotTrashed
            return photo.to_tombstone(due_at)

        due_at = format_timestamp(self._clock() + 2 * GRANT_LIFETIME)
        return self._change(photo_id, by, bury)

    def delete_data(self, tombstone: Photo) -> None:
        """Delete the objects and ratings of an erased photo. If a call fails, the sweep deletes the rest."""
        try:
            self._bucket.erase(tombstone.prefix)
            # One call deletes a limited number of ratings. The sweep deletes the rest.
            self._store.delete_ratings(tombstone.photo_id)
        except errors.Busy:
            # The photo is already erased, so the request must succeed.
            log.warning("the sweep will delete the data of a photo", extra={"photo_id": tombstone.photo_id})

    def download(self, photo_id: PhotoId, *, by: Caller | None) -> DownloadView:
        """Return a download URL: of the original for the owner, else of the full-size copy without GPS position.

        Raises:
            NotFound: the photo does not exist, or the caller may not see it.
            NotReady: the photo is not ready.
        """
        photo = get_visible_photo(self._store, photo_id, by)
        if photo.status != "ready":
            raise errors.NotReady
        return self._presenter.build_download_view(photo, by)

    def _find_public(self, photo_id: str) -> Photo | None:
        photo = self._store.get_photo(PhotoId(photo_id)) if is_photo_id(photo_id) else None
        return photo if photo and photo.listed and photo.visibility == "public" else None

    def _change(self, photo_id: PhotoId, by: Caller, change: Callable[[Photo], Photo]) -> Photo:
        def attempt() -> Photo:
            before = get_owned_photo(self._reader, photo_id, by)
            after = change(before)
            if after == before:
                return before
            if not self._store.replace(before, after):
                raise WriteConflict
            return after.with_(revision=before.revision + 1)

        return retry_on_conflict(attempt, error_factory=errors.Conflict)


def _build_tag_changes(photo: Photo, sent: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the changes to a photo for the `tags`, `add_tags` and `remove_tags` that its owner sent.

    Raises:
        InvalidRequest: the photo would have too many tags.
    """
    if not sent:
        return {}
    tags = edit_tags(sent.get("tags", photo.tags), add=sent.get("add_tags", ()), remove=sent.get("remove_tags", ()))
    if len(tags) > MAX_TAGS and "add_tags" in sent:
        message = f"A photo can have at most {MAX_TAGS} tags."
        raise errors.InvalidRequest(message, details={"field": "addTags", "limit": MAX_TAGS})
    return {"tags": tags}
