"""Repairs of rows, for the reconciliation. Each repair is one transaction with the conditions under which it holds."""

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import PhotoId, Timestamp, UserId
from chalicelib.domain.photos import TOMBSTONE_SECONDS, Photo
from chalicelib.stores.postgres.audited_rows import TABLES, build_rows
from chalicelib.stores.postgres.database import Refused, Transaction
from chalicelib.stores.postgres.row_reader import PostgresRowReader
from chalicelib.stores.postgres.rows import (
    build_list,
    build_placeholders,
    encode_album,
    encode_photo,
)
from chalicelib.stores.row_audit import (
    CountName,
    DerivedRow,
    RowId,
    RowKind,
    StoredAccount,
    StoredAlbum,
    StoredLink,
    StoredPhoto,
    StoredRating,
)

_ROWS = 100
"""The largest number of rows in one statement."""
_IS_UNCHANGED = "photo_id = %s AND revision = %s AND rating_sum = %s AND rating_count = %s"


class PostgresAudit(PostgresRowReader):
    """`RowAudit` on a database."""

    def rewrite_photo(
        self, photo_id: PhotoId, stored: StoredPhoto | None, after: Photo | None, rows: Mapping[RowId, DerivedRow]
    ) -> bool:
        expected, now = build_rows(after) if after else {}, int(self._clock())

        def rewrite(transaction: Transaction) -> None:
            if stored and after:
                _update_photo(transaction, stored, after, now + TOMBSTONE_SECONDS)
            else:
                _require_no_photo(transaction, photo_id, now)
            for kind in self.kinds:
                _delete_rows(transaction, kind, [key for key in rows if key.kind == kind and key not in expected])
                changed = [row for key, row in expected.items() if key.kind == kind and rows.get(key) != row]
                _put_rows(transaction, kind, changed)

        return self._database.change(rewrite)

    def delete_rating(self, rating: StoredRating, stored: StoredPhoto | None) -> bool:
        def delete(transaction: Transaction) -> None:
            if stored is None:
                _require_no_photo(transaction, rating.photo_id, int(self._clock()))
            else:
                _require_unchanged(transaction, stored)
            statement = "DELETE FROM ratings WHERE photo_id = %s AND user_id = %s AND rating = %s"
            transaction.require(statement, rating.photo_id, rating.user_id, rating.rating)

        return self._database.change(delete)

    def set_counts(
        self, user_id: UserId, stored: StoredAccount | None, counts: Mapping[CountName, int], now: Timestamp
    ) -> bool:
        if stored:
            columns = ", ".join(f"{name} = %s" for name in counts)
            condition = "user_id = %s AND photo_count = %s AND bytes = %s AND album_count = %s AND cancelled_at IS NULL"
            before = (user_id, stored.photo_count, stored.bytes, stored.album_count)
            return self._require(f"UPDATE accounts SET {columns} WHERE {condition}", *counts.values(), *before)
        names, values = build_list([user_id, now, *counts.values()])
        columns = ", ".join(("user_id", "created_at", *counts))
        return self._require(f"INSERT INTO accounts ({columns}) VALUES {names} ON CONFLICT DO NOTHING", *values)

    def make_account_due(self, stored: StoredAccount, due_at: Timestamp) -> bool:
        condition = "user_id = %s AND cancelled_at IS NOT NULL AND due_at IS NULL"
        return self._require(
            f"UPDATE accounts SET due_at = %s, expires_at = NULL WHERE {condition}", due_at, stored.user_id
        )

    def replace_month(
        self, user_id: UserId, record: str, before: Mapping[str, int] | None, after: Mapping[str, int]
    ) -> bool:
        month, shard = record.split(" ")
        key, counts = (user_id, month, shard), (after.get(month), (before or {}).get(month))
        condition = "user_id = %s AND month = %s AND shard = %s AND photo_count = %s"
        if before is None:
            columns = "(user_id, month, shard, photo_count)"
            statement = f"INSERT INTO month_counts {columns} VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
            return self._require(statement, *key, counts[0])
        if not after:
            return self._require(f"DELETE FROM month_counts WHERE {condition}", *key, counts[1])
        return self._require(f"UPDATE month_counts SET photo_count = %s WHERE {condition}", counts[0], *key, counts[1])

    def set_album_counts(self, stored: StoredAlbum, photo_count: int, non_private_count: int) -> bool:
        counts: dict[str, Any] = {"photo_count": photo_count, "non_private_count": non_private_count}
        return self._update_album(stored, counts)

    def replace_album(self, stored: StoredAlbum, after: Album) -> bool:
        changes: dict[str, Any] = {
            "user_id": after.user_id,
            "visibility": after.visibility,
            "body": encode_album(after),
        }
        changes |= {"revision": after.revision, "change_number": after.change_number, "deleted_at": after.deleted_at}
        return self._update_album(stored, changes | {"due_at": after.due_at, "link_count": after.link_count})

    def delete_link(self, link: StoredLink) -> bool:
        # Ids of albums are never reused, so the album cannot appear meanwhile.
        return self._require(
            "DELETE FROM share_links WHERE album_id = %s AND link_id = %s "
            "AND NOT EXISTS (SELECT 1 FROM albums a WHERE a.album_id = share_links.album_id)",
            *(link.album_id, link.link_id),
        )

    def _update_album(self, stored: StoredAlbum, changes: dict[str, Any]) -> bool:
        album, columns = stored.album, ", ".join(f"{name} = %s" for name in changes)
        return self._require(
            f"UPDATE albums SET {columns} WHERE album_id = %s AND revision = %s AND photo_count = %s "
            "AND non_private_count = %s AND link_count = %s AND due_at IS NOT DISTINCT FROM %s",
            *(*changes.values(), album.album_id, album.revision, album.photo_count),
            *(album.non_private_count, album.link_count, album.due_at),
        )

    def _require(self, statement: str, *values: str | int | None) -> bool:
        return self._database.change(lambda transaction: transaction.require(statement, *values))


def _get_state(stored: StoredPhoto) -> tuple[Any, ...]:
    """Return the values of `_IS_UNCHANGED`."""
    photo_id, _, revision, rating_sum, rating_count, *_ = stored.row
    return photo_id, revision, rating_sum, rating_count


def _update_photo(transaction: Transaction, stored: StoredPhoto, after: Photo, expires_at: int) -> None:
    """Replace a photo. A tombstone without a time expires at `expires_at`.

    All writers of the rows of a photo change its revision or its sums, so these rows are unchanged too.
    """
    changes: dict[str, Any] = {"user_id": after.user_id, "revision": after.revision, "body": encode_photo(after)}
    changes |= {"rating_sum": after.rating_sum, "rating_count": after.rating_count, "sweep_at": after.sweep_at}
    changes["expires_at"] = (stored.row[-1] or expires_at) if after.status == "erased" else None
    columns = ", ".join(f"{name} = %s" for name in changes)
    statement = f"UPDATE photos SET {columns} WHERE {_IS_UNCHANGED}"
    transaction.require(statement, *changes.values(), *_get_state(stored))


def _require_unchanged(transaction: Transaction, stored: StoredPhoto) -> None:
    """Check that a photo is unchanged, and that no other transaction changes it before this one ends.

    Raises:
        Refused: the photo has changed.
    """
    columns = "p.photo_id, p.revision, p.rating_sum, p.rating_count"
    statement = f"SELECT {columns} FROM photos p WHERE p.photo_id = %s FOR UPDATE"
    if transaction.query(statement, stored.photo_id) != [_get_state(stored)]:
        raise Refused


def _require_no_photo(transaction: Transaction, photo_id: PhotoId, now: int) -> None:
    """Check that a photo does not exist, and that no other transaction adds it before this one ends.

    Raises:
        Refused: the photo exists.
    """
    transaction.execute("DELETE FROM photos WHERE photo_id = %s AND expires_at <= %s", photo_id, now)
    # A row that is added and deleted conflicts with another transaction that adds the photo.
    insert = "INSERT INTO photos (photo_id, user_id, revision, body) VALUES (%s, '', 0, '') ON CONFLICT DO NOTHING"
    transaction.require(insert, photo_id)
    transaction.execute("DELETE FROM photos WHERE photo_id = %s", photo_id)


def _delete_rows(transaction: Transaction, kind: RowKind, row_ids: Sequence[RowId]) -> None:
    table = TABLES[kind]
    for some in batched(row_ids, _ROWS):
        groups, values = build_placeholders([row_id.key for row_id in some])
        transaction.execute(f"DELETE FROM {table.name} WHERE ({', '.join(table.key)}) IN ({groups})", *values)


def _put_rows(transaction: Transaction, kind: RowKind, rows: Sequence[DerivedRow]) -> None:
    table = TABLES[kind]
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in table.values)
    resolution = f"({', '.join(table.key)}) DO UPDATE SET {changes}" if changes else "DO NOTHING"
    for some in batched(rows, _ROWS):
        groups, values = build_placeholders([row.row for row in some])
        columns = ", ".join(table.columns)
        statement = f"INSERT INTO {table.name} ({columns}) VALUES {groups} ON CONFLICT {resolution}"
        transaction.execute(statement, *values)
