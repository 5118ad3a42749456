"""Use cases of many photos: change, trash, restore and erase them, each with its own result."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Lock
from typing import Any

from chalicelib.auth.rate_limit import Limiter
from chalicelib.domain.accounts import Caller
from chalicelib.domain.batches import PhotoChangeBatch, PhotoIdBatch
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import AlbumId, PhotoId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo
from chalicelib.infra.batch import run_each
from chalicelib.photos.photos import Photos
from chalicelib.photos.views import OwnPhotoView
from chalicelib.stores.protocols import PhotoStore


class BatchResult(Model, omit_defaults=False, frozen=True):
    """The result for one photo of a batch. If `error` is null, the action succeeded.

    Otherwise, `error`, `message` and `details` are those of the error response to the same action on a single photo.
    """

    photo_id: PhotoId
    error: str | None
    message: str | None
    details: dict[str, Any] | None


class PhotoResult(BatchResult, omit_defaults=False, frozen=True):
    """The result for one photo of a batch. `photo` is the photo after the action.

    `photo` is null if the action failed or erased the photo. If `error` is null, the action succeeded. Otherwise,
    `error`, `message` and `details` are those of the error response to the same action on a single photo.
    """

    photo: OwnPhotoView | None


class PhotoResults(Model, omit_defaults=False, frozen=True):
    """The results of a batch, in the order of the request."""

    items: tuple[PhotoResult, ...]


def build_error_fields(error: PhotoshareError | None) -> dict[str, Any]:
    """Return the fields of a `BatchResult` for an error, or for a success if None."""
    if error is None:
        return {"error": None, "message": None, "details": None}
    return {"error": error.code, "message": error.message, "details": error.details}


class PhotoBatches:
    """Change many photos. Each photo has its own transaction, by the use cases of single photos."""

    def __init__(self, store: PhotoStore, photos: Photos, limiter: Limiter) -> None:
        self._store, self._photos, self._limiter = store, photos, limiter

    def change(self, batch: PhotoChangeBatch, *, by: Caller) -> PhotoResults:
        """Apply the changes of each photo.

        Raises:
            TooManyRequests: the caller exceeds the rate limit.
        """
        changes = {PhotoId(item.photo_id): item.changes for item in batch.items}
        return self._run_by_album(
            list(changes), by, lambda photos, photo_id: photos.change(photo_id, changes[photo_id], by=by)
        )

    def trash(self, batch: PhotoIdBatch, *, by: Caller) -> PhotoResults:
        """Move photos to the trash. See `change` for the errors."""
        return self._run_by_album(batch.ids, by, lambda photos, photo_id: photos.trash(photo_id, by=by))

    def restore(self, batch: PhotoIdBatch, *, by: Caller) -> PhotoResults:
        """Restore photos from the trash. See `change` for the errors."""
        return self._run_by_album(batch.ids, by, lambda photos, photo_id: photos.restore(photo_id, by=by))

    def erase(self, batch: PhotoIdBatch, *, by: Caller) -> PhotoResults:
        """Erase photos that are in the trash. See `change` for the errors."""
        # Each of these transactions changes the usage of the account. Only the calls to S3 run at the same time.
        usage = Lock()

        def erase(photos: Photos, _: _AlbumLocks, photo_id: PhotoId) -> None:
            with usage:
                tombstone = photos.bury(photo_id, by=by, only_from_trash=True)
            photos.delete_data(tombstone)

        return self._run(batch.ids, by, erase)

    def _run_by_album(
        self, photo_ids: list[PhotoId], by: Caller, action: Callable[[Photos, PhotoId], OwnPhotoView]
    ) -> PhotoResults:
        def run(photos: Photos, locks: _AlbumLocks, photo_id: PhotoId) -> OwnPhotoView:
            with locks.hold(photo_id):
                return action(photos, photo_id)

        return self._run(photo_ids, by, run)

    def _run(
        self,
        photo_ids: list[PhotoId],
        by: Caller,
        action: Callable[[Photos, "_AlbumLocks", PhotoId], OwnPhotoView | None],
    ) -> PhotoResults:
        self._limiter.count_batch(by.user_id, len(photo_ids))
        stored = self._store.get_photos(photo_ids)
        results = run_each(partial(action, self._photos.preload(stored), _AlbumLocks(stored)), photo_ids)
        pairs = zip(photo_ids, results, strict=True)
        return PhotoResults(items=tuple(_build_result(photo_id, result) for photo_id, result in pairs))


class _AlbumLocks:
    """Locks that let only one photo of an album change at a time.

    The transactions of these photos change the counts of the same album, so DynamoDB would cancel all but one.
    """

    def __init__(self, photos: Mapping[PhotoId, Photo]) -> None:
        locks: defaultdict[AlbumId, Lock] = defaultdict(Lock)
        # Take the locks in one order, so that no two threads wait for each other.
        self._locks = {
            photo_id: [locks[album_id] for album_id in sorted(photo.memberships)] for photo_id, photo in photos.items()
        }

    @contextmanager
    def hold(self, photo_id: PhotoId) -> Iterator[None]:
        """Hold the locks of the albums of a photo."""
        with ExitStack() as stack:
            for lock in self._locks.get(photo_id, ()):
                stack.enter_context(lock)
            yield


def _build_result(photo_id: PhotoId, result: OwnPhotoView | PhotoshareError | None) -> PhotoResult:
    if isinstance(result, PhotoshareError):
        return PhotoResult(photo_id=photo_id, photo=None, **build_error_fields(result))
    return PhotoResult(photo_id=photo_id, photo=result, **build_error_fields(None))
