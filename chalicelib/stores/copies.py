"""Storage contract of copies from one database to another. The rules in `protocols` apply.

A copy is made of records of the domain. See docs/decisions/0147-copy-by-accounts.md.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, get_args

import msgspec
from msgspec import field

from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import PhotoId, Timestamp, UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo
from chalicelib.domain.share_links import ShareLink
from chalicelib.stores.user_requests import RequestKind

Kind = Literal["ratings", "photos", "links", "albums", "keys", "requests", "accounts"]
"""A kind of records. The kinds are in the order in which a copy writes and removes their records.

Ratings are found through their photos, and links through their albums, so ratings and links come first. A change of a
photo also changes the counts of its albums, so albums come after photos. The account comes last.
"""
KINDS: tuple[Kind, ...] = get_args(Kind)


class PhotoCopy(Model, frozen=True):
    """A photo or its tombstone, with the times that the database stores in addition."""

    photo: Photo
    sweep_at: Timestamp | None = None
    """The time when the photo is due for the sweep, which an earlier sweep may have postponed."""
    expires_at: int | None = None
    """Unix seconds, or None if the photo does not expire."""


class RatingCopy(Model, frozen=True):
    """The rating of a photo by a user."""

    photo_id: PhotoId
    user_id: UserId
    rating: int


class RequestCopy(Model, frozen=True):
    """A user's request for a job on all photos."""

    user_id: UserId
    kind: RequestKind
    requested_at: Timestamp
    due_at: Timestamp


class AccountCopy(Model, frozen=True):
    """An account with its usage, or the marker of a cancelled account."""

    user_id: UserId
    created_at: Timestamp | None = None
    photo_count: int = 0
    bytes: int = 0
    album_count: int = 0
    cancelled_at: Timestamp | None = None
    due_at: Timestamp | None = None
    expires_at: int | None = None
    """Unix seconds, or None if the account does not expire."""


Record = RatingCopy | PhotoCopy | ShareLink | Album | IdempotencyRecord | RequestCopy | AccountCopy


class Mismatch(Model, frozen=True):
    """A kind of an account's records that differs between both databases."""

    account: UserId
    kind: str
    source_count: int
    target_count: int
    source_sha256: str
    target_sha256: str


class Progress(Model, frozen=True):
    """The progress of the latest copy to a database. A copy that was interrupted resumes from it."""

    task: str
    """The source and the target. A copy with another task starts from the beginning."""
    started_at: Timestamp
    finished_at: Timestamp | None = None
    is_verified: bool = False
    """True if the verification of a finished copy has found no difference."""
    phase: int = 0
    page: str | None = None
    """The cursor of the current page of users, or None for the first page."""
    done: UserId | None = None
    """The last user of the page who was copied or verified, or None."""
    accounts: int = 0
    """The number of accounts that were verified."""
    written: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    verified: dict[str, int] = field(default_factory=dict)
    """The number of verified records by kind."""
    mismatch_count: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    """The first differences, up to 100."""


class CopyStore(Protocol):
    """All records of one database. While a copy writes to the database, no other process may use it."""

    def list_users(self, limit: int, after: str | None = None) -> tuple[list[UserId], str | None]:
        """Return users who have an account or any other record, and the cursor of the next page.

        A page has at most `limit` users, and can be empty. The cursor is None on the last page.
        """

    def read(self, kind: Kind, user_id: UserId) -> Iterator[Record]:
        """Yield all current records of a user in the order of `get_key`, a page at a time.

        The ratings are those of the user's photos. Lists may lag behind by about a second. The caller may write and
        remove records up to the last yielded one, and then continue to read.
        """

    def write(self, kind: Kind, records: Sequence[Record]) -> None:
        """Write up to 100 records of a kind with everything that is derived from them.

        Replace the records with the same keys. Repeated calls change nothing. The counts of accounts and albums are
        written as they are. A photo is written together with its derived rows or not at all.

        Raises:
            Busy: another process writes to the database. The call can be repeated.
        """

    def remove(self, kind: Kind, records: Sequence[Record]) -> None:
        """Remove up to 100 records of a kind with everything that is derived from them. See `write`."""

    def get_progress(self) -> Progress | None:
        """Return the progress of the latest copy to this database, or None if there was none."""

    def store_progress(self, progress: Progress) -> None:
        """Store the progress of a copy to this database."""


def get_key(record: Record) -> tuple[str, str]:
    """Return the key that a record has among all records of its kind and account."""
    match record:
        case RatingCopy():
            return record.photo_id, record.user_id
        case PhotoCopy():
            return record.photo.photo_id, ""
        case ShareLink():
            return record.album_id, record.link_id
        case Album():
            return record.album_id, ""
        case IdempotencyRecord():
            return record.key, ""
        case RequestCopy():
            return record.kind, ""
        case AccountCopy():
            return record.user_id, ""


def encode_canonically(record: Record) -> bytes:
    """Return the bytes of a record in a form that is the same for every database."""
    # DynamoDB has no negative zero.
    text = msgspec.json.encode(record, order="sorted")
    return text.replace(b":-0.0,", b":0.0,").replace(b":-0.0}", b":0.0}")
