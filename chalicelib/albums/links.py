"""Share links: whoever has one sees an album and all photos in it, and nothing else."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chalicelib.albums.albums import own
from chalicelib.domain import errors, share_links
from chalicelib.domain.albums import Album
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import AlbumId, LinkId, Timestamp, UserId, new_link_id, timestamp
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.domain.requests import NewLink, PageQuery
from chalicelib.domain.share_links import ShareLink, Token
from chalicelib.stores.protocols import AlbumStore

MAX_LINKS = 100
"""Links that one album can have, expired ones as well."""
GUESSES = 20
"""Wrong passwords in one window of time, after which none is looked at until the next."""
WINDOW_SECONDS = 15 * 60


class LinkView(Model, omit_defaults=False, frozen=True):
    """A link as its album's owner sees it."""

    link_id: LinkId
    created_at: Timestamp
    expires_at: Timestamp | None
    has_password: bool


class NewLinkView(LinkView, omit_defaults=False, frozen=True):
    """`POST /albums/{albumId}/links`, the only answer that ever has the URL."""

    url: str


def view(link: ShareLink) -> LinkView:
    """What its album's owner sees of a link."""
    return LinkView(**_facts(link))


def create(
    albums: AlbumStore, album_id: AlbumId, wanted: NewLink, *, by: UserId, now: datetime, base_url: str
) -> NewLinkView:
    """A link to one's album. Its URL begins with `base_url`, and cannot be had again.

    Raises:
        NotFound, Forbidden: it is not the caller's album.
        InvalidRequest: it would expire at once, or after the year 9999.
        QuotaExceeded: the album has as many as one can have.
    """
    expires_at = _expiry(wanted, now)
    own(albums, album_id, by)
    token = Token(album_id, new_link_id(now, secrets.randbits(128)), secrets.token_bytes(share_links.SECRET_BYTES))
    salt = secrets.token_hex(share_links.SALT_BYTES) if wanted.password else ""
    link = ShareLink(
        album_id=album_id,
        link_id=token.link_id,
        created_at=timestamp(now),
        secret_hash=share_links.digest(token.secret),
        expires_at=expires_at,
        salt=salt,
        password_hash=share_links.password_digest(wanted.password, salt) if wanted.password else "",
    )
    albums.add_link(link, MAX_LINKS)
    return NewLinkView(**_facts(link), url=f"{base_url}/shared/{share_links.written(token)}")


def page(
    albums: AlbumStore, keys: Sequence[str], album_id: AlbumId, query: PageQuery, *, by: UserId
) -> Page[ShareLink]:
    """One page of the links of one's album, oldest first. `keys`: of the cursors, newest last.

    Raises:
        NotFound, Forbidden: it is not the caller's album.
        InvalidCursor: `lastKey` is not of this list.
    """
    own(albums, album_id, by)
    cursors = Cursors(keys, by, "links", album_id)
    place = cursors.open(query.last_key)
    found = albums.links(album_id, query.limit + 1, after=LinkId(place[0]) if place else None)
    shown = found[: query.limit]
    return Page(shown, cursors.seal([shown[-1].link_id]) if len(found) > len(shown) else None)


def revoke(albums: AlbumStore, album_id: AlbumId, link_id: LinkId, *, by: UserId) -> None:
    """Let a link open nothing any more.

    Raises:
        NotFound: there is no such link, or not of an album that they may see.
        Forbidden: it is not the caller's album.
    """
    own(albums, album_id, by)
    if not albums.remove_link(album_id, link_id):
        raise errors.NotFound


def opened(albums: AlbumStore, token: str, password: str | None, now: datetime) -> tuple[Album, ShareLink]:
    """The album behind a link.

    Raises:
        NotFound: the token is wrong, or its link has expired or was revoked, or its album is gone.
        LinkPasswordRequired, InvalidLinkPassword: it has a password, which was not sent, or is another.
        TooManyRequests: too many wrong passwords were tried lately.
    """
    asked = share_links.read(token)
    if asked is None:
        raise errors.NotFound
    album, link = albums.with_link(asked.album_id, asked.link_id)
    if album is None or link is None or not share_links.fits(link, asked.secret):
        raise errors.NotFound
    if album.deleted_at or not link.open_at(timestamp(now)):
        raise errors.NotFound
    if link.password_hash:
        _check_password(albums, link, password, now)
    return album, link


def _check_password(albums: AlbumStore, link: ShareLink, password: str | None, now: datetime) -> None:
    if password is None:
        raise errors.LinkPasswordRequired
    window, passed = divmod(int(now.timestamp()), WINDOW_SECONDS)
    # Counted before it is looked at, so that no number of guesses made at once gets past the limit.
    if not albums.begin_guess(link, window, GUESSES):
        raise errors.TooManyRequests(
            "Too many wrong passwords: wait as long as Retry-After says.", retry_after=WINDOW_SECONDS - passed
        )
    if not share_links.has_password(link, password):
        raise errors.InvalidLinkPassword
    albums.take_back_guess(link, window)


def _expiry(wanted: NewLink, now: datetime) -> Timestamp | None:
    if wanted.expires_at is None:
        return None
    try:
        expires_at = timestamp(wanted.expires_at)
    except OverflowError:
        raise errors.InvalidRequest("expiresAt is out of range.", details={"field": "expiresAt"}) from None
    if expires_at <= timestamp(now):
        raise errors.InvalidRequest("expiresAt must be in the future.", details={"field": "expiresAt"})
    return expires_at


def _facts(link: ShareLink) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(link, name) for name in ("link_id", "created_at", "expires_at")}
    return facts | {"has_password": bool(link.password_hash)}
