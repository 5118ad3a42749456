"""Use cases of the photos of an album: add, move, remove and list them."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, NamedTuple, Self

import msgspec

from chalicelib.albums.access import (
    AlbumReader,
    PreloadedAlbum,
    get_owned_album,
    get_visible_album,
    is_photo_shown,
)
from chalicelib.albums.memberships import build_membership
from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller, is_user
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.clock import AscendingClock, Clock
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.domain.photos import MAX_ALBUMS, Photo
from chalicelib.domain.queries import AlbumPhotoQuery
from chalicelib.domain.timeline import build_taken_range, round_up_local_time
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.photos import random_walk
from chalicelib.photos.access import PhotoReader, PreloadedPhotos, get_owned_photo
from chalicelib.photos.views import AnyPhotoView, DownloadView, PhotoPresenter, PhotoView
from chalicelib.stores.protocols import AlbumStore, PhotoStore
from chalicelib.stores.timeline import TimelineStore


class EntryView(Model, omit_defaults=False, frozen=True):
    """A photo's position in an album."""

    album_id: AlbumId
    photo_id: PhotoId
    position: int


class AddedEntry(NamedTuple):
    """The position of a photo that was added to an album or moved in it."""

    position: int
    previous: int | None
    """The position that the photo had before, or None if it was not in the album."""


class AlbumPhotos:
    """Manage and list the photos of albums."""

    def __init__(
        self,
        store: PhotoStore,
        albums: AlbumStore,
        timeline: TimelineStore,
        presenter: PhotoPresenter,
        signing_keys: Sequence[str],
        clock: Clock,
    ) -> None:
        """`signing_keys` sign the cursors. The newest key comes last."""
        self._store, self._albums, self._timeline, self._presenter = store, albums, timeline, presenter
        self._keys, self._clock = signing_keys, clock
        self._photo_reader: PhotoReader = store
        self._album_reader: AlbumReader = albums

    def preload(self, album: Album | None, photos: Mapping[PhotoId, Photo]) -> Self:
        """Return the same use cases for one album, whose new photos get ascending positions.

        They do not read the album again. They read one of `photos` again only if another writer changes it. A change
        of the album needs no new read, because `PhotoStore.replace` writes the album's current name and visibility.
        """
        preloaded = copy(self)
        preloaded._photo_reader = PreloadedPhotos(self._store, photos)
        preloaded._album_reader = PreloadedAlbum(album)
        preloaded._clock = AscendingClock(self._clock)
        return preloaded

    def put(self, album_id: AlbumId, photo_id: PhotoId, position: int | None, *, by: Caller) -> EntryView:
        """Add a photo to an album, or move it to `position`.

        If `position` is None, add a new photo at the end. A photo that is already in the album keeps its position.

        Raises:
            NotFound: the album or the photo does not exist, or the caller may not see it.
            Forbidden: the caller may see the album or the photo but does not own it.
            NotReady: the photo was rejected, or is in the trash.
            TooManyAlbums: the photo is already in `MAX_ALBUMS` albums.
            Conflict: other writers keep changing the photo.
        """
        change = self.add(album_id, photo_id, position, by=by)
        return EntryView(album_id=album_id, photo_id=photo_id, position=change.position)

    def add(self, album_id: AlbumId, photo_id: PhotoId, position: int | None, *, by: Caller) -> "AddedEntry":
        """Add or move a photo as `put` does, and return its position with the one that it had before."""

        def attempt() -> AddedEntry:
            album = get_owned_album(self._album_reader, album_id, by)
            photo = get_owned_photo(self._photo_reader, photo_id, by)
            if not (photo.listed or photo.status == "pending"):
                raise errors.NotReady("A photo that was rejected or is in the trash cannot be added to an album.")
            if album_id not in photo.memberships and len(photo.memberships) >= MAX_ALBUMS:
                raise errors.TooManyAlbums(details={"limit": MAX_ALBUMS})
            existing = photo.memberships.get(album_id)
            new_membership = build_membership(album, existing, position, self._clock())
            after = photo.with_(memberships=photo.memberships | {album_id: new_membership})
            if after != photo and not self._store.replace(photo, after):
                raise WriteConflict
            return AddedEntry(new_membership.position, existing.position if existing else None)

        return retry_on_conflict(attempt, error_factory=errors.Conflict)

    def remove(self, album_id: AlbumId, photo_id: PhotoId, *, by: Caller) -> int:
        """Remove a photo from an album, and return the position that it had. Keep the photo itself.

        Raises:
            NotFound: the album does not exist, the caller may not see it, or the photo is not in it.
            Forbidden: the caller may see the album but does not own it.
            Conflict: other writers keep changing the photo.
        """

        def attempt() -> int:
            get_owned_album(self._album_reader, album_id, by)
            photo = self._photo_reader.get_photo(photo_id)
            if photo is None or album_id not in photo.memberships:
                raise errors.NotFound
            other_memberships = {key: value for key, value in photo.memberships.items() if key != album_id}
            if not self._store.replace(photo, photo.with_(memberships=other_memberships)):
                raise WriteConflict
            return photo.memberships[album_id].position

        return retry_on_conflict(attempt, error_factory=errors.Conflict)

    def list_page(self, album_id: AlbumId, query: AlbumPhotoQuery, *, by: Caller | None) -> Page[AnyPhotoView]:
        """Return one page of the photos of an album that the caller may see.

        Raises:
            NotFound: the album does not exist, or the caller may not see it.
            InvalidRequest: the order does not support a time range.
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        user_id = by.user_id if by else None
        # For a signed-in caller, read the album first: only its owner gets the index that includes private photos.
        # For a visitor, `_Reader.get_photos` reads the album and the photos in one request.
        include_private = by is not None and is_user(by, get_visible_album(self._albums, album_id, by).user_id)
        cursors = Cursors(self._keys, user_id, "album", album_id, query.order, *_build_bounds(query))
        reader = _Reader(
            self._albums, self._timeline, album_id, include_private, lambda album: album.is_visible_to(user_id)
        )
        return self._presenter.build_page(_read_page(reader, query, cursors), by)

    def list_shared_page(self, album_id: AlbumId, link_id: LinkId, query: AlbumPhotoQuery) -> Page[PhotoView]:
        """Return one page of all photos of an album, for a visitor with this share link.

        Raises:
            NotFound: the album was deleted.
            InvalidRequest: the order does not support a time range.
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        cursors = Cursors(self._keys, None, "shared", album_id, link_id, query.order, *_build_bounds(query))
        reader = _Reader(self._albums, self._timeline, album_id, True, lambda album: album.deleted_at is None)
        return self._presenter.build_shared_page(_read_page(reader, query, cursors))

    def download_shared(self, album_id: AlbumId, photo_id: PhotoId) -> DownloadView:
        """Return a download URL of the copy of a photo, for a visitor with a share link to the album.

        Raises:
            NotFound: the album does not show the photo: it is not in the album, not ready, or in the trash.
        """
        photo = self._store.get_photo(photo_id)
        if photo is None or not is_photo_shown(album_id, photo, include_private=True):
            raise errors.NotFound
        return self._presenter.build_download_view(photo, None)


class _Reader(msgspec.Struct, frozen=True):
    """Read the photos of one album for one viewer."""

    albums: AlbumStore
    timeline: TimelineStore
    album_id: AlbumId
    include_private: bool
    can_see: Callable[[Album], bool]

    def get_photos(self, entries: Sequence[Entry]) -> list[tuple[Entry, Photo]]:
        """Return the photos of `entries` that the viewer may see. Read the photo rows, because the index may be stale.

        Raises:
            NotFound: the viewer may not see the album.
        """
        album, photos = self.albums.read_with_photos(self.album_id, [entry.photo_id for entry in entries])
        if album is None or not self.can_see(album):
            raise errors.NotFound
        pairs = [(entry, photos[entry.photo_id]) for entry in entries if entry.photo_id in photos]
        return [pair for pair in pairs if is_photo_shown(self.album_id, pair[1], include_private=self.include_private)]


def _build_bounds(query: AlbumPhotoQuery) -> list[str]:
    """Return the time range to which a cursor is bound.

    Raises:
        InvalidRequest: the order does not support a time range.
    """
    times = [query.from_, query.to]
    if not any(times):
        return []
    if query.order != "taken":
        raise errors.InvalidRequest("The filters `from` and `to` require `order=taken`.")
    return [round_up_local_time(time) if time else "" for time in times]


def _read_page(reader: _Reader, query: AlbumPhotoQuery, cursors: Cursors) -> Page[Photo]:
    position = cursors.open(query.last_key)
    if query.order == "random":
        photos, next_position = _read_randomly(reader, query.limit, position)
        return Page(photos, cursors.seal(next_position) if next_position else None)
    read = _read_by_taken if query.order == "taken" else _read_by_position
    pairs = _fill_page(reader, partial(read, reader, query), query.limit + 1, position[0] if position else None)
    page = cursors.build_page(pairs, query.limit, lambda pair: [pair[0].sort_key])
    return Page([photo for _, photo in page.items], page.last_key)


def _read_by_position(reader: _Reader, _query: AlbumPhotoQuery, limit: int, after: str | None) -> list[Entry]:
    return reader.albums.list_entries(reader.album_id, limit, include_private=reader.include_private, after=after)


def _read_by_taken(reader: _Reader, query: AlbumPhotoQuery, limit: int, after: str | None) -> list[Entry]:
    part = build_taken_range(query, after)
    return reader.timeline.list_entries(reader.album_id, limit, part, include_private=reader.include_private)


def _fill_page(
    reader: _Reader, read: Callable[[int, str | None], list[Entry]], limit: int, after: str | None
) -> list[tuple[Entry, Photo]]:
    """Return `limit` photos that the viewer may see, or fewer at the end of the list."""
    pairs: list[tuple[Entry, Photo]] = []
    while missing := limit - len(pairs):
        entries = read(missing, after)
        pairs += reader.get_photos(entries)
        if len(entries) < missing:
            break
        after = entries[-1].sort_key
    return pairs


def _read_randomly(reader: _Reader, limit: int, position: list[Any] | None) -> tuple[list[Photo], list[Any] | None]:
    read = partial(reader.albums.list_entries_by_rank, reader.album_id, include_private=reader.include_private)
    while True:
        entries, position = random_walk.read_next_items(read, limit, position, reader.albums.walk_sizes)
        photos = [photo for _, photo in reader.get_photos(entries)]
        if photos or position is None:
            return photos, position
