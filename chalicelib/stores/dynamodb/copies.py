"""Copies to and from DynamoDB. `copied_photos` writes the photos."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.share_links import ShareLink
from chalicelib.infra.settings import Settings
from chalicelib.stores.copies import (
    AccountCopy,
    Kind,
    PhotoCopy,
    Progress,
    RatingCopy,
    Record,
    RequestCopy,
    get_key,
)
from chalicelib.stores.dynamodb import albums, idempotency, items, photo_rows, share_links, user_requests
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, is_expired
from chalicelib.stores.dynamodb.copied_photos import CopiedPhotos
from chalicelib.stores.user_requests import RequestKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PAGE = 100
_ROWS = 1000
_PROGRESS: items.Key = {"userId": {"S": "#copy"}, "record": {"S": "run"}}
"""The row of the progress. No user can have this id."""
_REQUEST_KINDS: tuple[RequestKind, ...] = ("reindex", "trash")


class DynamoCopyStore:
    """`CopyStore` on the tables that `Settings` names. `threads` calls run at the same time."""

    def __init__(
        self,
        settings: Settings,
        dynamodb: "DynamoDBClient",
        clock: Callable[[], float] = time.time,
        *,
        threads: int = 16,
    ) -> None:
        self._settings, self._client, self._clock = settings, dynamodb, clock
        self._calls = Calls(dynamodb, clock)
        self._photos = CopiedPhotos(settings, self._calls, clock)
        self._thread_count = threads

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._thread_count, "copies")

    def list_users(self, limit: int, after: str | None = None) -> tuple[list[UserId], str | None]:
        start: dict[str, Any] = {"ExclusiveStartKey": json.loads(after)} if after else {}
        table = self._settings.account_table
        page = self._client.scan(
            TableName=table, Limit=limit, ConsistentRead=True, ProjectionExpression="userId", **start
        )
        # The rows of a user follow each other. The previous page may have ended among them.
        previous = start["ExclusiveStartKey"]["userId"]["S"] if start else None
        names = dict.fromkeys(row["userId"]["S"] for row in page["Items"])
        users = [UserId(name) for name in names if name != previous and not name.startswith("#")]
        end = page.get("LastEvaluatedKey")
        return users, json.dumps(end) if end else None

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
        if kind == "photos":
            copies = {record.photo.photo_id: record for record in records if isinstance(record, PhotoCopy)}
            stored = self._photos.read(copies)

            def replace(photo_id: PhotoId) -> None:
                self._photos.replace(stored.get(photo_id), copies[photo_id].photo, copies[photo_id])

            # Wait for all transactions, and raise the first error.
            list(self._threads.map(replace, copies))
            return
        table, _ = self._get_table(kind)
        self._calls.write_batches(table, [{"PutRequest": {"Item": encode(record)}} for record in records])

    def remove(self, kind: Kind, records: Sequence[Record]) -> None:
        if kind == "photos":
            stored = self._photos.read(record.photo.photo_id for record in records if isinstance(record, PhotoCopy))
            list(self._threads.map(lambda photo: self._photos.replace(photo, photo, None), stored.values()))
            return
        table, names = self._get_table(kind)
        rows = map(encode, records)
        self._calls.write_batches(
            table, [{"DeleteRequest": {"Key": {name: row[name] for name in names}}} for row in rows]
        )

    def get_progress(self) -> Progress | None:
        row = self._calls.read(self._settings.account_table, _PROGRESS)
        return msgspec.json.decode(row["copy"]["S"], type=Progress) if row else None

    def store_progress(self, progress: Progress) -> None:
        row = _PROGRESS | items.encode({"copy": msgspec.json.encode(progress).decode()})
        self._calls.transact([{"Put": {"TableName": self._settings.account_table, "Item": row}}])

    def _get_table(self, kind: Kind) -> tuple[str, tuple[str, str]]:
        """Return the table of a kind other than photos, and the names of its primary key."""
        if kind == "ratings":
            return self._settings.rating_table, ("photoId", "userId")
        if kind in ("links", "albums"):
            return self._settings.album_table, ("albumId", "record")
        return self._settings.account_table, ("userId", "record")

    def _read_photos(self, user_id: UserId) -> Iterator[Record]:
        for photo_ids in self._iterate_photo_ids(user_id):
            rows = self._calls.read_all(self._settings.photo_table, photo_rows.build_keys(photo_ids))
            yield from sorted(map(_decode_photo, rows), key=get_key)

    def _iterate_photo_ids(self, user_id: UserId) -> Iterator[list[PhotoId]]:
        after = ""
        while photo_ids := photo_rows.list_owned_ids(self._calls, self._settings.photo_table, user_id, _PAGE, after):
            yield photo_ids
            after = photo_ids[-1]

    def _read_ratings(self, user_id: UserId) -> Iterator[Record]:
        for photo_ids in self._iterate_photo_ids(user_id):
            for photo_id, rows in zip(photo_ids, self._threads.map(self._query_ratings, photo_ids), strict=True):
                while rows:
                    yield from map(_decode_rating, rows)
                    rows = self._query_ratings(photo_id, f"{rows[-1]['userId']['S']}\0") if len(rows) == _ROWS else []

    def _query_ratings(self, photo_id: PhotoId, low: str = " ") -> list[items.Item]:
        keys = KeyRange(self._settings.rating_table, ("photoId", photo_id), ("userId", low, "~"))
        return self._calls.query(keys, _ROWS, consistent=True)

    def _read_albums(self, user_id: UserId) -> Iterator[Record]:
        for album_ids in batched(self._list_albums(user_id), _PAGE):
            rows = self._calls.read_all(self._settings.album_table, [*map(items.build_album_key, album_ids)])
            yield from sorted(map(items.decode_album, rows), key=get_key)

    def _list_albums(self, user_id: UserId) -> list[AlbumId]:
        # A deleted album is in a separate partition. It can be in both, because indexes lag behind.
        names, table = (user_id, f"{user_id}#deleted"), self._settings.album_table
        ranges = [KeyRange(table, ("ownerKey", name), ("albumId", "0", "g"), "owner") for name in names]
        return sorted({AlbumId(row["albumId"]["S"]) for keys in ranges for row in self._calls.query(keys, None)})

    def _read_links(self, user_id: UserId) -> Iterator[Record]:
        for album_id in self._list_albums(user_id):
            keys = KeyRange(self._settings.album_table, ("albumId", album_id), ("record", "link#", "link#g"))
            yield from map(share_links.decode_link, self._calls.query(keys, None, consistent=True))

    def _read_keys(self, user_id: UserId) -> Iterator[Record]:
        keys = KeyRange(self._settings.account_table, ("userId", user_id), ("record", "key#", "key#~"))
        while rows := self._calls.query(keys, _ROWS, consistent=True):
            yield from (idempotency.decode_record(row) for row in rows if not is_expired(row, self._clock()))
            keys = msgspec.structs.replace(keys, sort=("record", f"{rows[-1]['record']['S']}0", "key#~"))

    def _read_requests(self, user_id: UserId) -> Iterator[Record]:
        for kind in _REQUEST_KINDS:
            if row := self._calls.read(self._settings.account_table, items.encode({"userId": user_id, "record": kind})):
                values = items.decode(row)
                yield RequestCopy(
                    user_id=user_id, kind=kind, requested_at=values["requestedAt"], due_at=values["dueAt"]
                )

    def _read_accounts(self, user_id: UserId) -> Iterator[Record]:
        if row := self._calls.read(self._settings.account_table, items.build_account_key(user_id)):
            yield msgspec.convert(items.decode(row), AccountCopy)


def encode(record: Record) -> items.Item:
    """Return the item of a record that is not a photo."""
    match record:
        case RatingCopy():
            return items.encode(msgspec.to_builtins(record))
        case ShareLink():
            return share_links.encode_link(record)
        case Album():
            return albums.encode_album(record)
        case IdempotencyRecord():
            return idempotency.encode_record(record)
        case RequestCopy():
            return user_requests.encode_request(record.kind, record.user_id, record.requested_at, record.due_at)
        case AccountCopy():
            return _encode_account(record)
        case PhotoCopy():
            raise TypeError("A photo has several items.")


def _encode_account(account: AccountCopy) -> items.Item:
    # A grant would treat an account without usage attributes as full.
    usage = {"photoCount": account.photo_count, "bytes": account.bytes, "albumCount": account.album_count}
    due = {"dueShard": "cancelled"} if account.due_at else {}
    return items.encode({"record": "account", **msgspec.to_builtins(account), **usage, **due})


def _decode_photo(row: items.Item) -> PhotoCopy:
    values = items.decode({name: row[name] for name in ("sweepAt", "expiresAt") if name in row})
    # The copy has no outdated rows, because all of its rows are written.
    photo = items.decode_photo(row).with_(outdated_taken_key=None)
    return PhotoCopy(photo=photo, sweep_at=values.get("sweepAt"), expires_at=values.get("expiresAt"))


def _decode_rating(row: items.Item) -> RatingCopy:
    return msgspec.convert(items.decode(row), RatingCopy)
