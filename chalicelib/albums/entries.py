"""The photos of albums: put them in, take them out, and page through them by position or at random."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from chalicelib.albums.albums import own, seen, shows
from chalicelib.domain import errors
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, UserId, milliseconds
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.domain.photos import MAX_ALBUMS, Photo, Placement
from chalicelib.domain.requests import AlbumPhotoQuery
from chalicelib.photos import access, lists
from chalicelib.stores.protocols import AlbumStore, Store

_ATTEMPTS = 5


class EntryView(Model, omit_defaults=False, frozen=True):
    """`PUT /albums/{albumId}/photos/{photoId}`."""

    album_id: AlbumId
    photo_id: PhotoId
    position: int


def put(
    store: Store,
    albums: AlbumStore,
    album_id: AlbumId,
    photo_id: PhotoId,
    *,
    by: UserId,
    position: int | None,
    now: datetime,
) -> EntryView:
    """Put one's photo into one's album, or move it there; without a position, at the end or where it is.

    Raises:
        NotFound: there is no such album or photo, or not for them.
        Forbidden: they may see it, and do not own it.
        NotReady: the photo was rejected, or is in the trash.
        TooManyAlbums: it is in as many as it can be.
        Conflict: others keep changing it.
    """
    for _ in range(_ATTEMPTS):
        album = own(albums, album_id, by)
        photo = access.own(store, photo_id, by)
        if not (photo.listed or photo.status == "pending"):
            raise errors.NotReady("Only a photo that is ready, and not in the trash, can be put into an album.")
        if album_id not in photo.albums and len(photo.albums) >= MAX_ALBUMS:
            raise errors.TooManyAlbums(details={"limit": MAX_ALBUMS})
        placement = _placement(album, photo.albums.get(album_id), position, now)
        after = photo.with_(albums=photo.albums | {album_id: placement})
        if after == photo or store.replace(photo, after):
            return EntryView(album_id=album_id, photo_id=photo_id, position=placement.position)
    raise errors.Conflict


def take_out(store: Store, albums: AlbumStore, album_id: AlbumId, photo_id: PhotoId, *, by: UserId) -> None:
    """Take a photo out of one's album. The photo itself stays.

    Raises:
        NotFound: there is no such album, or not for them, or the photo is not in it.
        Forbidden: they may see the album, and do not own it.
        Conflict: others keep changing the photo.
    """
    for _ in range(_ATTEMPTS):
        own(albums, album_id, by)
        photo = store.photo(photo_id)
        if photo is None or album_id not in photo.albums:
            raise errors.NotFound
        left = {each: placement for each, placement in photo.albums.items() if each != album_id}
        if store.replace(photo, photo.with_(albums=left)):
            return
    raise errors.Conflict


def placed(albums: AlbumStore, album_id: str | None, *, by: UserId, now: datetime) -> dict[AlbumId, Placement]:
    """Where a new photo will be: at the end of this album of one's own, or in none.

    Raises:
        NotFound: there is no such album, or it is somebody else's.
    """
    if album_id is None:
        return {}
    album = albums.album(AlbumId(album_id))
    if album is None or album.user_id != by or album.deleted_at:
        raise errors.NotFound
    return {album.album_id: _placement(album, None, None, now)}


def page(
    albums: AlbumStore, keys: Sequence[str], album_id: AlbumId, query: AlbumPhotoQuery, *, by: UserId | None
) -> Page[Photo]:
    """One page of an album's photos, as far as `by` may see them. `keys`: of the cursors, newest last.

    Raises:
        NotFound: there is no such album, or not for them.
        InvalidCursor: `lastKey` is not of this list.
    """
    # Which index to read depends on whose the album is. A visitor owns none, and learns the rest with the photos.
    whole = by is not None and seen(albums, album_id, by).user_id == by
    cursors = Cursors(keys, by, "album", album_id, query.order)
    return _page(_Reader(albums, album_id, whole, lambda album: album.visible_to(by)), query, cursors)


def shared_page(
    albums: AlbumStore, keys: Sequence[str], album_id: AlbumId, link_id: LinkId, query: AlbumPhotoQuery
) -> Page[Photo]:
    """One page of all photos of an album, for whoever has a link to it.

    Raises:
        NotFound: the album is gone.
        InvalidCursor: `lastKey` is not of this list.
    """
    cursors = Cursors(keys, None, "shared", album_id, link_id, query.order)
    return _page(_Reader(albums, album_id, True, lambda album: album.deleted_at is None), query, cursors)


class _Reader(msgspec.Struct, frozen=True):
    """Reads the photos of one album for one viewer."""

    albums: AlbumStore
    album_id: AlbumId
    whole: bool
    """Private photos as well."""
    may_see: Callable[[Album], bool]

    def photos(self, entries: Sequence[Entry]) -> list[tuple[Entry, Photo]]:
        """Those photos that are there for the viewer; an index may lag, the rows do not.

        Raises:
            NotFound: the album is not.
        """
        album, photos = self.albums.with_photos(self.album_id, [entry.photo_id for entry in entries])
        if album is None or not self.may_see(album):
            raise errors.NotFound
        pairs = [(entry, photos[entry.photo_id]) for entry in entries if entry.photo_id in photos]
        return [pair for pair in pairs if shows(self.album_id, pair[1], whole=self.whole)]


def _page(reader: _Reader, query: AlbumPhotoQuery, cursors: Cursors) -> Page[Photo]:
    place = cursors.open(query.last_key)
    if query.order == "random":
        found, then = _shuffled(reader, query.limit, place)
        return Page(found, cursors.seal(then) if then else None)
    pairs = _by_position(reader, query.limit + 1, place[0] if place else None)
    shown = pairs[: query.limit]
    more = len(pairs) > len(shown)
    return Page([photo for _, photo in shown], cursors.seal([shown[-1][0].place]) if more else None)


def _by_position(reader: _Reader, limit: int, after: str | None) -> list[tuple[Entry, Photo]]:
    found: list[tuple[Entry, Photo]] = []
    while wanted := limit - len(found):
        entries = reader.albums.entries(reader.album_id, wanted, whole=reader.whole, after=after)
        found += reader.photos(entries)
        if len(entries) < wanted:
            break
        after = entries[-1].place
    return found


def _shuffled(reader: _Reader, limit: int, place: list[Any] | None) -> tuple[list[Photo], list[Any] | None]:
    read = partial(reader.albums.entries_by_rank, reader.album_id, whole=reader.whole)
    while True:
        entries, place = lists.shuffled(read, limit, place)
        found = [photo for _, photo in reader.photos(entries)]
        if found or place is None:
            return found, place


def _placement(album: Album, there: Placement | None, position: int | None, now: datetime) -> Placement:
    if there:
        # Its wording is `upkeep`'s alone to change: this album may have been read before that photo was.
        return there if position is None else there.with_(position=position)
    return Placement(name=album.name, public=album.public, position=milliseconds(now) if position is None else position)
