"""The store on DynamoDB. `resources.yaml` has the tables; `items` has what a row looks like."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib import errors
from chalicelib.config import Settings
from chalicelib.feed import Span
from chalicelib.ids import AlbumId, PhotoId, Timestamp, UserId, uploaded_at
from chalicelib.models import Account, Limits, Listing, Photo, tag_term
from chalicelib.stores import items
from chalicelib.stores.calls import Calls, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READERS = 16
_FORGOTTEN = 100
_DUE_SHARDS = "0123456789abcdef"


class DynamoStore:
    """`Store` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._photos, self._accounts = settings.photo_table, settings.account_table
        self._terms, self._albums, self._entries = settings.term_table, settings.album_table, settings.entry_table
        self._ratings = settings.rating_table

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "dynamodb")

    def account(self, user_id: UserId) -> Account:
        item = self._calls.read(self._accounts, items.account_key(user_id))
        return items.account_of(item) if item else Account(user_id=user_id)

    def open_account(self, account: Account) -> Account:
        fresh = {"userId": account.user_id, "record": "account", "createdAt": account.created_at}
        item = items.encode(fresh | {"photoCount": 0, "bytes": 0})
        written = self._calls.put_new(self._accounts, item, "userId")
        return account if written else self.account(account.user_id)

    def photo(self, photo_id: PhotoId) -> Photo | None:
        item = self._calls.read(self._photos, items.photo_key(photo_id, uploaded_at(photo_id)))
        return items.photo_of(item) if item else None

    def grant(self, photo: Photo, limits: Limits) -> None:
        exceeded = errors.QuotaExceeded(details={"photos": limits.photos, "bytes": limits.bytes})
        if photo.charged > limits.bytes or limits.photos < 1:
            raise exceeded
        room = "(attribute_not_exists(userId) OR (photoCount < :photos AND #bytes <= :room))"
        bounds = {"photos": limits.photos, "room": limits.bytes - photo.charged}
        charge = self._usage(photo.user_id, 1, photo.charged, photo.uploaded_at, condition=room, values=bounds)
        failed = self._calls.transact([self._new(photo), charge])
        if failed:
            raise errors.InvalidToken if "cancelledAt" in failed[1].get("Item", {}) else exceeded

    def rebuild(self, photo: Photo) -> bool:
        charge = self._usage(photo.user_id, int(photo.counted), photo.charged, photo.uploaded_at)
        return not self._calls.transact([self._new(photo), charge])

    def replace(self, before: Photo, after: Photo) -> bool:
        after = after.with_(revision=before.revision + 1)
        old, new = items.photo_item(before), items.photo_item(after, int(self._clock()))
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        # A rating may have come since `before` was read, but never comes after a tombstone.
        sums = {"ratingSum", "ratingCount"} if after.status == "erased" else set()
        removed = [name for name in {**old, **dict.fromkeys(sums)} if name not in new]
        writes = [self._update(before, changed, removed), *self._term_changes(before, after)]
        writes += [*self._entry_changes(before, after), *self._usage_change(before, after)]
        return not self._calls.transact(writes)

    def forget_ratings(self, photo_id: PhotoId) -> int:
        found = self._calls.query(self._ratings, None, ("photoId", photo_id), ("userId", " ", "~"), _FORGOTTEN)
        keys = [{name: row[name] for name in ("photoId", "userId")} for row in found]
        if keys:
            self._calls.transact([{"Delete": {"TableName": self._ratings, "Key": key}} for key in keys])
        return len(keys)

    def remove(self, photo: Photo) -> bool:
        delete = {
            "TableName": self._photos,
            "Key": items.photo_key(photo.photo_id, photo.uploaded_at),
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": {":revision": {"N": str(photo.revision)}},
        }
        gone = photo.with_(status="erased", charged=0)
        return not self._calls.transact([{"Delete": delete}, *self._usage_change(photo, gone)])

    def by_time(
        self,
        listing: Listing,
        limit: int,
        *,
        newest: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        low, high = since or "0", items.just_below(until) if until else "g"
        if after:
            low, high = _beyond(after, low, high, newest=newest)
        if listing.tag:
            return self._by_tag(listing, low, high, limit, newest=newest)
        if low > high:
            return []
        index, name, partition = _time_index(listing)
        span = ("photoId", low, high)
        found = self._calls.query(self._photos, index, (name, partition), span, limit, forward=not newest)
        return [items.photo_of(item) for item in found]

    def by_score(self, listing: Listing, limit: int, *, after: tuple[float, PhotoId] | None = None) -> list[Photo]:
        high = items.just_below(items.score_text(*after)) if after else "9"
        public = listing.scope == "public"
        index, name = ("public-score", "publicKey") if public else ("owner-score", "ownerKey")
        partition = "public" if public else items.owner_partition(listing)
        found = self._calls.query(self._photos, index, (name, partition), ("score", "0", high), limit, forward=False)
        return [items.photo_of(item) for item in found]

    def by_rank(self, listing: Listing, spans: Sequence[Span], limit: int | None = None) -> list[list[Photo]]:
        return list(self._readers.map(lambda span: self._ranked(listing, span, limit), spans))

    def shard_bits(self, listing: Listing) -> int:
        return items.PUBLIC_SHARD_BITS if listing.scope == "public" else 0

    def due(self, now: Timestamp, limit: int) -> list[PhotoId]:
        found: list[PhotoId] = []
        for shard in _DUE_SHARDS:
            wanted = limit - len(found)
            rows = self._calls.query(self._photos, "due", ("dueShard", shard), ("dueAt", "0", now), wanted)
            found += [items.decode(row)["photoId"] for row in rows]
            if len(found) >= limit:
                break
        return found

    def _ranked(self, listing: Listing, span: Span, limit: int | None) -> list[Photo]:
        low, high = items.rank_text(span.low), items.rank_text(span.high)
        if listing.scope == "public":
            index, partition = "public-rank", ("feedShard", items.shard(span.low))
        else:
            index, partition = "owner-rank", ("ownerKey", items.owner_partition(listing))
        found = self._calls.query(self._photos, index, partition, ("rank", low, high), limit)
        return [items.photo_of(item) for item in found]

    def _by_tag(self, listing: Listing, low: str, high: str, limit: int, *, newest: bool) -> list[Photo]:
        index, name, partition = _time_index(listing)
        found: list[Photo] = []
        while low <= high and (wanted := limit - len(found)):
            span = ("photoId", low, high)
            rows = self._calls.query(self._terms, index, (name, partition), span, wanted, forward=not newest)
            ids = [PhotoId(items.decode(row)["photoId"]) for row in rows]
            found += self._whole(listing, ids)
            if len(rows) < wanted:
                break
            low, high = _beyond(ids[-1], low, high, newest=newest)
        return found

    def _whole(self, listing: Listing, ids: list[PhotoId]) -> list[Photo]:
        """The photos of these ids, in this order. The index may lag: those that left the list are left out."""
        keys = [items.photo_key(photo_id, uploaded_at(photo_id)) for photo_id in ids]
        photos = {photo.photo_id: photo for photo in map(items.photo_of, self._calls.read_all(self._photos, keys))}
        return [photos[photo_id] for photo_id in ids if photo_id in photos and listing.holds(photos[photo_id])]

    def _new(self, photo: Photo) -> Write:
        return {
            "Put": {
                "TableName": self._photos,
                "Item": items.photo_item(photo),
                "ConditionExpression": "attribute_not_exists(photoId) OR expiresAt <= :now",
                "ExpressionAttributeValues": {":now": {"N": str(int(self._clock()))}},
            }
        }

    def _update(self, before: Photo, changed: items.Item, removed: list[str]) -> Write:
        names = {f"#{number}": name for number, name in enumerate([*changed, *removed])}
        aliases = list(names)
        sets = ", ".join(f"{alias} = :{alias[1:]}" for alias in aliases[: len(changed)])
        values = {f":{number}": value for number, value in enumerate(changed.values())}
        removes = f" REMOVE {', '.join(aliases[len(changed) :])}" if removed else ""
        return {
            "Update": {
                "TableName": self._photos,
                "Key": items.photo_key(before.photo_id, before.uploaded_at),
                "UpdateExpression": f"SET {sets}{removes}",
                "ConditionExpression": "revision = :before",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values | {":before": {"N": str(before.revision)}},
            }
        }

    def _term_changes(self, before: Photo, after: Photo) -> list[Write]:
        old, new = items.term_items(before), items.term_items(after)
        puts = [{"Put": {"TableName": self._terms, "Item": row}} for key, row in new.items() if old.get(key) != row]
        keys = [{"ownerTerm": {"S": key}, "photoId": {"S": before.photo_id}} for key in old if key not in new]
        return puts + [{"Delete": {"TableName": self._terms, "Key": key}} for key in keys]

    def _entry_changes(self, before: Photo, after: Photo) -> list[Write]:
        old, new = items.entry_items(before), items.entry_items(after)
        writes: list[Write] = []
        for album_id in {album_id for album_id in {**old, **new} if old.get(album_id) != new.get(album_id)}:
            if album_id in new:
                writes.append({"Put": {"TableName": self._entries, "Item": new[album_id]}})
            else:
                key = {"albumId": {"S": album_id}, "photoId": {"S": before.photo_id}}
                writes.append({"Delete": {"TableName": self._entries, "Key": key}})
            count = (album_id in new) - (album_id in old)
            opened = ("openKey" in new.get(album_id, ())) - ("openKey" in old.get(album_id, ()))
            if count or opened:
                writes.append(self._counted(album_id, count, opened, joined=album_id not in before.albums))
        return writes

    def _counted(self, album_id: AlbumId, count: int, opened: int, *, joined: bool) -> Write:
        open_album = " AND attribute_not_exists(deletedAt)" if joined else ""
        return {
            "Update": {
                "TableName": self._albums,
                "Key": items.album_key(album_id),
                "UpdateExpression": "ADD photoCount :count, openCount :opened",
                "ConditionExpression": f"attribute_exists(albumId){open_album}",
                "ExpressionAttributeValues": items.encode({":count": count, ":opened": opened}),
            }
        }

    def _usage_change(self, before: Photo, after: Photo) -> list[Write]:
        count, size = after.counted - before.counted, after.charged - before.charged
        return [self._usage(before.user_id, count, size, before.uploaded_at)] if count or size else []

    def _usage(
        self,
        user_id: UserId,
        count: int,
        size: int,
        created_at: Timestamp,
        *,
        condition: str = "",
        values: dict[str, int] | None = None,
    ) -> Write:
        bound = {f":{name}": value for name, value in (values or {}).items()}
        sent = {":count": count, ":size": size, ":created": created_at, **bound}
        return {
            "Update": {
                "TableName": self._accounts,
                "Key": items.account_key(user_id),
                "UpdateExpression": "ADD photoCount :count, #bytes :size "
                "SET createdAt = if_not_exists(createdAt, :created)",
                "ConditionExpression": " AND ".join(filter(None, ["attribute_not_exists(cancelledAt)", condition])),
                "ExpressionAttributeNames": {"#bytes": "bytes"},
                "ExpressionAttributeValues": items.encode(sent),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _time_index(listing: Listing) -> tuple[str, str, str]:
    """The index that holds a listing in the order of ids, the name of its partition key, and the partition."""
    if listing.tag:
        tag = tag_term(listing.tag)
        if listing.scope == "owner":
            return "owner-tag", "ownerTag", f"{listing.owner}#{tag}"
        if listing.owner:
            return "public-owner-tag", "publicOwnerTag", f"{listing.owner}#{tag}"
        return "public-tag", "publicTag", tag
    if listing.scope != "public":
        return "owner-time", "ownerKey", items.owner_partition(listing)
    if listing.owner:
        return "public-owner-time", "publicOwnerKey", listing.owner
    return "public-time", "publicKey", "public"


def _beyond(after: PhotoId, low: str, high: str, *, newest: bool) -> tuple[str, str]:
    """What is left of a span behind `after`."""
    return (low, min(high, items.just_below(after))) if newest else (max(low, f"{after}0"), high)
