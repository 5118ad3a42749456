"""List objects from S3 inventories instead of the buckets. An sqlite database sorts them.

Inventories in the format CSV are supported, but not those in Parquet or ORC.
"""

import csv
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote_plus

import msgspec

from chalicelib.infra.exported_files import ExportedFiles, InvalidExport, locate_data
from chalicelib.infra.settings import Settings
from chalicelib.storage.listings import LAST_CHARACTER, Rendition, Version

_ORIGINALS, _RENDITIONS = "originals", "renditions"
_INSERT = "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?)"
_LIST = """
    SELECT key, version_id, size, modified, is_marker FROM objects WHERE bucket = ? AND key >= ? AND key < ?
    ORDER BY key, is_marker, modified DESC
"""


class _File(msgspec.Struct):
    key: str
    md5: str = msgspec.field(name="MD5checksum")


class _Manifest(msgspec.Struct, rename="camel"):
    source_bucket: str
    creation_timestamp: str
    file_format: str
    file_schema: str
    files: list[_File]


class InventoryListings:
    """`Listings` of inventories that `load_inventories` has stored in a database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def list_versions(self, prefix: str) -> Iterator[Version]:
        """Yield all versions and delete markers of originals under a prefix, as `ObjectListings` does."""
        for key, version_id, size, modified, is_marker in self._list(_ORIGINALS, prefix):
            yield Version(key, version_id, size, datetime.fromisoformat(modified), bool(is_marker))

    def list_renditions(self, prefix: str) -> Iterator[Rendition]:
        """Yield all renditions under a prefix, in the order of their keys."""
        for key, _, size, modified, _ in self._list(_RENDITIONS, prefix):
            yield Rendition(key, size, datetime.fromisoformat(modified))

    def list_folders(self, limit: int, after: str) -> tuple[list[str], list[str], str | None]:
        """Return the top-level folders and objects that follow `after`, as `ObjectListings` does."""
        names: list[str] = []
        while len(names) < limit and (name := self._find_next(names[-1] if names else after)):
            names.append(name)
        folders = [name for name in names if name.endswith("/")]
        objects = [name for name in names if not name.endswith("/")]
        return folders, objects, names[-1] if len(names) == limit else None

    def _list(self, bucket: str, prefix: str) -> Iterator[tuple[str, str, int, str, int]]:
        yield from self._database.execute(_LIST, (bucket, prefix, f"{prefix}{LAST_CHARACTER}"))

    def _find_next(self, after: str) -> str | None:
        marker = f"{after}{LAST_CHARACTER}" if after.endswith("/") else after
        query = "SELECT min(key) FROM objects WHERE bucket = ? AND key > ?"
        found = [self._database.execute(query, (bucket, marker)).fetchone()[0] for bucket in (_ORIGINALS, _RENDITIONS)]
        key = min((key for key in found if key is not None), default=None)
        return key if key is None else "".join(key.partition("/")[:2])


def load_inventories(
    database: sqlite3.Connection, files: ExportedFiles, settings: Settings, manifests: Sequence[str]
) -> datetime:
    """Store the newest inventories of both buckets in an empty database. Return the time of the oldest one.

    Raises:
        InvalidExport: the manifests are not one for each bucket, or a file is damaged or has another format.
    """
    database.execute("CREATE TABLE objects (bucket, key, version_id, size, modified, is_marker)")
    buckets = {settings.originals_bucket: _ORIGINALS, settings.renditions_bucket: _RENDITIONS}
    times = []
    for location in manifests:
        manifest = msgspec.json.decode(files.read(location), type=_Manifest)
        bucket = buckets.pop(manifest.source_bucket, None)
        if bucket is None:
            raise InvalidExport(f"{location} is an inventory of the bucket {manifest.source_bucket}.")
        database.executemany(_INSERT, _read_objects(files, location, manifest, bucket))
        times.append(datetime.fromtimestamp(int(manifest.creation_timestamp) / 1000, UTC))
    if buckets:
        raise InvalidExport(f"These buckets have no inventory: {', '.join(sorted(buckets))}.")
    database.execute("CREATE INDEX object_keys ON objects (bucket, key, is_marker, modified DESC)")
    return min(times)


def _read_objects(
    files: ExportedFiles, location: str, manifest: _Manifest, bucket: str
) -> Iterator[tuple[str, str, str, int, str, bool]]:
    names = manifest.file_schema.split(", ")
    wanted = {"Key", "Size", "LastModifiedDate"} | ({"VersionId", "IsDeleteMarker"} if bucket == _ORIGINALS else set())
    if manifest.file_format != "CSV" or wanted - {*names}:
        raise InvalidExport(f"{location} needs the format CSV and the fields {', '.join(sorted(wanted))}.")
    for file in manifest.files:
        data = locate_data(location, file.key, levels=1)
        lines = files.read_lines(data, bytes.fromhex(file.md5))
        for values in csv.reader(line.decode() for line in lines):
            row = dict(zip(names, values, strict=True))
            is_marker = row.get("IsDeleteMarker") == "true"
            # Renditions have no versions. If versioning was on, the inventory also lists their older versions.
            if bucket == _ORIGINALS or not (is_marker or row.get("IsLatest") == "false"):
                version_id = row.get("VersionId") or "null"
                size = int(row["Size"] or 0)
                yield bucket, unquote_plus(row["Key"]), version_id, size, row["LastModifiedDate"], is_marker
