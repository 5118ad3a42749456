"""Use cases of share links: show one album with all its photos to visitors with a link."""

from chalicelib.albums.access import get_owned_album
from chalicelib.albums.entries import AlbumPhotos
from chalicelib.albums.views import AlbumPresenter, AlbumView
from chalicelib.domain import errors, share_links
from chalicelib.domain.accounts import Caller
from chalicelib.domain.albums import Album
from chalicelib.domain.clock import Clock
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp, format_timestamp
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.domain.queries import AlbumPhotoQuery
from chalicelib.domain.requests import PageQuery
from chalicelib.domain.share_links import ShareLink
from chalicelib.infra.settings import Settings
from chalicelib.photos.views import DownloadView, PhotoView
from chalicelib.stores.protocols import AlbumStore, ShareLinkStore

MAX_WRONG_PASSWORDS = 20
"""The maximum number of wrong passwords of a link in one time window."""
WINDOW_SECONDS = 15 * 60
_READ_ONLY_SECONDS = 60


class LinkView(Model, omit_defaults=False, frozen=True):
    """A share link as the owner of its album sees it."""

    link_id: LinkId
    created_at: Timestamp
    expires_at: Timestamp | None
    has_password: bool


def build_link_view(link: ShareLink) -> LinkView:
    """Return the view of a link."""
    return LinkView(
        link_id=link.link_id,
        created_at=link.created_at,
        expires_at=link.expires_at,
        has_password=bool(link.password_hash),
    )


class ShareLinks:
    """List and revoke share links, and show the shared albums."""

    def __init__(
        self,
        albums: AlbumStore,
        links: ShareLinkStore,
        presenter: AlbumPresenter,
        photos: AlbumPhotos,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._albums, self._links, self._presenter, self._photos = albums, links, presenter, photos
        self._settings, self._clock = settings, clock

    def list_page(self, album_id: AlbumId, query: PageQuery, *, by: Caller) -> Page[LinkView]:
        """Return one page of the links of an album, oldest first.

        Raises:
            NotFound, Forbidden: the album does not belong to the caller.
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        get_owned_album(self._albums, album_id, by)
        cursors = Cursors(self._settings.signing_keys, by.user_id, "links", album_id)
        position = cursors.open(query.last_key)
        links = self._links.list_links(album_id, query.limit + 1, after=LinkId(position[0]) if position else None)
        page = cursors.build_page(links, query.limit, lambda link: [link.link_id])
        return Page([build_link_view(link) for link in page.items], page.last_key)

    def revoke(self, album_id: AlbumId, link_id: LinkId, *, by: Caller) -> None:
        """Revoke a link.

        Raises:
            NotFound: the album or the link does not exist, or the caller may not see the album.
            Forbidden: the caller may see the album but does not own it.
        """
        get_owned_album(self._albums, album_id, by)
        if not self._links.remove_link(album_id, link_id):
            raise errors.NotFound

    def show(self, token: str, password: str | None) -> AlbumView:
        """Return the album that a link shares.

        Raises:
            NotFound, LinkPasswordRequired, InvalidLinkPassword, TooManyRequests: see `_open`.
        """
        album, _ = self._open(token, password)
        return self._presenter.build_view(album, include_private=True)

    def list_photos(self, token: str, password: str | None, query: AlbumPhotoQuery) -> Page[PhotoView]:
        """Return one page of the photos that a link shares.

        Raises:
            NotFound, LinkPasswordRequired, InvalidLinkPassword, TooManyRequests: see `_open`.
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        album, link = self._open(token, password)
        return self._photos.list_shared_page(album.album_id, link.link_id, query)

    def download(self, token: str, password: str | None, photo_id: PhotoId) -> DownloadView:
        """Return a download URL of the copy of a shared photo. The owner of the photo gets the copy too.

        Raises:
            NotFound, LinkPasswordRequired, InvalidLinkPassword, TooManyRequests: see `_open`.
            NotFound: the link does not share the photo.
        """
        album, _ = self._open(token, password)
        return self._photos.download_shared(album.album_id, photo_id)

    def _open(self, token: str, password: str | None) -> tuple[Album, ShareLink]:
        """Verify the token and the password, and return the album and its link.

        Raises:
            NotFound: the token is wrong, the link has expired or was revoked, or the album was deleted.
            LinkPasswordRequired, InvalidLinkPassword: the password is missing or wrong.
            Busy: the link has a password, and the app is read-only.
            TooManyRequests: the link got `MAX_WRONG_PASSWORDS` wrong passwords in this time window.
        """
        decoded = share_links.decode_token(token)
        if decoded is None:
            raise errors.NotFound
        album, link = self._links.read_with_link(decoded.album_id, decoded.link_id)
        if album is None or link is None or not share_links.verify_secret(link, decoded.secret):
            raise errors.NotFound
        if album.deleted_at or not link.is_valid_at(format_timestamp(self._clock())):
            raise errors.NotFound
        if link.password_hash:
            self._check_password(link, password)
        return album, link

    def _check_password(self, link: ShareLink, password: str | None) -> None:
        if password is None:
            raise errors.LinkPasswordRequired
        if self._settings.read_only:
            # Wrong passwords cannot be counted, so visitors could guess without a limit.
            raise errors.Busy("Passwords cannot be checked during maintenance.", retry_after=_READ_ONLY_SECONDS)
        window, elapsed = divmod(int(self._clock().timestamp()), WINDOW_SECONDS)
        is_blocked = link.attempt_window >= window and link.wrong_attempts >= MAX_WRONG_PASSWORDS
        if not is_blocked:
            if share_links.verify_password(link, password):
                return
            # Count only wrong passwords. A fault in this call can therefore never block visitors with the password.
            is_blocked = not self._links.count_wrong_password(link, window, MAX_WRONG_PASSWORDS)
        if is_blocked:
            raise errors.TooManyRequests(
                "Too many wrong passwords. Retry after the time in the Retry-After header.",
                retry_after=WINDOW_SECONDS - elapsed,
            )
        raise errors.InvalidLinkPassword
