"""Albums and share links on DynamoDB. `entries` has how photos come into them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.domain import errors
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.feed import Span
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp, UserId
from chalicelib.domain.photos import Photo
from chalicelib.domain.share_links import ShareLink
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, photo_rows
from chalicelib.stores.dynamodb.calls import Calls, Write, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READERS = 16
_DUE_SHARDS = "0123456789abcdef"
_COUNTS = ("photoCount", "openCount", "linkCount", "latestPhotoId", "updatedThrough", "updatedFor")
"""Attributes that change with photos, links and the propagation, and never by `change`."""


class DynamoAlbums:
    """`AlbumStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls = Calls(dynamodb, clock)
        self._photos, self._accounts = settings.photo_table, settings.account_table
        self._albums, self._entries = settings.album_table, settings.entry_table

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "albums")

    def album(self, album_id: AlbumId) -> Album | None:
        item = self._calls.read(self._albums, items.album_key(album_id))
        return _album_of(item) if item else None

    def add(self, album: Album, limit: int) -> None:
        condition = "(attribute_not_exists(albumCount) OR albumCount < :limit)"
        charge = self._owned(album, 1, condition, {":limit": limit, ":created": album.created_at})
        # Without its usage, the account would look to a grant as if it were full.
        charge["Update"]["UpdateExpression"] = (
            "ADD albumCount :count, photoCount :zero, #bytes :zero SET createdAt = if_not_exists(createdAt, :created)"
        )
        charge["Update"]["ExpressionAttributeNames"] = {"#bytes": "bytes"}
        charge["Update"]["ExpressionAttributeValues"] |= {":zero": {"N": "0"}}
        failed = self._calls.transact([{"Put": {"TableName": self._albums, "Item": _album_item(album)}}, charge])
        if failed:
            cancelled = "cancelledAt" in failed[1].get("Item", {})
            raise errors.InvalidToken if cancelled else errors.QuotaExceeded(details={"albums": limit})

    def change(self, before: Album, after: Album) -> bool:
        old, new = _album_item(before), _album_item(after.with_(revision=before.revision + 1))
        for count in _COUNTS:
            old.pop(count, None)
            new.pop(count, None)
        writes = [update(self._albums, items.album_key(before.album_id), old, new, revision=before.revision)]
        if after.deleted_at and not before.deleted_at:
            writes.append(self._owned(before, -1, "attribute_exists(albumCount)", {}))
        return not self._calls.transact(writes)

    def settle(self, album: Album) -> None:
        # The revision moves on, so that no change that read the old time relies on it.
        settled = {
            **self._keyed(items.album_key(album.album_id)),
            "UpdateExpression": "SET revision = revision + :one REMOVE dueAt, dueShard, updatedThrough, updatedFor",
            "ConditionExpression": "wording = :wording AND attribute_not_exists(deletedAt)",
            "ExpressionAttributeValues": items.encode({":wording": album.wording, ":one": 1}),
        }
        self._calls.transact([{"Update": settled}])

    def store_progress(self, album: Album, through: PhotoId, due_at: Timestamp) -> None:
        progress = {
            **self._keyed(items.album_key(album.album_id)),
            "UpdateExpression": "SET updatedThrough = :through, updatedFor = :wording, dueAt = :due",
            "ConditionExpression": "wording = :wording AND attribute_exists(dueAt)",
            "ExpressionAttributeValues": items.encode({":through": through, ":wording": album.wording, ":due": due_at}),
        }
        self._calls.transact([{"Update": progress}])

    def remove(self, album: Album) -> bool:
        delete = {
            **self._keyed(items.album_key(album.album_id)),
            "ConditionExpression": "attribute_exists(deletedAt) AND photoCount = :none",
            "ExpressionAttributeValues": {":none": {"N": "0"}},
        }
        return not self._calls.transact([{"Delete": delete}])

    def albums(self, owner: UserId | None, limit: int, *, after: AlbumId | None = None) -> list[Album]:
        index, partition = ("owner", ("ownerKey", f"{owner}")) if owner else ("public", ("publicKey", "public"))
        span = ("albumId", "0", items.just_below(after) if after else "g")
        return [_album_of(row) for row in self._calls.query(self._albums, index, partition, span, limit, forward=False)]

    def due(self, now: Timestamp, limit: int) -> list[AlbumId]:
        found: list[AlbumId] = []
        for shard in _DUE_SHARDS:
            rows = self._calls.query(self._albums, "due", ("dueShard", shard), ("dueAt", "0", now), limit)
            found += [items.decode(row)["albumId"] for row in rows]
        return found[:limit]

    def entries(self, album_id: AlbumId, limit: int, *, whole: bool, after: str | None = None) -> list[Entry]:
        index, key = ("position", "albumId") if whole else ("open-position", "openKey")
        span = ("position", f"{after}0" if after else "0", "~")
        return [_entry_of(row) for row in self._calls.query(self._entries, index, (key, album_id), span, limit)]

    def first_entries(self, wanted: Sequence[tuple[AlbumId, bool]]) -> list[list[Entry]]:
        return list(self._readers.map(lambda each: self.entries(each[0], 1, whole=each[1]), wanted))

    def entries_by_rank(
        self, album_id: AlbumId, spans: Sequence[Span], limit: int | None = None, *, whole: bool
    ) -> list[list[Entry]]:
        index, key = ("rank", "albumId") if whole else ("open-rank", "openKey")

        def read(span: Span) -> list[Entry]:
            ranks = ("rank", items.rank_text(span.low), items.rank_text(span.high))
            return [_entry_of(row) for row in self._calls.query(self._entries, index, (key, album_id), ranks, limit)]

        return list(self._readers.map(read, spans))

    def members(self, album_id: AlbumId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        span = ("photoId", f"{after}0" if after else "0", "g")
        rows = self._calls.query(self._entries, None, ("albumId", album_id), span, limit, consistent=True)
        return [items.decode(row)["photoId"] for row in rows]

    def photos(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        return photo_rows.read(self._calls, self._photos, photo_ids)

    def with_photos(self, album_id: AlbumId, photo_ids: Sequence[PhotoId]) -> tuple[Album | None, dict[PhotoId, Photo]]:
        wanted = [
            (self._albums, items.album_key(album_id)),
            *((self._photos, key) for key in photo_rows.keys(photo_ids)),
        ]
        found = self._calls.read_across(wanted)
        album = next(map(_album_of, found.get(self._albums, [])), None)
        return album, photo_rows.by_id(found.get(self._photos, []))

    def with_link(self, album_id: AlbumId, link_id: LinkId) -> tuple[Album | None, ShareLink | None]:
        keys = [items.album_key(album_id), _link_key(album_id, link_id)]
        found = {row["record"]["S"]: row for row in self._calls.read_all(self._albums, keys)}
        album, link = found.get("album"), found.get(keys[1]["record"]["S"])
        return _album_of(album) if album else None, _link_of(link) if link else None

    def add_link(self, link: ShareLink, limit: int) -> None:
        put = {"TableName": self._albums, "Item": _link_item(link)}
        room = "attribute_exists(albumId) AND attribute_not_exists(deletedAt) AND "
        count = self._linked(link.album_id, 1, f"{room}(attribute_not_exists(linkCount) OR linkCount < :limit)")
        count["Update"]["ExpressionAttributeValues"] |= items.encode({":limit": limit})
        failed = self._calls.transact([{"Put": put}, count])
        if failed:
            there = failed[1].get("Item", {})
            full = "albumId" in there and "deletedAt" not in there
            raise errors.QuotaExceeded(details={"links": limit}) if full else errors.NotFound

    def links(self, album_id: AlbumId, limit: int, *, after: LinkId | None = None) -> list[ShareLink]:
        span = ("record", f"link#{after}0" if after else "link#", "link#g")
        rows = self._calls.query(self._albums, None, ("albumId", album_id), span, limit, consistent=True)
        return [_link_of(row) for row in rows]

    def remove_link(self, album_id: AlbumId, link_id: LinkId) -> bool:
        delete = {**self._keyed(_link_key(album_id, link_id)), "ConditionExpression": "attribute_exists(albumId)"}
        return not self._calls.transact([{"Delete": delete}, self._linked(album_id, -1, "attribute_exists(albumId)")])

    def begin_guess(self, link: ShareLink, window: int, limit: int) -> bool:
        def another() -> bool:
            counted = "ADD guesses :one", "guessWindow >= :window AND guesses < :limit"
            return self._guess(link, *counted, window=window, limit=limit)

        none_yet = "attribute_exists(albumId) AND (attribute_not_exists(guessWindow) OR guessWindow < :window)"
        first = "SET guesses = :one, guessWindow = :window", none_yet
        # Another again where somebody else has begun the window meanwhile.
        return another() or self._guess(link, *first, window=window) or another()

    def take_back_guess(self, link: ShareLink, window: int) -> None:
        taken_back = "ADD guesses :back", "guessWindow = :window AND guesses >= :one"
        self._guess(link, *taken_back, window=window, back=-1)

    def _guess(self, link: ShareLink, expression: str, condition: str, **values: int) -> bool:
        sent = {":one": 1, **{f":{name}": value for name, value in values.items()}}
        counted = {
            **self._keyed(_link_key(link.album_id, link.link_id)),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": items.encode(sent),
        }
        return not self._calls.transact([{"Update": counted}])

    def _keyed(self, key: items.Key) -> dict[str, Any]:
        return {"TableName": self._albums, "Key": key}

    def _linked(self, album_id: AlbumId, count: int, condition: str) -> Write:
        return {
            "Update": {
                **self._keyed(items.album_key(album_id)),
                "UpdateExpression": "ADD linkCount :count",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": items.encode({":count": count}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _owned(self, album: Album, count: int, condition: str, sent: dict[str, Any]) -> Write:
        return {
            "Update": {
                "TableName": self._accounts,
                "Key": items.account_key(album.user_id),
                "UpdateExpression": "ADD albumCount :count",
                "ConditionExpression": f"attribute_not_exists(cancelledAt) AND {condition}",
                "ExpressionAttributeValues": items.encode({":count": count, **sent}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _album_item(album: Album) -> items.Item:
    values = msgspec.to_builtins(album)
    values |= {"record": "album", "visibility": album.visibility, "revision": album.revision, "wording": album.wording}
    values |= {"photoCount": album.photo_count, "openCount": album.open_count}
    values["ownerKey"] = f"{album.user_id}#deleted" if album.deleted_at else album.user_id
    if album.public and album.deleted_at is None:
        values["publicKey"] = "public"
    if album.due_at is not None:
        values["dueShard"] = album.album_id[-1]
    return items.encode(values)


def _album_of(item: items.Item) -> Album:
    return msgspec.convert(items.decode(item), Album)


def _entry_of(item: items.Item) -> Entry:
    values = items.decode(item)
    return Entry(photo_id=values["photoId"], place=values.get("position", ""))


def _link_key(album_id: AlbumId, link_id: LinkId) -> items.Key:
    return {"albumId": {"S": album_id}, "record": {"S": f"link#{link_id}"}}


def _link_item(link: ShareLink) -> items.Item:
    return items.encode(msgspec.to_builtins(link)) | _link_key(link.album_id, link.link_id)


def _link_of(item: items.Item) -> ShareLink:
    return msgspec.convert(items.decode(item), ShareLink)
