"""Albums and their entries on DynamoDB. `entries` writes the entries. `share_links` stores the links."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.feed import FEW_QUERIES, Span
from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import idempotency, items, photo_rows
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write, build_update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READERS = 16
_DERIVED = ("photoCount", "openCount", "linkCount", "latestPhotoId", "updatedThrough", "updatedFor")
"""Attributes that `change` never writes. They change with photos, links and the propagation."""


class DynamoAlbumStore:
    """`AlbumStore` on the tables that `Settings` names."""

    walk_sizes = FEW_QUERIES

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._photos, self._accounts = settings.photo_table, settings.account_table
        self._albums, self._entries = settings.album_table, settings.entry_table

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "albums")

    def get_album(self, album_id: AlbumId) -> Album | None:
        item = self._calls.read(self._albums, items.build_album_key(album_id))
        return items.decode_album(item) if item else None

    def add(self, album: Album, limit: int, record: IdempotencyRecord | None = None) -> bool:
        condition = "(attribute_not_exists(albumCount) OR albumCount < :limit)"
        charge = self._build_count_update(album, 1, condition, {":limit": limit, ":created": album.created_at})
        # Set the usage too: a grant would treat an account without usage attributes as full.
        charge["Update"]["UpdateExpression"] = (
            "ADD albumCount :count, photoCount :zero, #bytes :zero SET createdAt = if_not_exists(createdAt, :created)"
        )
        charge["Update"]["ExpressionAttributeNames"] = {"#bytes": "bytes"}
        charge["Update"]["ExpressionAttributeValues"] |= {":zero": {"N": "0"}}
        records = [idempotency.build_put(self._accounts, record, self._clock())] if record else []
        put: Write = {"Put": {"TableName": self._albums, "Item": encode_album(album)}}
        reasons = self._calls.transact([put, charge, *records])
        if idempotency.is_key_taken(reasons, 2):
            return False
        if reasons:
            cancelled = "cancelledAt" in reasons[1].get("Item", {})
            raise errors.InvalidToken if cancelled else errors.QuotaExceeded(details={"albums": limit})
        return True

    def change(self, before: Album, after: Album) -> bool:
        old, new = encode_album(before), encode_album(after.with_(revision=before.revision + 1))
        for name in _DERIVED:
            old.pop(name, None)
            new.pop(name, None)
        writes = [
            build_update(self._albums, items.build_album_key(before.album_id), old, new, revision=before.revision)
        ]
        if after.deleted_at and not before.deleted_at:
            writes.append(self._build_count_update(before, -1, "attribute_exists(albumCount)", {}))
        return not self._calls.transact(writes)

    def mark_updated(self, album: Album) -> None:
        # Raise the revision, so that a change that has read the old `dueAt` fails.
        update = {
            "TableName": self._albums,
            "Key": items.build_album_key(album.album_id),
            "UpdateExpression": "SET revision = revision + :one REMOVE dueAt, dueShard, updatedThrough, updatedFor",
            "ConditionExpression": "wording = :wording AND attribute_not_exists(deletedAt)",
            "ExpressionAttributeValues": items.encode({":wording": album.change_number, ":one": 1}),
        }
        self._calls.transact([{"Update": update}])

    def store_progress(self, album: Album, through: PhotoId, due_at: Timestamp) -> None:
        update = {
            "TableName": self._albums,
            "Key": items.build_album_key(album.album_id),
            "UpdateExpression": "SET updatedThrough = :through, updatedFor = :wording, dueAt = :due",
            "ConditionExpression": "wording = :wording AND attribute_exists(dueAt)",
            "ExpressionAttributeValues": items.encode(
                {":through": through, ":wording": album.change_number, ":due": due_at}
            ),
        }
        self._calls.transact([{"Update": update}])

    def remove(self, album: Album) -> bool:
        delete = {
            "TableName": self._albums,
            "Key": items.build_album_key(album.album_id),
            "ConditionExpression": "attribute_exists(deletedAt) AND photoCount = :none",
            "ExpressionAttributeValues": {":none": {"N": "0"}},
        }
        return not self._calls.transact([{"Delete": delete}])

    def list_albums(self, owner: UserId | None, limit: int, *, after: AlbumId | None = None) -> list[Album]:
        index, partition = ("owner", ("ownerKey", f"{owner}")) if owner else ("public", ("publicKey", "public"))
        keys = KeyRange(self._albums, partition, ("albumId", "0", items.get_key_below(after) if after else "g"), index)
        return [items.decode_album(row) for row in self._calls.query(keys, limit, forward=False)]

    def list_due(self, now: Timestamp, limit: int) -> list[AlbumId]:
        album_ids: list[AlbumId] = []
        for shard in items.DUE_SHARDS:
            keys = KeyRange(self._albums, ("dueShard", shard), ("dueAt", "0", now), "due")
            album_ids += [items.decode(row)["albumId"] for row in self._calls.query(keys, limit)]
        return album_ids[:limit]

    def list_entries(
        self, album_id: AlbumId, limit: int, *, include_private: bool, after: str | None = None
    ) -> list[Entry]:
        index, key = ("position", "albumId") if include_private else ("open-position", "openKey")
        keys = KeyRange(self._entries, (key, album_id), ("position", f"{after}0" if after else "0", "~"), index)
        return [_decode_entry(row) for row in self._calls.query(keys, limit)]

    def list_first_entries(self, albums: Sequence[tuple[AlbumId, bool]]) -> list[list[Entry]]:
        return list(self._readers.map(lambda album: self.list_entries(album[0], 1, include_private=album[1]), albums))

    def list_entries_by_rank(
        self, album_id: AlbumId, spans: Sequence[Span], limit: int | None = None, *, include_private: bool
    ) -> list[list[Entry]]:
        index, key = ("rank", "albumId") if include_private else ("open-rank", "openKey")

        def read(span: Span) -> list[Entry]:
            keys = KeyRange(self._entries, (key, album_id), items.build_rank_range(span), index)
            return [_decode_entry(row) for row in self._calls.query(keys, limit)]

        return list(self._readers.map(read, spans))

    def list_member_ids(self, album_id: AlbumId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        keys = KeyRange(self._entries, ("albumId", album_id), ("photoId", f"{after}0" if after else "0", "g"))
        rows = self._calls.query(keys, limit, consistent=True)
        return [items.decode(row)["photoId"] for row in rows]

    def read_with_photos(
        self, album_id: AlbumId, photo_ids: Sequence[PhotoId]
    ) -> tuple[Album | None, dict[PhotoId, Photo]]:
        keys = [
            (self._albums, items.build_album_key(album_id)),
            *((self._photos, key) for key in photo_rows.build_keys(photo_ids)),
        ]
        rows = self._calls.read_across(keys)
        album = next(map(items.decode_album, rows.get(self._albums, [])), None)
        return album, photo_rows.index_by_id(rows.get(self._photos, []))

    def _build_count_update(self, album: Album, count: int, condition: str, values: dict[str, Any]) -> Write:
        return {
            "Update": {
                "TableName": self._accounts,
                "Key": items.build_account_key(album.user_id),
                "UpdateExpression": "ADD albumCount :count",
                "ConditionExpression": f"attribute_not_exists(cancelledAt) AND {condition}",
                "ExpressionAttributeValues": items.encode({":count": count, **values}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def encode_album(album: Album) -> items.Item:
    """Return the item of an album."""
    values = msgspec.to_builtins(album)
    values |= {
        "record": "album",
        "visibility": album.visibility,
        "revision": album.revision,
        "wording": album.change_number,
    }
    values |= {"photoCount": album.photo_count, "openCount": album.non_private_count}
    values["ownerKey"] = f"{album.user_id}#deleted" if album.deleted_at else album.user_id
    if album.public and album.deleted_at is None:
        values["publicKey"] = "public"
    if album.due_at is not None:
        values["dueShard"] = album.album_id[-1]
    return items.encode(values)


def _decode_entry(item: items.Item) -> Entry:
    values = items.decode(item)
    return Entry(photo_id=values["photoId"], sort_key=values.get("position", ""))
