"""Share links: what a token holds, what of it is kept, and what a password costs to try. Pure."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import scrypt, sha256
from typing import NamedTuple
from uuid import UUID

from chalicelib.domain.ids import AlbumId, LinkId, Timestamp, is_album_id
from chalicelib.domain.model import Model

SECRET_BYTES = 32
SALT_BYTES = 16
_TOKEN_BYTES = 16 + 16 + SECRET_BYTES


class ShareLink(Model, frozen=True):
    """A way into one album for whoever has its token. Neither token nor password can be read from it."""

    album_id: AlbumId
    link_id: LinkId
    created_at: Timestamp
    secret_hash: str
    """SHA-256 of the token's secret, in hexadecimal. The secret is random, so a slow hash would gain nothing."""
    expires_at: Timestamp | None = None
    """From then on it opens nothing."""
    salt: str = ""
    password_hash: str = ""
    """scrypt of the password and `salt`, both in hexadecimal; empty where none is asked for."""
    guess_window: int = 0
    """The last window of time in which passwords were tried."""
    guesses: int = 0
    """Those of that window that were wrong or are still being looked at."""

    def open_at(self, now: Timestamp) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


class Token(NamedTuple):
    """What is in a link's URL."""

    album_id: AlbumId
    link_id: LinkId
    secret: bytes


def written(token: Token) -> str:
    """86 characters of base64url."""
    raw = UUID(token.album_id).bytes + UUID(token.link_id).bytes + token.secret
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(text: str) -> Token | None:
    """The token that `text` is the one spelling of; None where it is none."""
    try:
        raw = urlsafe_b64decode(f"{text}==")
    except ValueError:
        return None
    if len(raw) != _TOKEN_BYTES:
        return None
    token = Token(AlbumId(str(UUID(bytes=raw[:16]))), LinkId(str(UUID(bytes=raw[16:32]))), raw[32:])
    # The decoder skips stray characters and ignores the last bits.
    return token if is_album_id(token.album_id) and written(token) == text else None


def digest(secret: bytes) -> str:
    """What is kept of a secret."""
    return sha256(secret).hexdigest()


def fits(link: ShareLink, secret: bytes) -> bool:
    """Whether the link was made with this secret, in a time that does not depend on it."""
    return hmac.compare_digest(link.secret_hash, digest(secret))


def password_digest(password: str, salt: str) -> str:
    """What is kept of a password: a fifth of a second of work, in 16 MiB.

    One of the equivalent settings for scrypt of OWASP's Password Storage Cheat Sheet, that of the least memory.
    """
    return scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=5, dklen=32).hex()


def has_password(link: ShareLink, password: str) -> bool:
    """Whether this is the link's password."""
    return hmac.compare_digest(link.password_hash, password_digest(password, link.salt))
