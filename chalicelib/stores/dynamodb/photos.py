"""The store on DynamoDB. `resources.yaml` has the tables; `items` has what a row looks like."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, IdempotencyRecord, Limits
from chalicelib.domain.feed import Span
from chalicelib.domain.ids import PhotoId, Timestamp, UserId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo, tag_term
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import entries, items, photo_rows, repeats, usage
from chalicelib.stores.dynamodb.calls import Calls, Write, update

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
        item = self._calls.read(self._photos, items.photo_key(photo_id))
        return items.photo_of(item) if item else None

    def grant(self, photo: Photo, limits: Limits, record: IdempotencyRecord | None = None) -> bool:
        exceeded = errors.QuotaExceeded(details={"photos": limits.photos, "bytes": limits.bytes})
        if photo.charged > limits.bytes or limits.photos < 1:
            raise exceeded
        room = "(attribute_not_exists(userId) OR (photoCount < :photos AND #bytes <= :room))"
        bounds = {"photos": limits.photos, "room": limits.bytes - photo.charged}
        charge = usage.charge(self._accounts, photo, 1, photo.charged, condition=room, values=bounds)
        kept = [repeats.put(self._accounts, record, self._clock())] if record else []
        failed = self._calls.transact([self._new(photo), charge, *kept])
        # First: a repeat may well find no room beside what it repeats.
        if kept and failed and failed[2].get("Code") == "ConditionalCheckFailed":
            return False
        if failed:
            raise errors.InvalidToken if "cancelledAt" in failed[1].get("Item", {}) else exceeded
        return True

    def rebuild(self, photo: Photo) -> bool:
        charge = usage.charge(self._accounts, photo, int(photo.counted), photo.charged)
        return not self._calls.transact([self._new(photo), charge])

    def replace(self, before: Photo, after: Photo) -> bool:
        wanted: Photo | None = after.with_(revision=before.revision + 1)
        while wanted:
            writes = [self._update(before, wanted), *self._derived_changes(before, wanted)]
            failed = self._calls.transact(writes)
            if not failed:
                return True
            wanted = entries.corrected(wanted, writes, failed)
        return False

    def forget_ratings(self, photo_id: PhotoId) -> int:
        found = self._calls.query(self._ratings, None, ("photoId", photo_id), ("userId", " ", "~"), _FORGOTTEN)
        keys = [{name: row[name] for name in ("photoId", "userId")} for row in found]
        if keys:
            self._calls.transact([{"Delete": {"TableName": self._ratings, "Key": key}} for key in keys])
        return len(keys)

    def remove(self, photo: Photo) -> bool:
        delete = {
            "TableName": self._photos,
            "Key": items.photo_key(photo.photo_id),
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": {":revision": {"N": str(photo.revision)}},
        }
        gone = photo.with_(status="erased", charged=0)
        return not self._calls.transact([{"Delete": delete}, *self._derived_changes(photo, gone)])

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
            rows = self._calls.query(self._photos, "due", ("dueShard", shard), ("sweepAt", "0", now), wanted)
            found += [items.decode(row)["photoId"] for row in rows]
            if len(found) >= limit:
                break
        return found

    def postpone(self, photo_ids: Sequence[PhotoId], until: Timestamp) -> None:
        for photo_id in photo_ids:
            update = {
                "TableName": self._photos,
                "Key": items.photo_key(photo_id),
                "UpdateExpression": "SET sweepAt = :until",
                "ConditionExpression": "sweepAt < :until",
                "ExpressionAttributeValues": {":until": {"S": until}},
            }
            self._calls.transact([{"Update": update}])

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
        found = photo_rows.read(self._calls, self._photos, ids)
        return [found[photo_id] for photo_id in ids if photo_id in found and listing.holds(found[photo_id])]

    def _new(self, photo: Photo) -> Write:
        return {
            "Put": {
                "TableName": self._photos,
                "Item": items.photo_item(photo),
                "ConditionExpression": "attribute_not_exists(photoId) OR expiresAt <= :now",
                "ExpressionAttributeValues": {":now": {"N": str(int(self._clock()))}},
            }
        }

    def _update(self, before: Photo, after: Photo) -> Write:
        old, new = items.photo_item(before), items.photo_item(after, int(self._clock()))
        if after.status == "erased":
            # A rating may have come since `before` was read, but never comes after a tombstone.
            old = dict.fromkeys(("ratingSum", "ratingCount")) | old
        return update(self._photos, items.photo_key(before.photo_id), old, new, revision=before.revision)

    def _derived_changes(self, before: Photo, after: Photo) -> list[Write]:
        return [
            *self._term_changes(before, after),
            *entries.changes(self._entries, self._albums, before, after),
            *repeats.changes(self._accounts, before, after),
            *self._usage_change(before, after),
        ]

    def _term_changes(self, before: Photo, after: Photo) -> list[Write]:
        old, new = items.term_items(before), items.term_items(after)
        puts = [{"Put": {"TableName": self._terms, "Item": row}} for key, row in new.items() if old.get(key) != row]
        keys = [{"ownerTerm": {"S": key}, "photoId": {"S": before.photo_id}} for key in old if key not in new]
        return puts + [{"Delete": {"TableName": self._terms, "Key": key}} for key in keys]

    def _usage_change(self, before: Photo, after: Photo) -> list[Write]:
        count, size = after.counted - before.counted, after.charged - before.charged
        return [usage.charge(self._accounts, before, count, size)] if count or size else []


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
