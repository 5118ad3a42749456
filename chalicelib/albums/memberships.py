"""Memberships: the position of a photo in an album, with copies of the album's name and visibility."""

from datetime import datetime

from chalicelib.domain import errors
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, UserId, to_unix_milliseconds
from chalicelib.domain.photos import Membership
from chalicelib.stores.protocols import AlbumStore


def build_memberships(
    albums: AlbumStore, album_id: str | None, *, owner: UserId, now: datetime
) -> dict[AlbumId, Membership]:
    """Return the membership of a new photo at the end of an album, or no membership if `album_id` is None.

    Raises:
        NotFound: the album does not exist, or does not belong to `owner`.
    """
    if album_id is None:
        return {}
    album = albums.get_album(AlbumId(album_id))
    if album is None or album.user_id != owner or album.deleted_at:
        raise errors.NotFound
    return {album.album_id: build_membership(album, None, None, now)}


def build_membership(album: Album, existing: Membership | None, position: int | None, now: datetime) -> Membership:
    """Return the membership of a photo at `position`.

    If `position` is None, keep the existing position, or put a new photo at the end."""
    if existing:
        # Keep the copies, because `album` may be older than the photo. Only the propagation updates them.
        return existing if position is None else existing.with_(position=position)
    return Membership(
        name=album.name, public=album.public, position=to_unix_milliseconds(now) if position is None else position
    )
