"""Create share links. A retry with the same `Idempotency-Key` gets the same link."""

import hmac
import secrets
from datetime import datetime

import msgspec

from chalicelib.albums.access import get_owned_album
from chalicelib.albums.links import LinkView, build_link_view
from chalicelib.domain import errors, share_links
from chalicelib.domain.accounts import Caller, IdempotencyRecord, build_record
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import AlbumId, LinkId, Timestamp, create_link_id, format_timestamp
from chalicelib.domain.requests import NewLink
from chalicelib.domain.share_links import LinkToken, ShareLink
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.infra.settings import Settings
from chalicelib.stores.protocols import AlbumStore, IdempotencyStore, ShareLinkStore

MAX_LINKS = 100
"""The maximum number of links of one album, including expired links."""


class NewLinkView(LinkView, omit_defaults=False, frozen=True):
    """A new share link. No other response contains the URL."""

    url: str


class LinkCreation:
    """Create share links."""

    def __init__(
        self,
        albums: AlbumStore,
        links: ShareLinkStore,
        idempotency: IdempotencyStore,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._albums, self._links, self._idempotency = albums, links, idempotency
        self._keys, self._base_url, self._clock = settings.signing_keys, settings.base_url, clock

    def create(self, album_id: AlbumId, request: NewLink, key: str | None = None, *, by: Caller) -> NewLinkView:
        """Create a share link of an album. Only this response contains its URL.

        `key` is the Idempotency-Key. For 24 hours, the same request with the same key gets the same response.

        Raises:
            NotFound, Forbidden: the album does not belong to the caller.
            NotFound: the key was used, and its link has been revoked.
            InvalidRequest: `expiresAt` is not in the future, or is after the year 9999.
            IdempotencyConflict: the key was used for a different request.
            QuotaExceeded: the album already has `MAX_LINKS` links.
        """
        now = self._clock()
        get_owned_album(self._albums, album_id, by)
        link_id = create_link_id(now, secrets.randbits(128))
        # The record has no password, not even its hash, because a fast hash of a password can be guessed.
        public_request = msgspec.structs.replace(request, password=None)
        route = f"albums/{album_id}/links"
        record = build_record(by.user_id, key, public_request, link_id, now, route=route) if key else None

        def attempt() -> NewLinkView:
            if key and record and (earlier := self._idempotency.get_record(by.user_id, record.key)):
                return self._repeat(album_id, request, key, earlier, record)
            secret = (
                _derive_secret(self._keys[-1], link_id, key) if key else secrets.token_bytes(share_links.SECRET_BYTES)
            )
            link = _build_link(album_id, link_id, secret, request, now)
            if not self._links.add_link(link, MAX_LINKS, record):
                raise WriteConflict
            return self._present(link, secret)

        return retry_on_conflict(attempt, error_factory=errors.Busy, attempts=3)

    def _repeat(
        self, album_id: AlbumId, request: NewLink, key: str, earlier: IdempotencyRecord, record: IdempotencyRecord
    ) -> NewLinkView:
        earlier.check_repeat(record)
        link = self._links.read_with_link(album_id, LinkId(earlier.resource_id))[1]
        if link is None:
            raise errors.NotFound
        password_hash = share_links.hash_password(request.password, link.salt) if request.password else ""
        if not hmac.compare_digest(password_hash, link.password_hash):
            raise errors.IdempotencyConflict
        for signing_key in reversed(self._keys):
            secret = _derive_secret(signing_key, link.link_id, key)
            if share_links.verify_secret(link, secret):
                return self._present(link, secret)
        # The operator has removed the signing key in the meantime.
        raise errors.NotFound

    def _present(self, link: ShareLink, secret: bytes) -> NewLinkView:
        token = share_links.encode_token(LinkToken(link.album_id, link.link_id, secret))
        return NewLinkView(**msgspec.structs.asdict(build_link_view(link)), url=f"{self._base_url}/s/{token}")


def _derive_secret(signing_key: str, link_id: LinkId, key: str) -> bytes:
    """Return the secret of a link's token. A repeated request derives the secret again, so no row has it."""
    return hmac.digest(signing_key.encode(), f"share link {link_id} {key}".encode(), "sha256")


def _build_link(album_id: AlbumId, link_id: LinkId, secret: bytes, request: NewLink, now: datetime) -> ShareLink:
    salt = secrets.token_hex(share_links.SALT_BYTES) if request.password else ""
    return ShareLink(
        album_id=album_id,
        link_id=link_id,
        created_at=format_timestamp(now),
        secret_hash=share_links.hash_secret(secret),
        expires_at=_parse_expiry(request, now),
        salt=salt,
        password_hash=share_links.hash_password(request.password, salt) if request.password else "",
    )


def _parse_expiry(request: NewLink, now: datetime) -> Timestamp | None:
    if request.expires_at is None:
        return None
    try:
        expires_at = format_timestamp(request.expires_at)
    except OverflowError:
        raise errors.InvalidRequest("`expiresAt` is out of range.", details={"field": "expiresAt"}) from None
    if expires_at <= format_timestamp(now):
        raise errors.InvalidRequest("`expiresAt` must be in the future.", details={"field": "expiresAt"})
    return expires_at
