"""Accounts: usage, limits and idempotency records."""

import unicodedata

import msgspec

from chalicelib.domain.ids import PhotoId, Timestamp, UserId
from chalicelib.domain.model import Model

_OUTER_SPACES = " \t\u00a0\u3000"


class Caller(msgspec.Struct, frozen=True):
    """The user whose valid access token came with the request."""

    user_id: UserId
    access_token: str = ""


def is_user(caller: Caller | None, user_id: UserId) -> bool:
    """Return whether the caller is this user. A visitor is None."""
    return caller is not None and caller.user_id == user_id


class Account(Model, frozen=True):
    """A user's usage. It includes pending uploads with their reserved bytes."""

    user_id: UserId
    created_at: Timestamp | None = None
    """None until the account is opened."""
    photo_count: int = 0
    bytes: int = 0
    cancelled: bool = False


class IdempotencyRecord(Model, frozen=True):
    """The first request with an Idempotency-Key, and its response."""

    user_id: UserId
    key: str
    """SHA-256 of the key, in hexadecimal."""
    request: str
    """SHA-256 of the request, in hexadecimal."""
    photo_id: PhotoId
    expires_at: int
    """Unix seconds."""
    grant: str = ""
    """The grant as JSON. Empty if the response was a duplicate."""


class Limits(Model, frozen=True):
    """The usage limits of one account."""

    photos: int
    bytes: int


def normalize_email(email: str) -> str:
    """Return the one form of an e-mail address: without outer spaces, in lower case and composed (NFC).

    No common mail system distinguishes upper and lower case, although RFC 5321, section 2.4 allows it.
    """
    return unicodedata.normalize("NFC", email.strip(_OUTER_SPACES).lower())
