"""Placements: the position of a photo in an album, with copies of the album's name and visibility."""

from datetime import datetime

from chalicelib.domain import errors
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, UserId, milliseconds
from chalicelib.domain.photos import Placement
from chalicelib.stores.protocols import AlbumStore


def placement_in(albums: AlbumStore, album_id: str | None, *, owner: UserId, now: datetime) -> dict[AlbumId, Placement]:
    """Return the placement of a new photo at the end of an album, or no placement if `album_id` is None.

    Raises:
        NotFound: the album does not exist, or does not belong to `owner`.
    """
    if album_id is None:
        return {}
    album = albums.album(AlbumId(album_id))
    if album is None or album.user_id != owner or album.deleted_at:
        raise errors.NotFound
    return {album.album_id: placement(album, None, None, now)}


def placement(album: Album, existing: Placement | None, position: int | None, now: datetime) -> Placement:
    """Return the placement of a photo at `position`.

    If `position` is None, keep the existing placement, or place a new photo at the end."""
    if existing:
        # Keep the copies, because `album` may be older than the photo. Only the propagation updates them.
        return existing if position is None else existing.with_(position=position)
    return Placement(name=album.name, public=album.public, position=milliseconds(now) if position is None else position)
