"""Update the photos of an album after its name or visibility has changed, or after it was deleted.

The request itself updates the photos of a small album. For a large album, it enqueues a job. The row of the album has
the progress of the propagation, and the time when the album is due for the sweep. If the job is lost or runs out of
time, the sweep enqueues the job again. The job then resumes from the stored progress.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from chalicelib.domain.albums import Album
from chalicelib.domain.clock import Clock
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import AlbumId, PhotoId, format_timestamp
from chalicelib.domain.messages import Queue, UpdateAlbumPhotos
from chalicelib.domain.photos import TRASH_LIFETIME, Photo
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.stores.protocols import AlbumStore, PhotoStore, ShareLinkStore

log = logging.getLogger(__name__)

PROPAGATION_LEASE = timedelta(minutes=15)
"""The time that a request or a job has to update the photos of an album before the sweep enqueues a job."""
PROPAGATION_TIME_BUDGET = timedelta(minutes=10)
"""The time budget of one run, within the 15 minutes of its function. AWS contract LAM-7."""
MAX_INLINE = 10
"""The maximum number of photos that a request updates itself."""
_BATCH_SIZE = 100


class Propagation:
    """Update the photos of changed albums. Every method is idempotent and can run concurrently with itself."""

    def __init__(
        self, store: PhotoStore, albums: AlbumStore, links: ShareLinkStore, queue: Queue, clock: Clock
    ) -> None:
        self._store, self._albums, self._links, self._queue, self._clock = store, albums, links, queue, clock

    def begin(self, album: Album) -> None:
        """Update the photos of a changed album. If there are more than `MAX_INLINE` photos, enqueue a job instead."""
        if album.due_at is None:
            return
        try:
            is_done = album.photo_count <= MAX_INLINE and self._update_inline(album.album_id)
        except Busy:
            # The change of the album is already stored, so the request must succeed.
            is_done = False
        if not is_done:
            self._queue.try_send([UpdateAlbumPhotos(album.album_id)])

    def run(self, album_id: AlbumId, budget: timedelta = PROPAGATION_TIME_BUDGET) -> None:
        """Update the photos of an album until all are up to date or `budget` is spent, and store the progress.

        Raises:
            Busy: other writers keep changing a photo.
        """
        end = time.monotonic() + budget.total_seconds()
        while (album := self._albums.get_album(album_id)) and album.due_at is not None:
            photo_ids = self._albums.list_member_ids(album_id, _BATCH_SIZE, after=album.progress)
            self._update_photos(album_id, photo_ids)
            if len(photo_ids) < _BATCH_SIZE:
                self._finish_propagation(album)
                return
            is_late = time.monotonic() >= end
            # If the time budget is spent, let the next sweep enqueue the album. If not, postpone the due time, so that
            # a sweep enqueues the album only if this run is lost.
            due_at = format_timestamp(self._clock() if is_late else self._clock() + PROPAGATION_LEASE)
            self._albums.store_progress(album, photo_ids[-1], due_at)
            if is_late:
                log.info("the sweep will resume an album", extra={"album_id": album_id})
                return

    def _update_inline(self, album_id: AlbumId) -> bool:
        """Update the photos of an album. Return False and change nothing if there are more than `MAX_INLINE` photos."""
        album = self._albums.get_album(album_id)
        if album is None or album.due_at is None:
            return True
        photo_ids = self._albums.list_member_ids(album_id, MAX_INLINE + 1)
        if len(photo_ids) > MAX_INLINE:
            return False
        self._update_photos(album_id, photo_ids)
        self._finish_propagation(album)
        return True

    def _update_photos(self, album_id: AlbumId, photo_ids: Sequence[PhotoId]) -> None:
        remaining = photo_ids

        def attempt() -> None:
            nonlocal remaining
            remaining = self._try_update(album_id, remaining)
            if remaining:
                raise WriteConflict

        retry_on_conflict(attempt, error_factory=Busy)

    def _try_update(self, album_id: AlbumId, photo_ids: Sequence[PhotoId]) -> list[PhotoId]:
        """Update these photos, and return the ids of photos that another writer changed in the meantime."""
        # Read the photos before the album, so that the album is at least as current as each photo. One batch would not
        # guarantee this order. AWS contract DDB-18.
        photos = self._store.get_photos(photo_ids)
        album = self._albums.get_album(album_id) if photos else None
        if album is None:
            return []
        pairs = [(photo, self._update_membership(photo, album)) for photo in photos.values()]
        changes = [(before, after) for before, after in pairs if after != before]
        return [before.photo_id for before, after in changes if not self._store.replace(before, after)]

    def _update_membership(self, photo: Photo, album: Album) -> Photo:
        """Return the photo with the current name and visibility of the album, or without a deleted album."""
        memberships = dict(photo.memberships)
        membership = memberships.pop(album.album_id, None)
        if membership is None:
            return photo
        if album.deleted_at is None:
            memberships[album.album_id] = membership.with_(name=album.name, public=album.public)
        elif album.moves_photos_to_trash and photo.listed:
            now = self._clock()
            photo = photo.with_(trashed_at=format_timestamp(now), due_at=format_timestamp(now + TRASH_LIFETIME))
        return photo.with_(memberships=memberships)

    def _finish_propagation(self, album: Album) -> None:
        """Mark the album as propagated, or remove it with its share links if it was deleted."""
        if album.deleted_at is None:
            self._albums.mark_updated(album)
            return
        while links := self._links.list_links(album.album_id, _BATCH_SIZE):
            for link in links:
                self._links.remove_link(album.album_id, link.link_id)
        self._albums.remove(album)
