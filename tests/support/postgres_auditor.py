"""Read the rows of PostgreSQL for the auditor, in the format of DynamoDB. This module uses no code of the stores."""

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.support.auditor import Row, Source

_PUBLIC = '["public",null]'
"""The list of all public photos."""
_METADATA = ("title", "description", "tags", "exif")


class PostgresSource(Source):
    """Rows of PostgreSQL, and objects and messages as on DynamoDB."""

    def __init__(self) -> None:
        super().__init__()
        self._tables: dict[str, Callable[[], Iterator[Row]]] = {
            "photo": self._read_photos,
            "account": self._read_accounts,
            "term": self._read_words,
            "album": self._read_albums,
            "entry": self._read_entries,
            "rating": self._read_ratings,
        }

    def scan(self, name: str) -> list[Row]:
        return [*self._tables[name]()]

    def _read(self, table: str) -> list[Row]:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            rows = connection.execute(f"SELECT to_json(t)::text FROM {table} t").fetchall()
        return [json.loads(text) for (text,) in rows]

    def _read_photos(self) -> Iterator[Row]:
        lists: dict[str, set[str]] = {}
        for row in self._read("listed_photos"):
            lists.setdefault(row["photo_id"], set()).add(row["listing"])
        for row in self._read("photos"):
            photo = json.loads(row["body"])
            photo["metadata"] = {name: photo.pop(name) for name in _METADATA if name in photo}
            photo["renditions"] = {name: f"/{key}" for name, key in photo.get("renditions", {}).items()}
            photo |= {"uploadedAt": _read_time(row["photo_id"])}
            photo |= {"ratingSum": row["rating_sum"], "ratingCount": row["rating_count"]}
            photo |= {"sweepAt": row["sweep_at"]} if row["sweep_at"] else {}
            if "sha256" in photo:
                photo["sha256"] = urlsafe_b64encode(bytes.fromhex(photo["sha256"])).decode().rstrip("=")
            expected, found = _list_names(photo), lists.pop(row["photo_id"], set())
            # The auditor compares this key with the visibility. If any list of the photo is wrong, return a wrong key.
            is_public = _PUBLIC in found if found == expected else _PUBLIC not in expected
            yield photo | ({"publicKey": "public"} if is_public else {})
        assert lists == {}, f"lists of photos that do not exist: {lists}"

    def _read_accounts(self) -> Iterator[Row]:
        names = {"created_at": "createdAt", "photo_count": "photoCount", "bytes": "bytes", "album_count": "albumCount"}
        names |= {"cancelled_at": "cancelledAt", "due_at": "dueAt"}
        for row in self._read("accounts"):
            facts = {name: row[column] for column, name in names.items() if row[column] is not None}
            yield {"userId": row["user_id"], "record": "account"} | facts
        for row in self._read("digests"):
            yield {"userId": row["user_id"], "record": f"sha256#{row['sha256']}#{row['photo_id']}"}
        for row in self._read("month_counts"):
            year, month = row["month"].split("-")
            yield {"userId": row["user_id"], "record": f"months#{year}#{row['shard']}", month: row["photo_count"]}
        for row in self._read("user_requests"):
            yield {"userId": row["user_id"], "record": row["kind"], "dueAt": row["due_at"]}
        for row in self._read("idempotency_records"):
            yield {"userId": row["user_id"], "record": f"key#{row['key']}"}

    def _read_words(self) -> Iterator[Row]:
        rows = self._read("words")
        public = {(row["photo_id"], row["word"]) for row in rows if row["listing"] == _PUBLIC}
        for row in rows:
            if row["listing"] == _PUBLIC:
                continue
            (scope, owner), word, photo_id = json.loads(row["listing"]), row["word"], row["photo_id"]
            assert scope == "owner", row
            key = (photo_id, word)
            term = {"ownerPart": f"{owner}#{word[:2]}", "wordPhoto": f"{word}#{photo_id}", "photoId": photo_id}
            yield term | ({"publicTag": word} if key in public else {})
            public.discard(key)
        # Public rows of words without a row of the owner.
        yield from ({"ownerPart": "public", "wordPhoto": word, "photoId": photo_id} for photo_id, word in public)

    def _read_albums(self) -> Iterator[Row]:
        for row in self._read("albums"):
            album = {"visibility": "public", "record": "album"} | json.loads(row["body"])
            assert (album["visibility"], album.get("deletedAt")) == (row["visibility"], row["deleted_at"]), row
            album |= {"photoCount": row["photo_count"], "openCount": row["non_private_count"]}
            album |= {"linkCount": row["link_count"]}
            yield album | ({"dueAt": row["due_at"]} if row["due_at"] else {})
        for row in self._read("share_links"):
            yield {"albumId": row["album_id"], "record": f"link#{row['link_id']}"}

    def _read_entries(self) -> Iterator[Row]:
        for row in self._read("entries"):
            is_open = {} if row["is_private"] else {"openKey": row["sort_key"]}
            yield {"albumId": row["album_id"], "photoId": row["photo_id"]} | is_open

    def _read_ratings(self) -> Iterator[Row]:
        names = {"photo_id": "photoId", "user_id": "userId", "rating": "rating"}
        yield from ({name: row[column] for column, name in names.items()} for row in self._read("ratings"))


def _list_names(photo: Row) -> set[str]:
    """Return the lists of a photo. This is right only for tags of plain English words in lower case."""
    owner = photo["userId"]
    if photo["status"] != "ready":
        return set()
    if "trashedAt" in photo:
        return {_write(["trash", owner])}
    scopes: list[list[Any]] = [["owner", owner]]
    if photo.get("visibility", "public") == "public":
        scopes += [["public", None], ["public", owner]]
    names = {_write(scope) for scope in scopes}
    for tag in photo["metadata"].get("tags", ()):
        names |= {_write([*scope, tag]) for scope in scopes}
    return names


def _write(name: list[Any]) -> str:
    return json.dumps(name, separators=(",", ":"))


def _read_time(photo_id: str) -> str:
    """Return the time in an id, in the form of the rows."""
    milliseconds = int(photo_id.replace("-", "")[:12], 16)
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def open_source() -> Source:
    """Return the source of the database that the environment chooses."""
    return PostgresSource() if os.environ.get("DATABASE_URL") else Source()
