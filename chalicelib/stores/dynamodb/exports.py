"""Read rows from DynamoDB exports instead of the tables. An sqlite database sorts them."""

import json
import sqlite3
import time
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec

from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.infra.exported_files import ExportedFiles, InvalidExport, locate_data
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb.calls import is_expired
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.dynamodb.raw_rows import KEYS, RawKey, TableName, identify

_OWNERS: dict[TableName, str] = {"photo_table": "userId", "album_table": "ownerKey", "rating_table": "userId"}
"""The attributes by which the rows of a user are listed, as by the indexes of the tables."""
_INSERT = "INSERT INTO rows VALUES (?, ?, ?, ?, ?)"
_SCAN = """
    SELECT partition, sort, item FROM rows WHERE name = ? AND (partition, sort) > (?, ?)
    ORDER BY partition, sort LIMIT ?
"""
_READ = "SELECT item FROM rows WHERE name = ? AND partition = ? AND sort = ?"
_QUERY = "SELECT item FROM rows WHERE name = ? AND partition = ? AND sort >= ? AND sort < ? ORDER BY sort"
_OWNED = "SELECT partition FROM rows WHERE name = ? AND owner = ? AND partition > ? ORDER BY partition LIMIT ?"
_ALL = -1


class _Summary(msgspec.Struct, rename="camel"):
    table_arn: str
    export_time: datetime
    item_count: int
    output_format: str


class _File(msgspec.Struct, rename="camel"):
    item_count: int
    md5_checksum: str
    data_file_s3_key: str = msgspec.field(name="dataFileS3Key")


class _Line(msgspec.Struct):
    item: Item = msgspec.field(name="Item")


class ExportedRows:
    """`RawReader` of exports that `load_exports` has stored in a database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        # Several threads read ratings. Python's sqlite3 shares the prepared statements of a connection between them.
        self._lock = Lock()

    def scan(self, table: TableName, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        start = json.loads(after) if after else ["", ""]
        rows = self._fetch(_SCAN, table, *start, limit)
        end = json.dumps(rows[-1][:2]) if len(rows) == limit else None
        return [json.loads(item) for *_, item in rows], end

    def read(self, keys: Iterable[RawKey]) -> dict[RawKey, Item]:
        rows = {key: json.loads(item) for key in keys for (item,) in self._fetch(_READ, *key)}
        return {key: row for key, row in rows.items() if not is_expired(row, time.time())}

    def query(self, table: TableName, partition: str, begin: str = "") -> list[Item]:
        return [json.loads(item) for (item,) in self._fetch(_QUERY, table, partition, begin, f"{begin}~")]

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        return [PhotoId(photo_id) for photo_id in self._list_owned("photo_table", owner, after, limit)]

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        owners = (owner, f"{owner}#deleted")
        return [AlbumId(album_id) for name in owners for album_id in self._list_owned("album_table", name, "", _ALL)]

    def has_rated(self, user_id: UserId) -> bool:
        return any(self._list_owned("rating_table", user_id, "", 1))

    def _list_owned(self, table: TableName, owner: str, after: str, limit: int) -> list[str]:
        return [partition for (partition,) in self._fetch(_OWNED, table, owner, after, limit)]

    def _fetch(self, query: str, *parameters: str | int) -> list[Any]:
        with self._lock:
            return self._database.execute(query, parameters).fetchall()


def load_exports(
    database: sqlite3.Connection, files: ExportedFiles, settings: Settings, summaries: Sequence[str]
) -> datetime:
    """Store the exports of all tables in an empty database. Return the time of the oldest one.

    Raises:
        InvalidExport: the exports are not one for each table, or a file is damaged or has another format.
    """
    database.execute("CREATE TABLE rows (name, partition, sort, owner, item)")
    tables: dict[str, TableName] = {getattr(settings, table): table for table in KEYS}
    times = []
    for location in summaries:
        summary = msgspec.json.decode(files.read(location), type=_Summary)
        name = summary.table_arn.rpartition("/")[2]
        table = tables.pop(name, None)
        if table is None or summary.output_format != "DYNAMODB_JSON":
            raise InvalidExport(f"{location} is an export of the table {name} in the format {summary.output_format}.")
        count = database.executemany(_INSERT, _read_rows(files, location, table)).rowcount
        if max(count, 0) != summary.item_count:
            raise InvalidExport(f"{location} has {count} of {summary.item_count} rows.")
        times.append(summary.export_time)
    if tables:
        raise InvalidExport(f"These tables have no export: {', '.join(sorted(tables))}.")
    database.execute("CREATE UNIQUE INDEX row_keys ON rows (name, partition, sort)")
    database.execute("CREATE INDEX row_owners ON rows (name, owner, partition) WHERE owner IS NOT NULL")
    return min(times)


def _read_rows(
    files: ExportedFiles, location: str, table: TableName
) -> Iterator[tuple[str, str, str, str | None, bytes]]:
    folder = location.rpartition("/")[0]
    for line in files.read(f"{folder}/manifest-files.json").splitlines():
        file = msgspec.json.decode(line, type=_File)
        data = locate_data(location, file.data_file_s3_key, levels=0)
        for row in files.read_lines(data, b64decode(file.md5_checksum)):
            item = msgspec.json.decode(row, type=_Line).item
            owner = item.get(_OWNERS.get(table, ""), {}).get("S")
            yield *identify(table, item), owner, msgspec.json.encode(item)
