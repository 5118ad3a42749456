"""Read an album, and check that the caller may see or change it."""

from typing import NamedTuple, Protocol

from chalicelib.domain.accounts import Caller, is_user
from chalicelib.domain.albums import Album
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import Photo


class AlbumReader(Protocol):
    """The part of `AlbumStore` that reads one album."""

    def get_album(self, album_id: AlbumId) -> Album | None:
        """Return the album, even if it is being deleted, or None if it does not exist."""


class PreloadedAlbum(NamedTuple):
    """A reader that always returns the same album."""

    album: Album | None

    def get_album(self, _: AlbumId) -> Album | None:
        """Return the album."""
        return self.album


def get_visible_album(albums: AlbumReader, album_id: AlbumId, by: Caller | None) -> Album:
    """Return an album that the caller may see. `by` is None for a visitor.

    Raises:
        NotFound: the album does not exist, or the caller may not see it. Both cases get the same error.
    """
    album = albums.get_album(album_id)
    if album is None or not album.is_visible_to(by.user_id if by else None):
        raise NotFound
    return album


def get_owned_album(albums: AlbumReader, album_id: AlbumId, by: Caller) -> Album:
    """Return an album that the caller may change.

    Raises:
        NotFound: the album does not exist, or the caller may not see it.
        Forbidden: the caller may see the album but does not own it.
    """
    album = get_visible_album(albums, album_id, by)
    if not is_user(by, album.user_id):
        raise Forbidden("Only the owner of this album may perform this action.")
    return album


def is_photo_shown(album_id: AlbumId, photo: Photo, *, include_private: bool) -> bool:
    """Return whether an album shows this photo. Only the album's owner and its share links see private photos."""
    return photo.listed and album_id in photo.memberships and (include_private or photo.visibility != "private")
