"""The facts that are stored, in the terms of the domain."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from chalicelib.domain.albums import Album
from chalicelib.domain.photos import Photo

Restore = Callable[[], None]
Derived = set[str]
"""Rows that are derived from photos, as texts."""


class Entry(NamedTuple):
    """The key of an entry of an album, and whether everyone who sees the album may see the entry."""

    album_id: str
    photo_id: str
    is_open: bool


class Stored(Protocol):
    """The rows of a deployment, read without the code of the stores' queries."""

    client: Any
    """Emits the events `before-call` and `after-call` of botocore for each call of the stores to their database."""
    writes: str
    """The name of the first call of a transaction."""
    accounts: str
    """The name under which `read_everything` returns the accounts."""

    def list_photos(self) -> list[Photo]:
        """Return all photos, tombstones included."""

    def list_albums(self) -> list[Album]:
        """Return all albums, including albums whose deletion is not finished."""

    def list_ratings(self) -> dict[tuple[str, str], int]:
        """Return every rating, by photo and user."""

    def list_entries(self) -> list[Entry]:
        """Return the entries of all albums."""

    def list_link_albums(self) -> list[str]:
        """Return the album of each share link."""

    def count_albums(self, user_id: str) -> int:
        """Return the number of albums that an account is charged."""

    def count_months(self, user_id: str) -> dict[str, int]:
        """Return the number of photos by month, as the account stores it."""

    def list_derived(self, user_id: str, photo_ids: set[str]) -> Derived:
        """Return the stored rows that are derived from these photos of a user, and rows of photos that do not exist."""

    def derive(self, photos: list[Photo]) -> Derived:
        """Return the rows that should be derived from these photos."""

    def read_account(self, user_id: str) -> dict[str, Any]:
        """Return the facts of an account that have a value, by their names in the API's style, without its key."""

    def read_everything(self) -> dict[str, list[Any]]:
        """Return every row, by table, in a fixed order."""

    def mark_cancelled(self, user_id: str) -> None:
        """Mark an account as cancelled, and delete nothing. Open the account if it does not exist."""

    def clear(self) -> None:
        """Delete all rows."""

    def save(self) -> Restore:
        """Return a function that restores the present rows."""

    def isolated(self) -> AbstractContextManager[None]:
        """Isolate concurrent transactions of the block, if the database of the tests does not."""

    def close(self) -> None:
        """Close all connections."""
