"""What a change of an album entails for its photos: they hold its name and visibility, and leave it when it goes.

The album's row says since when that is due. Small albums are done with at once, others by jobs of the queue, a hundred
photos a step; what is lost on the way is found by the sweep.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from chalicelib.domain.albums import Album
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import AlbumId, PhotoId, timestamp
from chalicelib.domain.photos import TRASH_LIFETIME, Photo
from chalicelib.stores.protocols import AlbumStore, Store

log = logging.getLogger(__name__)

GRACE = timedelta(minutes=15)
"""How long the sweep leaves an album to whoever changed it."""
AT_ONCE = 10
_STEP = 100
_ATTEMPTS = 5


class Tidy(msgspec.Struct, frozen=True, tag="tidy", tag_field="job", rename="camel"):
    """Bring the photos of an album, those beyond `after`, up to it."""

    album_id: AlbumId
    after: PhotoId | None = None
    wording: int | None = None
    """For which of the album's changes the pass was begun; None where it is yet to begin."""


class Sender(Protocol):
    """The job queue."""

    def send(self, jobs: Sequence[Tidy]) -> None:
        """Enqueue all of `jobs`, or raise `Busy`."""


def begin(store: Store, albums: AlbumStore, queue: Sender, album: Album, now: datetime) -> None:
    """Bring the photos of an album that was just changed up to it: a few at once, many by the queue."""
    if album.due_at is None:
        return
    rest: Tidy | None = Tidy(album.album_id)
    try:
        if album.photo_count <= AT_ONCE:
            rest = step(store, albums, Tidy(album.album_id), now, AT_ONCE + 1)
        if rest:
            queue.send([rest])
    except Busy:
        # The change itself is made, so the caller is not refused.
        log.warning("left an album to the sweep", extra={"album_id": album.album_id})


def step(store: Store, albums: AlbumStore, job: Tidy, now: datetime, limit: int = _STEP) -> Tidy | None:
    """Do the first `limit` photos of `job`; what is left of it. Safe to repeat, and to do several at once.

    Raises:
        Busy: a photo keeps being changed.
    """
    album = albums.album(job.album_id)
    if album is None or album.due_at is None or job.wording not in (None, album.wording):
        return None
    photo_ids = albums.members(job.album_id, limit, after=job.after)
    left = photo_ids
    for _ in range(_ATTEMPTS):
        left = _bring_up(store, albums, job.album_id, left, now)
    if left:
        raise Busy
    if len(photo_ids) == limit:
        return Tidy(job.album_id, photo_ids[-1], album.wording)
    _end(albums, album)
    return None


def _bring_up(
    store: Store, albums: AlbumStore, album_id: AlbumId, photo_ids: Sequence[PhotoId], now: datetime
) -> list[PhotoId]:
    """Bring these photos up to the album; those that somebody else changed meanwhile."""
    # The photos first: whoever then finds the album older than it is has read a photo that nobody has brought up to it.
    photos = albums.photos(photo_ids)
    album = albums.album(album_id) if photos else None
    if album is None:
        return []
    pairs = [(photo, _brought_up(photo, album, now)) for photo in photos.values()]
    return [before.photo_id for before, after in pairs if after != before and not store.replace(before, after)]


def _brought_up(photo: Photo, album: Album, now: datetime) -> Photo:
    placements = dict(photo.albums)
    placement = placements.pop(album.album_id, None)
    if placement is None:
        return photo
    if album.deleted_at is None:
        placements[album.album_id] = placement.with_(name=album.name, public=album.public)
    elif album.trash_photos and photo.listed:
        photo = photo.with_(trashed_at=timestamp(now), due_at=timestamp(now + TRASH_LIFETIME))
    return photo.with_(albums=placements)


def _end(albums: AlbumStore, album: Album) -> None:
    """Note that nothing is left to do; a deleted album goes, with its links."""
    if album.deleted_at is None:
        albums.settle(album)
        return
    while links := albums.links(album.album_id, _STEP):
        for link in links:
            albums.remove_link(album.album_id, link.link_id)
    albums.remove(album)
