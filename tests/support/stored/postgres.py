"""The rows of PostgreSQL, read on a connection of their own, which no fault strikes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

from botocore.hooks import HierarchicalEmitter

from chalicelib.domain.albums import Album
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import entries, listed, words
from chalicelib.stores.postgres.database import Connection, Database
from chalicelib.stores.postgres.rows import ALBUM, PHOTO, decode_album, decode_photo
from tests.support.postgres_hooks import hooked, list_tables
from tests.support.stored.facts import Derived, Entry, Restore

_FACTS = ["created_at", "photo_count", "bytes", "album_count", "cancelled_at", "due_at", "expires_at"]
_NAMES = ["createdAt", "photoCount", "bytes", "albumCount", "cancelledAt", "dueAt", "expiresAt"]
_TOKENS = "transactions"
_CHECK = "SELECT 1"
"""The check of an idle connection. Whether it happens depends on the speed of the machine, so it emits no events."""


class Statement(NamedTuple):
    """A statement, in the place of the model of an operation in the events of botocore."""

    name: str
    """The first word of the statement."""


class SqlClient:
    """Emits the events of botocore for each statement of a database."""

    def __init__(self, database: Database) -> None:
        self.meta = SimpleNamespace(events=HierarchicalEmitter())
        database._open = hooked(self._execute)
        database.close()

    def _execute(self, connection: Connection, statement: str, execute: Callable[..., Any]) -> Any:
        if statement == _CHECK:
            return execute()
        model = Statement(statement.split(maxsplit=1)[0])
        context: dict[str, Any] = {"connection": connection}
        event = {"model": model, "context": context}
        params = {"statement": statement}
        self.meta.events.emit(f"before-call.postgres.{model.name}", params=params, **event)
        result = execute()
        context["rows"] = max(result.rowcount, 0)
        self.meta.events.emit(f"after-call.postgres.{model.name}", parsed={}, **event)
        return result


class PostgresStored:
    """`Stored` on PostgreSQL."""

    writes = "BEGIN"
    accounts = "accounts"

    def __init__(self, database: Database) -> None:
        self.client = SqlClient(database)
        self._database = Database(database.parameters)
        self._tables = list_tables(self._database)

    def list_photos(self) -> list[Photo]:
        return [*map(decode_photo, self._database.read(f"SELECT {PHOTO} FROM photos p ORDER BY p.photo_id"))]

    def list_albums(self) -> list[Album]:
        return [*map(decode_album, self._database.read(f"SELECT {ALBUM} FROM albums a ORDER BY a.album_id"))]

    def list_ratings(self) -> dict[tuple[str, str], int]:
        rows = self._database.read("SELECT photo_id, user_id, rating FROM ratings ORDER BY photo_id, user_id")
        return {(photo_id, user_id): rating for photo_id, user_id, rating in rows}

    def list_entries(self) -> list[Entry]:
        rows = self._database.read("SELECT album_id, photo_id, NOT is_private FROM entries ORDER BY album_id, photo_id")
        return [Entry(*row) for row in rows]

    def list_link_albums(self) -> list[str]:
        return [album_id for (album_id,) in self._database.read("SELECT album_id FROM share_links")]

    def count_albums(self, user_id: str) -> int:
        return int(self.read_account(user_id).get("albumCount", 0))

    def count_months(self, user_id: str) -> dict[str, int]:
        statement = "SELECT month, SUM(photo_count)::bigint FROM month_counts WHERE user_id = %s GROUP BY month"
        return {month: count for month, count in self._database.read(statement, user_id) if count}

    def list_derived(self, user_id: str, photo_ids: set[str]) -> Derived:
        ids = list(photo_ids)
        of_photos = "photo_id = ANY(%s) OR NOT EXISTS (SELECT 1 FROM photos p WHERE p.photo_id = d.photo_id)"
        tables = {
            "listed": "SELECT listing, photo_id, rank, score, taken_key FROM listed_photos",
            "word": "SELECT listing, photo_id, word FROM words",
            "entry": "SELECT album_id, photo_id, is_private, sort_key, rank, taken_key FROM entries",
        }
        found = {
            _write(name, row)
            for name, select in tables.items()
            for row in self._database.read(f"{select} d WHERE {of_photos}", ids)
        }
        digests = self._database.read("SELECT user_id, sha256, photo_id FROM digests WHERE user_id = %s", user_id)
        return found | {_write("digest", row) for row in digests} | self._list_columns(ids)

    def _list_columns(self, photo_ids: list[str]) -> Derived:
        """Return the columns of photos and of their albums that repeat what is in their bodies."""
        statement = "SELECT photo_id, user_id, expires_at IS NOT NULL FROM photos WHERE photo_id = ANY(%s)"
        return {_write("photo", row) for row in self._database.read(statement, photo_ids)}

    def derive(self, photos: list[Photo]) -> Derived:
        derived: Derived = set()
        for photo in photos:
            photo_id = photo.photo_id
            derived |= {_write("listed", (name, photo_id, *keys)) for name, keys in listed.build_keys(photo).items()}
            derived |= {_write("word", (name, photo_id, word)) for name, word in words.build_keys(photo)}
            derived |= {
                _write("entry", (album_id, photo_id, *entry))
                for album_id, entry in entries.build_entries(photo).items()
            }
            if photo.listed and photo.sha256:
                derived.add(_write("digest", (photo.user_id, photo.sha256, photo_id)))
            derived.add(_write("photo", (photo_id, photo.user_id, photo.status == "erased")))
        return derived

    def read_account(self, user_id: str) -> dict[str, Any]:
        rows = self._database.read(f"SELECT {', '.join(_FACTS)} FROM accounts WHERE user_id = %s", user_id)
        return {name: value for row in rows for name, value in zip(_NAMES, row, strict=True) if value}

    def read_everything(self) -> dict[str, list[Any]]:
        # The counts of months that are zero stay, as DynamoDB keeps them.
        return {
            table: [
                json.loads(row) for (row,) in self._database.read(f"SELECT to_json(t)::text FROM {table} t ORDER BY 1")
            ]
            for table in self._tables
        }

    def mark_cancelled(self, user_id: str) -> None:
        statement = (
            "INSERT INTO accounts (user_id, cancelled_at) VALUES (%s, '2026-01-01T00:00:00.000Z') "
            "ON CONFLICT (user_id) DO UPDATE SET cancelled_at = EXCLUDED.cancelled_at"
        )
        self._database.write(lambda transaction: transaction.execute(statement, user_id))

    def clear(self) -> None:
        self._database.execute("; ".join(f"DELETE FROM {table}" for table in [*self._tables, _TOKENS]))

    def save(self) -> Restore:
        tables = [*self._tables, _TOKENS]
        selects = [f"(SELECT json_agg(t)::text FROM {table} t)" for table in tables]
        (row,) = self._database.read(f"SELECT {', '.join(selects)}")
        saved = {table: rows for table, rows in zip(tables, row, strict=True) if rows}

        def restore() -> None:
            self.clear()
            for table, rows in saved.items():
                statement = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s) RETURNING 1"
                self._database.read(statement, rows)

        return restore

    @contextmanager
    def isolated(self) -> Iterator[None]:
        # PostgreSQL isolates transactions itself.
        yield

    def close(self) -> None:
        self._database.close()


def _write(name: str, row: tuple[Any, ...]) -> str:
    """Return a row as text."""
    return f"{name} {row}"
