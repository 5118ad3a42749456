"""Copies to and from PostgreSQL. A photo is written with its derived rows by the code of the other stores."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import batched
from typing import Any

import msgspec
from psycopg.conninfo import conninfo_to_dict

from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId
from chalicelib.domain.share_links import ShareLink
from chalicelib.stores.copies import AccountCopy, Kind, PhotoCopy, Progress, RatingCopy, Record, RequestCopy
from chalicelib.stores.postgres import albums, idempotency, share_links
from chalicelib.stores.postgres.database import Database, Row, Transaction
from chalicelib.stores.postgres.photo_lists import IS_CURRENT
from chalicelib.stores.postgres.photos import write_derived_rows
from chalicelib.stores.postgres.rows import (
    ALBUM,
    PHOTO,
    build_list,
    decode_album,
    decode_photo,
    encode_json,
    encode_photo,
)

_PAGE = 500
_PHOTOS = 5
"""The number of photos in one transaction. Aurora DSQL changes at most 3,000 rows in one."""
_ROWS = 100
_OWNED_TABLES = ("accounts", "albums", "photos", "idempotency_records", "user_requests")
_ACCOUNT = "user_id, created_at, photo_count, bytes, album_count, cancelled_at, due_at, expires_at"
_PROGRESS = "latest"


class PostgresCopyStore:
    """`CopyStore` on a database."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def list_users(self, limit: int, after: str | None = None) -> tuple[list[UserId], str | None]:
        lists = " UNION ".join(
            f"(SELECT DISTINCT user_id FROM {table} WHERE user_id > %s ORDER BY user_id LIMIT %s)"
            for table in _OWNED_TABLES
        )
        statement = f"SELECT user_id FROM ({lists}) u ORDER BY user_id LIMIT %s"
        rows = self._database.read(statement, *((after or "", limit) * len(_OWNED_TABLES)), limit)
        users = [UserId(row[0]) for row in rows]
        return users, users[-1] if len(users) == limit else None

    def read(self, kind: Kind, user_id: UserId) -> Iterator[Record]:
        readers: dict[Kind, Callable[[UserId], Iterator[Record]]] = {
            "ratings": self._read_ratings,
            "photos": self._read_photos,
            "links": self._read_links,
            "albums": self._read_albums,
            "keys": self._read_keys,
            "requests": self._read_requests,
            "accounts": self._read_accounts,
        }
        return readers[kind](user_id)

    def write(self, kind: Kind, records: Sequence[Record]) -> None:
        self._replace_batches(kind, records, is_kept=True)

    def remove(self, kind: Kind, records: Sequence[Record]) -> None:
        self._replace_batches(kind, records, is_kept=False)

    def get_progress(self) -> Progress | None:
        rows = self._database.read("SELECT body FROM copies WHERE name = %s", _PROGRESS)
        return msgspec.json.decode(rows[0][0], type=Progress) if rows else None

    def store_progress(self, progress: Progress) -> None:
        statement = (
            "INSERT INTO copies (name, body) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body"
        )
        self._database.write(lambda transaction: transaction.execute(statement, _PROGRESS, encode_json(progress)))

    def _iterate(self, statement: str, values: Sequence[Any], *start: str) -> Iterator[Row]:
        """Yield the rows of a statement, a page at a time.

        The values of the statement are `values`, the last key, and the size of a page. `start` is before the first
        key. The last columns of a row are its key.
        """
        after: Sequence[str] = start
        while rows := self._database.read(statement, *values, *after, _PAGE):
            yield from rows
            after = rows[-1][-len(start) :]

    def _read_photos(self, user_id: UserId) -> Iterator[Record]:
        statement = (
            f"SELECT {PHOTO}, p.sweep_at, p.expires_at, p.photo_id FROM photos p WHERE p.user_id = %s "
            f"AND {IS_CURRENT} AND p.photo_id > %s ORDER BY p.photo_id LIMIT %s"
        )
        for row in self._iterate(statement, (user_id, int(self._clock())), ""):
            sweep_at, expires_at, _ = row[-3:]
            yield PhotoCopy(photo=decode_photo(row), sweep_at=sweep_at, expires_at=expires_at)

    def _read_ratings(self, user_id: UserId) -> Iterator[Record]:
        statement = "SELECT photo_id FROM photos WHERE user_id = %s AND photo_id > %s ORDER BY photo_id LIMIT %s"
        for photo_ids in batched((row[0] for row in self._iterate(statement, (user_id,), "")), _PAGE):
            names, values = build_list(photo_ids)
            rows = self._iterate(
                f"SELECT rating, photo_id, user_id FROM ratings WHERE photo_id IN {names} "
                "AND (photo_id, user_id) > (%s, %s) ORDER BY photo_id, user_id LIMIT %s",
                *(values, "", ""),
            )
            yield from (RatingCopy(photo_id=row[1], user_id=row[2], rating=row[0]) for row in rows)

    def _read_albums(self, user_id: UserId) -> Iterator[Record]:
        statement = (
            f"SELECT {ALBUM}, a.album_id FROM albums a WHERE a.user_id = %s AND a.album_id > %s "
            "ORDER BY a.album_id LIMIT %s"
        )
        yield from map(decode_album, self._iterate(statement, (user_id,), ""))

    def _read_links(self, user_id: UserId) -> Iterator[Record]:
        statement = (
            f"SELECT {share_links.LINK}, l.album_id, l.link_id FROM albums a "
            "JOIN share_links l ON l.album_id = a.album_id WHERE a.user_id = %s AND (l.album_id, l.link_id) > (%s, %s) "
            "ORDER BY l.album_id, l.link_id LIMIT %s"
        )
        yield from map(share_links.decode_link, self._iterate(statement, (user_id,), "", ""))

    def _read_keys(self, user_id: UserId) -> Iterator[Record]:
        statement = (
            "SELECT body, key FROM idempotency_records WHERE user_id = %s AND expires_at > %s AND key > %s "
            "ORDER BY key LIMIT %s"
        )
        for body, _ in self._iterate(statement, (user_id, int(self._clock())), ""):
            yield msgspec.json.decode(body, type=IdempotencyRecord)

    def _read_requests(self, user_id: UserId) -> Iterator[Record]:
        statement = "SELECT requested_at, due_at, kind FROM user_requests WHERE user_id = %s ORDER BY kind"
        for requested_at, due_at, kind in self._database.read(statement, user_id):
            yield RequestCopy(user_id=user_id, kind=kind, requested_at=requested_at, due_at=due_at)

    def _read_accounts(self, user_id: UserId) -> Iterator[Record]:
        statement = f"SELECT {_ACCOUNT} FROM accounts WHERE user_id = %s AND (expires_at IS NULL OR expires_at > %s)"
        for row in self._database.read(statement, user_id, int(self._clock())):
            yield AccountCopy(**dict(zip(_ACCOUNT.split(", "), row, strict=True)))

    def _replace_batches(self, kind: Kind, records: Sequence[Record], *, is_kept: bool) -> None:
        for batch in batched(records, _PHOTOS if kind == "photos" else _ROWS):
            self._database.write(partial(self._replace_all, records=batch, is_kept=is_kept))

    def _replace_all(self, transaction: Transaction, records: Sequence[Record], *, is_kept: bool) -> None:
        for record in records:
            if isinstance(record, PhotoCopy):
                _replace_photo(transaction, record, is_kept=is_kept)
            else:
                _delete(transaction, record)
                if is_kept:
                    self._insert(transaction, record)

    def _insert(self, transaction: Transaction, record: Record) -> None:
        match record:
            case RatingCopy():
                statement = "INSERT INTO ratings (photo_id, user_id, rating) VALUES (%s, %s, %s)"
                transaction.execute(statement, record.photo_id, record.user_id, record.rating)
            case ShareLink():
                share_links.insert(transaction, record)
            case Album():
                albums.insert(transaction, record)
            case IdempotencyRecord():
                idempotency.add_record(transaction, record, self._clock())
            case RequestCopy():
                statement = "INSERT INTO user_requests (kind, user_id, requested_at, due_at) VALUES (%s, %s, %s, %s)"
                transaction.execute(statement, record.kind, record.user_id, record.requested_at, record.due_at)
            case AccountCopy():
                names, values = build_list(msgspec.structs.astuple(record))
                transaction.execute(f"INSERT INTO accounts ({_ACCOUNT}) VALUES {names}", *values)


def describe(database: Database) -> str:
    """Return the name of a database without its password."""
    given = conninfo_to_dict(database.parameters)
    kind = "dsql" if database.dialect.is_dsql else "postgresql"
    return f"{kind}:{given.get('host', '')}:{given.get('port', '')}/{given.get('dbname', '')}"


def _delete(transaction: Transaction, record: Record) -> None:
    keys: dict[str, str]
    match record:
        case RatingCopy():
            table, keys = "ratings", {"photo_id": record.photo_id, "user_id": record.user_id}
        case ShareLink():
            table, keys = "share_links", {"album_id": record.album_id, "link_id": record.link_id}
        case Album():
            table, keys = "albums", {"album_id": record.album_id}
        case IdempotencyRecord():
            table, keys = "idempotency_records", {"user_id": record.user_id, "key": record.key}
        case RequestCopy():
            table, keys = "user_requests", {"kind": record.kind, "user_id": record.user_id}
        case AccountCopy():
            table, keys = "accounts", {"user_id": record.user_id}
        case PhotoCopy():
            table, keys = "photos", {"photo_id": record.photo.photo_id}
    condition = " AND ".join(f"{name} = %s" for name in keys)
    transaction.execute(f"DELETE FROM {table} WHERE {condition}", *keys.values())


def _replace_photo(transaction: Transaction, copy: PhotoCopy, *, is_kept: bool) -> None:
    """Replace a photo and its derived rows, or delete them unless the photo is kept."""
    photo, nothing = copy.photo, copy.photo.with_(status="erased")
    rows = transaction.query(f"SELECT {PHOTO} FROM photos p WHERE p.photo_id = %s FOR UPDATE", photo.photo_id)
    before = decode_photo(rows[0]) if rows else nothing
    _delete(transaction, copy)
    if is_kept:
        transaction.execute(
            "INSERT INTO photos (photo_id, user_id, revision, rating_sum, rating_count, sweep_at, expires_at, body) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            *(photo.photo_id, photo.user_id, photo.revision, photo.rating_sum, photo.rating_count),
            *(copy.sweep_at, copy.expires_at, encode_photo(photo)),
        )
    write_derived_rows(transaction, before, photo if is_kept else nothing)
