"""Use cases of albums: create, list, read, change and delete."""

import secrets
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from chalicelib.albums.access import get_owned_album, get_visible_album, is_photo_shown
from chalicelib.albums.propagation import PROPAGATION_LEASE, Propagation
from chalicelib.albums.views import AlbumPresenter, AlbumView
from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller, build_record, is_user
from chalicelib.domain.albums import Album
from chalicelib.domain.clock import Clock
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import AlbumId, PhotoId, create_album_id, format_timestamp, is_photo_id
from chalicelib.domain.listing import Page
from chalicelib.domain.requests import AlbumChanges, AlbumQuery, NewAlbum
from chalicelib.domain.years import read_years
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.stores.protocols import AlbumStore, IdempotencyStore

MAX_ALBUMS_PER_USER = 1000


class Albums:
    """Manage albums."""

    def __init__(
        self,
        albums: AlbumStore,
        idempotency: IdempotencyStore,
        propagation: Propagation,
        presenter: AlbumPresenter,
        signing_keys: Sequence[str],
        clock: Clock,
    ) -> None:
        """`signing_keys` sign the cursors. The newest key comes last."""
        self._albums, self._idempotency = albums, idempotency
        self._propagation, self._presenter = propagation, presenter
        self._keys, self._clock = signing_keys, clock

    def create(self, request: NewAlbum, key: str | None = None, *, by: Caller) -> AlbumView:
        """Create an empty album.

        `key` is the Idempotency-Key. For 24 hours, the same request with the same key gets the same response.

        Raises:
            IdempotencyConflict: the key was used for a different request.
            QuotaExceeded: the caller already has `MAX_ALBUMS_PER_USER` albums.
        """
        now = self._clock()
        album = Album(
            album_id=create_album_id(now, secrets.randbits(128)),
            user_id=by.user_id,
            created_at=format_timestamp(now),
            updated_at=format_timestamp(now),
            name=request.name,
            description=request.description,
            continent=request.continent,
            country=request.country,
            years=read_years(request.years),
            visibility=request.visibility,
        )
        view = self._presenter.build_view(album, include_private=True)
        record = build_record(by.user_id, key, request, album.album_id, now, route="albums") if key else None

        def attempt() -> AlbumView:
            if record and (earlier := self._idempotency.get_record(by.user_id, record.key)):
                earlier.check_repeat(record)
                return msgspec.json.decode(earlier.response, type=AlbumView)
            stored_record = record and record.with_(response=msgspec.json.encode(view).decode())
            if not self._albums.add(album, MAX_ALBUMS_PER_USER, stored_record):
                raise WriteConflict
            return view

        return retry_on_conflict(attempt, error_factory=errors.Busy, attempts=3)

    def list_page(self, query: AlbumQuery, *, by: Caller | None) -> Page[AlbumView]:
        """Return one page of public albums, or of the caller's own albums, newest first.

        Raises:
            InvalidToken: a visitor requests `scope=mine`.
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        if query.scope == "mine" and by is None:
            raise errors.InvalidToken
        user_id = by.user_id if by else None
        cursors = Cursors(self._keys, user_id, "albums", query.scope)
        position = cursors.open(query.last_key)
        after = AlbumId(position[0]) if position else None
        owner = user_id if query.scope == "mine" else None
        albums = self._albums.list_albums(owner, query.limit + 1, after=after)
        page = cursors.build_page(albums, query.limit, lambda album: [album.album_id])
        return Page(
            self._presenter.build_views([(album, is_user(by, album.user_id)) for album in page.items]), page.last_key
        )

    def show(self, album_id: AlbumId, *, by: Caller | None) -> AlbumView:
        """Return an album.

        Raises:
            NotFound: the album does not exist, or the caller may not see it.
        """
        album = get_visible_album(self._albums, album_id, by)
        return self._presenter.build_view(album, include_private=is_user(by, album.user_id))

    def change(self, album_id: AlbumId, changes: AlbumChanges, *, by: Caller) -> AlbumView:
        """Apply `changes`, and propagate a new name or visibility to the album's photos.

        Raises:
            NotFound, Forbidden: see `get_owned_album`.
            NotInAlbum: the new cover is not a photo of this album.
            Conflict: other writers keep changing the album.
        """
        fields = changes.get_sent_fields()
        if "years" in fields:
            fields["years"] = read_years(fields["years"])

        def change(before: Album) -> Album:
            if cover := fields.get("cover_photo_id"):
                self._check_cover(album_id, cover)
            after = before.with_(**fields)
            if after == before:
                return before
            after = after.with_(updated_at=format_timestamp(self._clock()))
            return self._mark_due(after) if (after.name, after.public) != (before.name, before.public) else after

        album = self._change(album_id, by, change)
        self._propagation.begin(album)
        return self._presenter.build_view(album, include_private=True)

    def delete(self, album_id: AlbumId, photos: Literal["keep", "delete"], *, by: Caller) -> None:
        """Delete an album, and propagate the deletion to its photos.

        If `photos` is `delete`, also move the photos to the trash.

        Raises:
            NotFound, Forbidden, Conflict: see `change`.
        """

        def delete(before: Album) -> Album:
            deleted_at = format_timestamp(self._clock())
            return self._mark_due(before.with_(deleted_at=deleted_at, moves_photos_to_trash=photos == "delete"))

        self._propagation.begin(self._change(album_id, by, delete))

    def _change(self, album_id: AlbumId, by: Caller, change: Callable[[Album], Album]) -> Album:
        def attempt() -> Album:
            before = get_owned_album(self._albums, album_id, by)
            after = change(before)
            if after != before and not self._albums.change(before, after):
                raise WriteConflict
            return after

        return retry_on_conflict(attempt, error_factory=errors.Conflict)

    def _mark_due(self, album: Album) -> Album:
        """Return the album with a due time for its propagation. The sweep resumes a propagation that is overdue."""
        return album.with_(
            due_at=format_timestamp(self._clock() + PROPAGATION_LEASE), change_number=album.change_number + 1
        )

    def _check_cover(self, album_id: AlbumId, cover: PhotoId) -> None:
        # An id can match the pattern and still contain an impossible time.
        photo = self._albums.read_with_photos(album_id, [cover])[1].get(cover) if is_photo_id(cover) else None
        if photo is None or not is_photo_shown(album_id, photo, include_private=True):
            raise errors.NotInAlbum(details={"field": "coverPhotoId"})
