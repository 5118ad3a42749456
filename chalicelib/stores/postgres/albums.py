"""Albums and their entries on PostgreSQL. `entries` writes the entries. `share_links` stores the links."""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.feed import FEW_PHOTOS, Span
from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import accounts, idempotency
from chalicelib.stores.postgres.database import Database, Transaction
from chalicelib.stores.postgres.photo_lists import IS_CURRENT, build_spans, choose_ids, index_by_id
from chalicelib.stores.postgres.rows import (
    ALBUM,
    ALBUM_COLUMNS,
    LAST_CHARACTER,
    PHOTO,
    build_list,
    build_placeholders,
    decode_album,
    encode_album,
)


class PostgresAlbumStore:
    """`AlbumStore` on a database."""

    walk_sizes = FEW_PHOTOS

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def get_album(self, album_id: AlbumId) -> Album | None:
        rows = self._database.read(f"SELECT {ALBUM} FROM albums a WHERE a.album_id = %s", album_id)
        return decode_album(rows[0]) if rows else None

    def add(self, album: Album, limit: int, record: IdempotencyRecord | None = None) -> bool:
        def add(transaction: Transaction) -> None:
            idempotency.add_record(transaction, record, self._clock())
            if limit < 1 or not _try_count(transaction, album, limit):
                is_cancelled = accounts.is_cancelled(transaction, album.user_id)
                raise errors.InvalidToken if is_cancelled else errors.QuotaExceeded(details={"albums": limit})
            insert(transaction, album)

        return self._database.change(add)

    def change(self, before: Album, after: Album) -> bool:
        changes: dict[str, Any] = {"body": encode_album(after), "revision": before.revision + 1}
        changes |= {"visibility": after.visibility, "deleted_at": after.deleted_at}
        changes |= {"change_number": after.change_number}
        if before.due_at != after.due_at:
            # Otherwise, keep the time that the propagation has stored.
            changes["due_at"] = after.due_at
        columns = ", ".join(f"{name} = %s" for name in changes)

        def change(transaction: Transaction) -> None:
            statement = f"UPDATE albums SET {columns} WHERE album_id = %s AND revision = %s"
            transaction.require(statement, *changes.values(), before.album_id, before.revision)
            if after.deleted_at and not before.deleted_at:
                statement = "UPDATE accounts SET album_count = album_count - 1 WHERE user_id = %s"
                transaction.require(f"{statement} AND cancelled_at IS NULL", before.user_id)

        return self._database.change(change)

    def mark_updated(self, album: Album) -> None:
        # Raise the revision, so that a change that has read the old `due_at` fails.
        self._database.write(
            lambda transaction: transaction.execute(
                "UPDATE albums SET revision = revision + 1, due_at = NULL, updated_through = NULL, "
                "updated_change_number = 0 WHERE album_id = %s AND change_number = %s AND deleted_at IS NULL",
                *(album.album_id, album.change_number),
            )
        )

    def store_progress(self, album: Album, through: PhotoId, due_at: Timestamp) -> None:
        self._database.write(
            lambda transaction: transaction.execute(
                "UPDATE albums SET updated_through = %s, updated_change_number = change_number, due_at = %s "
                "WHERE album_id = %s AND change_number = %s AND due_at IS NOT NULL",
                *(through, due_at, album.album_id, album.change_number),
            )
        )

    def remove(self, album: Album) -> bool:
        statement = "DELETE FROM albums WHERE album_id = %s AND deleted_at IS NOT NULL AND photo_count = 0"
        return self._database.change(lambda transaction: transaction.require(statement, album.album_id))

    def list_albums(self, owner: UserId | None, limit: int, *, after: AlbumId | None = None) -> list[Album]:
        source = "albums a WHERE a.user_id = %s AND a.deleted_at IS NULL AND" if owner else "public_albums a WHERE"
        rows = self._database.read(
            f"SELECT {ALBUM} FROM {source} a.album_id < %s ORDER BY a.album_id DESC LIMIT %s",
            *([owner] if owner else []),
            *(after or LAST_CHARACTER, limit),
        )
        return [*map(decode_album, rows)]

    def list_due(self, now: Timestamp, limit: int) -> list[AlbumId]:
        statement = "SELECT album_id FROM albums WHERE due_at <= %s ORDER BY due_at LIMIT %s"
        return [AlbumId(row[0]) for row in self._database.read(statement, now, limit)]

    def list_entries(
        self, album_id: AlbumId, limit: int, *, include_private: bool, after: str | None = None
    ) -> list[Entry]:
        rows = self._database.read(
            f"SELECT photo_id, sort_key FROM {choose_entries(include_private)} "
            "WHERE album_id = %s AND sort_key > %s ORDER BY sort_key LIMIT %s",
            *(album_id, after or "", limit),
        )
        return [Entry(photo_id=photo_id, sort_key=sort_key) for photo_id, sort_key in rows]

    def list_first_entries(self, albums: Sequence[tuple[AlbumId, bool]]) -> list[list[Entry]]:
        if not albums:
            return []
        rows = [(number, *album) for number, album in enumerate(albums)]
        groups, values = build_placeholders(rows, types=("integer", "text", "boolean"))
        # Each album has at most one entry in either list.
        first = "(SELECT e.photo_id, e.sort_key FROM {} e WHERE {} = e.album_id ORDER BY e.sort_key LIMIT 1)"
        any_entry = first.format("entries", "CASE WHEN s.include_private THEN s.album_id END")
        open_entry = first.format("open_entries", "CASE WHEN NOT s.include_private THEN s.album_id END")
        found: list[list[Entry]] = [[] for _ in albums]
        for number, photo_id, sort_key in self._database.read(
            f"SELECT s.number, f.* FROM (VALUES {groups}) AS s (number, album_id, include_private) "
            f"CROSS JOIN LATERAL ({any_entry} UNION ALL {open_entry}) f",
            *values,
        ):
            found[number].append(Entry(photo_id=photo_id, sort_key=sort_key))
        return found

    def list_entries_by_rank(
        self, album_id: AlbumId, spans: Sequence[Span], limit: int | None = None, *, include_private: bool
    ) -> list[list[Entry]]:
        found: list[list[Entry]] = [[] for _ in spans]
        if spans:
            source, values = build_spans(spans)
            statement = (
                f"SELECT s.number, f.photo_id, f.sort_key FROM {source} CROSS JOIN LATERAL ("
                f"SELECT e.photo_id, e.sort_key, e.rank FROM {choose_entries(include_private)} e WHERE e.album_id = %s "
                "AND e.rank BETWEEN s.low AND s.high ORDER BY e.rank LIMIT %s) f "
                "ORDER BY s.number, f.rank"
            )
            for number, photo_id, sort_key in self._database.read(statement, *values, album_id, limit):
                found[number].append(Entry(photo_id=photo_id, sort_key=sort_key))
        return found

    def list_member_ids(self, album_id: AlbumId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        statement = "SELECT photo_id FROM entries WHERE album_id = %s AND photo_id > %s ORDER BY photo_id LIMIT %s"
        return [PhotoId(row[0]) for row in self._database.read(statement, album_id, after or "", limit)]

    def read_with_photos(
        self, album_id: AlbumId, photo_ids: Sequence[PhotoId]
    ) -> tuple[Album | None, dict[PhotoId, Photo]]:
        names, values = build_list(choose_ids(photo_ids) or [""])
        # One statement reads the album and the photos in the same state of the database.
        rows = self._database.read(
            f"SELECT {ALBUM}, {PHOTO} FROM (SELECT * FROM albums WHERE album_id = %s) a "
            f"FULL JOIN (SELECT * FROM photos p WHERE p.photo_id IN {names} AND {IS_CURRENT}) p ON TRUE",
            *(album_id, *values, int(self._clock())),
        )
        album = decode_album(rows[0]) if rows and rows[0][0] else None
        return album, index_by_id(row[ALBUM_COLUMNS:] for row in rows if row[ALBUM_COLUMNS])


def choose_entries(include_private: bool) -> str:
    """Return the table of all entries, or the view of those that are not private."""
    return "entries" if include_private else "open_entries"


def _try_count(transaction: Transaction, album: Album, limit: int) -> int:
    """Count an album for its owner's limit. Return 0 if the account is cancelled or has `limit` albums."""
    return transaction.execute(
        "INSERT INTO accounts AS a (user_id, created_at, album_count) VALUES (%s, %s, 1) "
        "ON CONFLICT (user_id) DO UPDATE SET album_count = a.album_count + 1, "
        "created_at = COALESCE(a.created_at, EXCLUDED.created_at) WHERE a.cancelled_at IS NULL AND a.album_count < %s",
        *(album.user_id, album.created_at, limit),
    )


def insert(transaction: Transaction, album: Album) -> None:
    """Insert the row of an album with its counts and its progress."""
    columns: dict[str, Any] = {"album_id": album.album_id, "user_id": album.user_id, "visibility": album.visibility}
    columns |= {"revision": album.revision, "change_number": album.change_number, "deleted_at": album.deleted_at}
    columns |= {"due_at": album.due_at, "photo_count": album.photo_count, "link_count": album.link_count}
    columns |= {"non_private_count": album.non_private_count, "latest_photo_id": album.latest_photo_id}
    columns |= {"updated_through": album.updated_through, "updated_change_number": album.updated_change_number}
    columns["body"] = encode_album(album)
    names, values = build_list(columns.values())
    transaction.execute(f"INSERT INTO albums ({', '.join(columns)}) VALUES {names}", *values)
