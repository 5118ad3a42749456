"""Share links: their records, their tokens and their passwords. This module does no I/O."""

import hmac
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from hashlib import scrypt, sha256
from typing import NamedTuple
from urllib.parse import unquote
from uuid import UUID

from msgspec import field

from chalicelib.domain.ids import AlbumId, LinkId, Timestamp, is_album_id
from chalicelib.domain.model import Model

SECRET_BYTES = 32
SALT_BYTES = 16
_TOKEN_BYTES = 16 + 16 + SECRET_BYTES


class ShareLink(Model, frozen=True):
    """The record of a link that shares one album. It reveals neither the token nor the password.

    The names in `field(name=...)` are those of stored rows. They must not change.
    """

    album_id: AlbumId
    link_id: LinkId
    created_at: Timestamp
    secret_hash: str
    """SHA-256 of the token's secret, in hexadecimal. The secret is random, so a slow hash would gain nothing."""
    expires_at: Timestamp | None = None
    """The time at which the link becomes invalid. None if the link does not expire."""
    salt: str = ""
    password_hash: str = ""
    """scrypt of the password and `salt`, both in hexadecimal. Empty if the link has no password."""
    attempt_window: int = field(default=0, name="guessWindow")
    """The last time window with wrong passwords."""
    wrong_attempts: int = field(default=0, name="guesses")
    """The wrong passwords of that window."""

    def is_valid_at(self, now: Timestamp) -> bool:
        """Return whether the link has not expired."""
        return self.expires_at is None or now < self.expires_at


class LinkToken(NamedTuple):
    """The contents of the token in a link's URL."""

    album_id: AlbumId
    link_id: LinkId
    secret: bytes


def encode_token(token: LinkToken) -> str:
    """Return a token as 86 characters of base64url."""
    raw = UUID(token.album_id).bytes + UUID(token.link_id).bytes + token.secret
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_token(text: str) -> LinkToken | None:
    """Return the token that `encode_token` encodes as `text`, or None if `text` is not a token."""
    try:
        raw = urlsafe_b64decode(f"{text}==")
    except ValueError:
        return None
    if len(raw) != _TOKEN_BYTES:
        return None
    token = LinkToken(AlbumId(str(UUID(bytes=raw[:16]))), LinkId(str(UUID(bytes=raw[16:32]))), raw[32:])
    # The base64 decoder ignores stray characters and the last bits. Accept only the encoding of `encode_token`.
    return token if is_album_id(token.album_id) and encode_token(token) == text else None


def hash_secret(secret: bytes) -> str:
    """Return the SHA-256 of a token's secret, in hexadecimal."""
    return sha256(secret).hexdigest()


def verify_secret(link: ShareLink, secret: bytes) -> bool:
    """Return whether this is the secret of the link's token. Compare in constant time."""
    return hmac.compare_digest(link.secret_hash, hash_secret(secret))


def list_password_readings(header: str) -> list[str]:
    """Return the passwords that a value of `X-Link-Password` can mean, at most three.

    A client percent-encodes a password in UTF-8, because a header carries only ASCII safely (RFC 9110, section 5.5).
    Some clients send the password as it is. It can then contain a percent sign, or be UTF-8 that was read as Latin-1.
    """
    readings = [header]
    with suppress(UnicodeDecodeError):
        readings.append(unquote(header, errors="strict"))
    with suppress(UnicodeError):
        readings.append(header.encode("latin-1").decode())
    return list(dict.fromkeys(readings))


def hash_password(password: str, salt: str) -> str:
    """Return the scrypt of a password, in hexadecimal. It takes a fifth of a second and 16 MiB.

    OWASP's Password Storage Cheat Sheet lists equivalent settings for scrypt. This one needs the least memory.
    Passwords are composed (NFC), because keyboards produce different forms (RFC 8265, section 4.2).
    """
    text = unicodedata.normalize("NFC", password)
    return scrypt(text.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=5, dklen=32).hex()


def verify_password(link: ShareLink, header: str) -> bool:
    """Return whether one of the readings of a header is the link's password."""
    return any(
        hmac.compare_digest(link.password_hash, hash_password(password, link.salt))
        for password in list_password_readings(header)
    )
