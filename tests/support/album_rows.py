"""Create albums and share links in a store, without HTTP."""

import secrets
from datetime import timedelta
from typing import Any

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, UserId, create_album_id, create_link_id, format_timestamp
from chalicelib.domain.photos import Membership
from chalicelib.domain.share_links import ShareLink
from tests.support.rows import START, Backend


def new_album(owner: str = "ann", *, minute: int = 0, **facts: Any) -> Album:
    """Return an album that was created `minute` minutes after START. Do not store it."""
    moment = START + timedelta(minutes=minute)
    album = Album(
        album_id=create_album_id(moment, secrets.randbits(128)),
        user_id=UserId(owner),
        name="Sea",
        created_at=format_timestamp(moment),
        updated_at=format_timestamp(moment),
    )
    return album.with_(**facts)


def add_album(backend: Backend, owner: str = "ann", **facts: Any) -> Album:
    """Add a new album to the store."""
    album = new_album(owner, **facts)
    backend.albums.add(album, 1000)
    return album


def read_album(backend: Backend, album: Album) -> Album:
    """Return the album as it is stored now."""
    stored = backend.albums.get_album(album.album_id)
    assert stored is not None
    return stored


def mark_album_deleted(backend: Backend, album: Album) -> Album:
    """Mark an album as deleted. Return the stored album."""
    before = read_album(backend, album)
    assert backend.albums.change(before, before.with_(deleted_at=format_timestamp(START)))
    return read_album(backend, album)


def build_memberships(album: Album, position: int = 1) -> dict[AlbumId, Membership]:
    """Return the `memberships` of a photo that is only in this album."""
    return {album.album_id: Membership(name=album.name, public=album.public, position=position)}


def new_link(album: Album, minute: int = 0) -> ShareLink:
    """Return a share link that was created `minute` minutes after START. Do not store it."""
    link_id = create_link_id(START + timedelta(minutes=minute), secrets.randbits(128))
    return ShareLink(album_id=album.album_id, link_id=link_id, created_at=format_timestamp(START), secret_hash="ab")
