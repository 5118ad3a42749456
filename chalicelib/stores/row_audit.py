"""Contract of the reconciliation's access to raw rows. The rules in `protocols` apply.

The other stores read rows as records of the domain. The reconciliation compares the rows themselves, because a damaged
row may contain keys that no record shows.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import msgspec

from chalicelib.domain.ids import AlbumId, PhotoId, UserId

TableName = Literal["photo_table", "account_table", "term_table", "album_table", "entry_table", "rating_table"]
"""A table, by its field of `Settings`."""

MAX_REPLACEMENTS = 99
"""The largest number of replacements in one transaction that also checks one unchanged row."""

Row = dict[str, Any]
"""A row as the database stores it."""

RowId = tuple[TableName, str, str]
"""A table, and the two values of a primary key."""


class Replacement(msgspec.Struct, frozen=True):
    """Replace the row `before` by `after`. None is no row."""

    table: TableName
    before: Row | None
    after: Row | None


class RowReader(Protocol):
    """Raw rows, as they are now or as they were when they were exported."""

    def scan(self, table: TableName, limit: int, after: str | None) -> tuple[list[Row], str | None]:
        """Return the next rows of a table after the cursor `after`, and the cursor of the next page.

        The cursor is None at the end of the table.
        """

    def read(self, row_ids: Iterable[RowId]) -> dict[RowId, Row]:
        """Return the rows that exist, by their ids. An expired row does not exist."""

    def read_one(self, row_id: RowId) -> Row | None:
        """Return a row, or None if it does not exist."""

    def query(self, table: TableName, partition: str, begin: str = "") -> list[Row]:
        """Return all rows of a partition whose sort key begins with `begin`."""

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        """Return up to `limit` ids of the photos and tombstones of a user that follow `after`, in their order."""

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        """Return the ids of all albums of a user, including albums that are being deleted."""

    def has_rated(self, user_id: UserId) -> bool:
        """Return whether a user has given a rating."""


class RowAudit(RowReader, Protocol):
    """Raw rows as they are now. All reads are consistent, except the lists by user."""

    def replace(self, *replacements: Replacement, unless_changed: Sequence[tuple[RowId, Row | None]] = ()) -> bool:
        """Apply all `replacements`, or none. Each row must be as it was read, and so must those of `unless_changed`.

        Return False and change nothing if a row differs. There are at most `MAX_REPLACEMENTS`.
        """
