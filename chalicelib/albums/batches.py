"""Use cases of many photos of an album: add and remove them, each with its own result."""

from collections.abc import Callable, Sequence
from functools import partial

from chalicelib.albums.access import PreloadedAlbum, get_owned_album
from chalicelib.albums.entries import AlbumPhotos
from chalicelib.auth.rate_limit import Limiter
from chalicelib.domain.accounts import Caller
from chalicelib.domain.batches import EntryBatch, PhotoIdBatch
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import AlbumId, PhotoId
from chalicelib.domain.model import Model
from chalicelib.infra.batch import run_each
from chalicelib.photos.batches import BatchResult, build_error_fields
from chalicelib.stores.protocols import AlbumStore

_Positions = tuple[int | None, int | None]
"""The position of a photo in an album after and before an action."""


class EntryResult(BatchResult, omit_defaults=False, frozen=True):
    """The result for one photo of a batch, with its position in the album after and before the action.

    `position` or `previousPosition` is null if the photo was not in the album at that time. If `error` is null, the
    action succeeded. Otherwise, `error`, `message` and `details` are those of the error response to the same action
    on a single photo.
    """

    position: int | None
    previous_position: int | None


class EntryResults(Model, omit_defaults=False, frozen=True):
    """The results of a batch, in the order of the request."""

    items: tuple[EntryResult, ...]


class AlbumBatches:
    """Add and remove many photos. Each photo has its own transaction, by the use cases of single photos."""

    def __init__(self, albums: AlbumStore, album_photos: AlbumPhotos, limiter: Limiter) -> None:
        self._albums, self._album_photos, self._limiter = albums, album_photos, limiter

    def add(self, album_id: AlbumId, batch: EntryBatch, *, by: Caller) -> EntryResults:
        """Add photos to an album in their order.

        Raises:
            NotFound: the album does not exist, or the caller may not see it.
            Forbidden: the caller may see the album but does not own it.
            TooManyRequests: the caller exceeds the rate limit.
        """
        positions = {PhotoId(item.photo_id): item.position for item in batch.items}

        def add(album_photos: AlbumPhotos, photo_id: PhotoId) -> _Positions:
            return album_photos.add(album_id, photo_id, positions[photo_id], by=by)

        return self._run(album_id, list(positions), by, add)

    def remove(self, album_id: AlbumId, batch: PhotoIdBatch, *, by: Caller) -> EntryResults:
        """Remove photos from an album. See `add` for the errors."""

        def remove(album_photos: AlbumPhotos, photo_id: PhotoId) -> _Positions:
            return None, album_photos.remove(album_id, photo_id, by=by)

        return self._run(album_id, batch.ids, by, remove)

    def _run(
        self,
        album_id: AlbumId,
        photo_ids: Sequence[PhotoId],
        by: Caller,
        action: Callable[[AlbumPhotos, PhotoId], _Positions],
    ) -> EntryResults:
        self._limiter.count_batch(by.user_id, len(photo_ids))
        album, photos = self._albums.read_with_photos(album_id, photo_ids)
        get_owned_album(PreloadedAlbum(album), album_id, by)
        # Run one after the other: each transaction changes the counts of the album. DynamoDB would cancel all but one.
        results = run_each(partial(action, self._album_photos.preload(album, photos)), photo_ids, threads=1)
        pairs = zip(photo_ids, results, strict=True)
        return EntryResults(items=tuple(_build_result(photo_id, result) for photo_id, result in pairs))


def _build_result(photo_id: PhotoId, result: _Positions | PhotoshareError) -> EntryResult:
    error = result if isinstance(result, PhotoshareError) else None
    position, previous = (None, None) if isinstance(result, PhotoshareError) else result
    return EntryResult(photo_id=photo_id, position=position, previous_position=previous, **build_error_fields(error))
