"""Accounts: usage, limits and idempotency records."""

import hashlib
import unicodedata
from datetime import datetime, timedelta

import msgspec
from msgspec import field

from chalicelib.domain.errors import IdempotencyConflict
from chalicelib.domain.ids import Timestamp, UserId
from chalicelib.domain.model import Model

RECORD_LIFETIME = timedelta(hours=24)
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
    """The first request with an Idempotency-Key, and its response.

    The names in `field(name=...)` are those of stored rows. They must not change.
    """

    user_id: UserId
    key: str
    """SHA-256 of the key, in hexadecimal."""
    request: str
    """SHA-256 of the request, in hexadecimal."""
    resource_id: str = field(name="photoId")
    """The id of the photo, the album or the share link."""
    expires_at: int
    """Unix seconds."""
    response: str = field(default="", name="grant")
    """The grant or the album as JSON. Empty if the response was a duplicate or a share link."""

    def check_repeat(self, repeat: "IdempotencyRecord") -> None:
        """Check that a request with the same key is the same request.

        Raises:
            IdempotencyConflict: the requests differ.
        """
        if self.request != repeat.request:
            raise IdempotencyConflict


def build_record(
    user_id: UserId, key: str, request: msgspec.Struct, resource_id: str, now: datetime, *, route: str = ""
) -> IdempotencyRecord:
    """Return the record of a request. `route` tells apart the requests of several routes with the same key."""
    return IdempotencyRecord(
        user_id=user_id,
        key=hashlib.sha256(key.encode()).hexdigest(),
        request=hashlib.sha256(route.encode() + msgspec.json.encode(request)).hexdigest(),
        resource_id=resource_id,
        expires_at=int((now + RECORD_LIFETIME).timestamp()),
    )


class Limits(Model, frozen=True):
    """The usage limits of one account."""

    photos: int
    bytes: int


def normalize_email(email: str) -> str:
    """Return the one form of an e-mail address: without outer spaces, in lower case and composed (NFC).

    No common mail system distinguishes upper and lower case, although RFC 5321, section 2.4 allows it.
    """
    return unicodedata.normalize("NFC", email.strip(_OUTER_SPACES).lower())
