"""The position of a photo in an album, and the copies of the album's name and visibility that the photo holds."""

from datetime import datetime

from chalicelib.domain import errors
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, UserId, milliseconds
from chalicelib.domain.photos import Placement
from chalicelib.stores.protocols import AlbumStore


def placement_in(albums: AlbumStore, album_id: str | None, *, owner: UserId, now: datetime) -> dict[AlbumId, Placement]:
    """Return the placement of a new photo at the end of this album of its owner. Without an album, return none.

    Raises:
        NotFound: the album does not exist, or belongs to another user.
    """
    if album_id is None:
        return {}
    album = albums.album(AlbumId(album_id))
    if album is None or album.user_id != owner or album.deleted_at:
        raise errors.NotFound
    return {album.album_id: placement(album, None, None, now)}


def placement(album: Album, existing: Placement | None, position: int | None, now: datetime) -> Placement:
    """Return the placement of a photo at `position`. Without a position, keep the existing one or use the end."""
    if existing:
        # Only the propagation job changes the copies: this album may have been read before that photo.
        return existing if position is None else existing.with_(position=position)
    return Placement(name=album.name, public=album.public, position=milliseconds(now) if position is None else position)
