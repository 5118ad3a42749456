"""Albums: make, list, read, change, delete, and the cover that each shows. `entries` has the photos in them."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.albums.propagation import GRACE
from chalicelib.domain import errors
from chalicelib.domain.albums import Album
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId, is_photo_id, new_album_id, timestamp
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo, Visibility
from chalicelib.domain.requests import AlbumChanges, AlbumQuery, NewAlbum
from chalicelib.storage.bucket import Bucket
from chalicelib.stores.protocols import AlbumStore

MAX_ALBUMS_OF_ONE = 1000
"""Albums that one person can have."""
_ATTEMPTS = 5


class AlbumView(Model, omit_defaults=False, frozen=True):
    """An album as the contract shows it."""

    album_id: AlbumId
    user_id: UserId
    name: str
    description: str
    continent: str
    country: str
    years: str
    photo_count: int
    """Those that the viewer can see."""
    cover_photo_id: PhotoId | None
    """As chosen; None where nothing was, or the photo has left or is not the viewer's to see."""
    cover_url: str | None
    """Of the chosen photo, or of the one that came in last, or of the first."""
    visibility: Visibility
    created_at: Timestamp
    updated_at: Timestamp


def view(album: Album, cover: Photo | None, bucket: Bucket, *, whole: bool, now: datetime) -> AlbumView:
    """What is seen of an album; `whole`: by its owner, or behind a link. `cover`: as `covers` found it."""
    shown = {name: getattr(album, name) for name in AlbumView.__struct_fields__ if hasattr(album, name)}
    chosen = cover is not None and cover.photo_id == album.cover_photo_id
    shown["cover_photo_id"] = album.cover_photo_id if chosen else None
    count = album.photo_count if whole else album.open_count
    name = next((name for name in ("1024", "256") if cover and name in cover.renditions), None)
    url = bucket.url(cover, name, now) if cover and name else None
    return AlbumView(**shown | {"photo_count": count, "cover_url": url})


def shows(album_id: AlbumId, photo: Photo, *, whole: bool) -> bool:
    """Whether an album shows this photo; `whole`: to its owner, or behind a link."""
    return photo.listed and album_id in photo.albums and (whole or photo.visibility != "private")


def covers(albums: AlbumStore, page: Sequence[tuple[Album, bool]]) -> dict[AlbumId, Photo]:
    """The photo that each of these albums has as its cover, where it has any. The flag is `whole`, as for `view`."""
    wanted = [each for album, _ in page for each in (album.cover_photo_id, album.latest_photo_id) if each]
    photos = albums.photos(wanted)
    found: dict[AlbumId, Photo] = {}
    for album, whole in page:
        candidates = (photos.get(each) for each in (album.cover_photo_id, album.latest_photo_id) if each)
        shown = (photo for photo in candidates if photo and shows(album.album_id, photo, whole=whole))
        if first := next(shown, None):
            found[album.album_id] = first
    without = [each for each in page if each[0].album_id not in found]
    return found | _first_photos(albums, [each for each in without if _count(*each)])


def seen(albums: AlbumStore, album_id: AlbumId, by: UserId | None) -> Album:
    """An album that this person, or a visitor, may see.

    Raises:
        NotFound: there is no such album, or not for them: the two look the same.
    """
    album = albums.album(album_id)
    if album is None or not album.visible_to(by):
        raise errors.NotFound
    return album


def own(albums: AlbumStore, album_id: AlbumId, by: UserId) -> Album:
    """An album that this person may change.

    Raises:
        NotFound: there is no such album, or they may not even see it.
        Forbidden: they may see it, and do not own it.
    """
    album = seen(albums, album_id, by)
    if album.user_id != by:
        raise errors.Forbidden("You may see this album, but only its owner may change it.")
    return album


def create(albums: AlbumStore, wanted: NewAlbum, *, by: UserId, now: datetime) -> Album:
    """A new album, without photos.

    Raises:
        QuotaExceeded: its owner has as many as one can have.
    """
    facts = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    album_id = new_album_id(now, secrets.randbits(128))
    album = Album(album_id=album_id, user_id=by, created_at=timestamp(now), updated_at=timestamp(now), **facts)
    albums.add(album, MAX_ALBUMS_OF_ONE)
    return album


def page(albums: AlbumStore, keys: Sequence[str], query: AlbumQuery, *, by: UserId | None) -> Page[Album]:
    """One page of everybody's public albums, or of one's own, newest first. `keys`: of the cursors, newest last.

    Raises:
        InvalidToken: `scope=mine` without being signed in.
        InvalidCursor: `lastKey` is not of this list.
    """
    if query.scope == "mine" and by is None:
        raise errors.InvalidToken
    cursors = Cursors(keys, by, "albums", query.scope)
    place = cursors.open(query.last_key)
    owner = by if query.scope == "mine" else None
    found = albums.albums(owner, query.limit + 1, after=AlbumId(place[0]) if place else None)
    shown = found[: query.limit]
    return Page(shown, cursors.seal([shown[-1].album_id]) if len(found) > len(shown) else None)


def page_view(
    albums: AlbumStore, bucket: Bucket, page: Page[Album], *, by: UserId | None, now: datetime
) -> dict[str, Any]:
    """What this person, or a visitor, sees of a page of albums."""
    listed = [(album, album.user_id == by) for album in page.items]
    found = covers(albums, listed)
    shown = [view(album, found.get(album.album_id), bucket, whole=whole, now=now) for album, whole in listed]
    return {"items": shown, "lastKey": page.last_key}


def change(albums: AlbumStore, album_id: AlbumId, *, by: UserId, changes: AlbumChanges, now: datetime) -> Album:
    """Apply `changes`. Where its photos must learn of them, the album is due for `upkeep`.

    Raises:
        NotFound, Forbidden: as `own`.
        NotInAlbum: the cover is to be a photo that is not in it.
        Conflict: others keep changing it.
    """
    given = changes.given()
    for _ in range(_ATTEMPTS):
        before = own(albums, album_id, by)
        if cover := given.get("cover_photo_id"):
            _check_cover(albums, album_id, cover)
        after = before.with_(**given)
        if after == before:
            return before
        after = after.with_(updated_at=timestamp(now))
        if (after.name, after.public) != (before.name, before.public):
            after = _due(after, now)
        if albums.change(before, after):
            return after
    raise errors.Conflict


def delete(albums: AlbumStore, album_id: AlbumId, *, by: UserId, photos: str, now: datetime) -> Album:
    """Delete an album, which is gone at once and due for `upkeep`. Its photos are kept, or go into the trash.

    `photos`: `keep` or `delete`.

    Raises:
        NotFound, Forbidden, Conflict: as `change`.
    """
    for _ in range(_ATTEMPTS):
        before = own(albums, album_id, by)
        gone: dict[str, Any] = {"deleted_at": timestamp(now), "trash_photos": photos == "delete"}
        after = _due(before.with_(**gone), now)
        if albums.change(before, after):
            return after
    raise errors.Conflict


def _due(album: Album, now: datetime) -> Album:
    return album.with_(due_at=timestamp(now + GRACE), wording=album.wording + 1)


def _check_cover(albums: AlbumStore, album_id: AlbumId, cover: PhotoId) -> None:
    # What has the form of an id may still be of a time that no photo can have.
    photo = albums.photos([cover]).get(cover) if is_photo_id(cover) else None
    if photo is None or not shows(album_id, photo, whole=True):
        raise errors.NotInAlbum(details={"field": "coverPhotoId"})


def _count(album: Album, whole: bool) -> int:
    return album.photo_count if whole else album.open_count


def _first_photos(albums: AlbumStore, page: Sequence[tuple[Album, bool]]) -> dict[AlbumId, Photo]:
    """The first photo of each: the last to come in has left since, or is not the viewer's to see."""
    if not page:
        return {}
    entries = albums.first_entries([(album.album_id, whole) for album, whole in page])
    photos = albums.photos([entry.photo_id for found in entries for entry in found])
    firsts = [(album.album_id, whole, found[0]) for (album, whole), found in zip(page, entries, strict=True) if found]
    return {
        album_id: photos[entry.photo_id]
        for album_id, whole, entry in firsts
        if entry.photo_id in photos and shows(album_id, photos[entry.photo_id], whole=whole)
    }
