"""Photos on DynamoDB. `resources.yaml` declares the tables, and `items` shows what a row looks like."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord, Limits
from chalicelib.domain.feed import FEW_QUERIES, Span
from chalicelib.domain.ids import PhotoId, Timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import entries, idempotency, items, months, photo_rows, term_rows, usage
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write, build_update
from chalicelib.stores.dynamodb.tags import TagRows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READERS = 16
_RATINGS_PER_CALL = 100


class DynamoPhotoStore:
    """`PhotoStore` on the tables that `Settings` names."""

    walk_sizes = FEW_QUERIES

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._photos, self._accounts = settings.photo_table, settings.account_table
        self._ratings, self._terms = settings.rating_table, settings.term_table
        self._albums, self._entries = settings.album_table, settings.entry_table
        self._tags = TagRows(self._calls, self._photos, self._terms, settings.old_term_table)

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "dynamodb")

    def get_photo(self, photo_id: PhotoId) -> Photo | None:
        item = self._calls.read(self._photos, items.build_photo_key(photo_id))
        return items.decode_photo(item) if item else None

    def add_pending(self, photo: Photo, limits: Limits, record: IdempotencyRecord | None = None) -> bool:
        quota_error = errors.QuotaExceeded(details={"photos": limits.photos, "bytes": limits.bytes})
        if photo.charged_bytes > limits.bytes or limits.photos < 1:
            raise quota_error
        has_room = "(attribute_not_exists(userId) OR (photoCount < :photos AND #bytes <= :room))"
        bounds = {"photos": limits.photos, "room": limits.bytes - photo.charged_bytes}
        charge = usage.build_charge(self._accounts, photo, 1, photo.charged_bytes, condition=has_room, values=bounds)
        records = [idempotency.build_put(self._accounts, record, self._clock())] if record else []
        reasons = self._calls.transact([self._build_put(photo), charge, *records])
        if idempotency.is_key_taken(reasons, 2):
            return False
        if reasons:
            raise errors.InvalidToken if "cancelledAt" in reasons[1].get("Item", {}) else quota_error
        return True

    def rebuild(self, photo: Photo) -> bool:
        # The ratings of a lost photo survive, and no new ones arrive before the photo exists again.
        rows = self._calls.query(self._build_rating_range(photo.photo_id), None, consistent=True)
        given = [int(row["rating"]["N"]) for row in rows]
        photo = photo.with_(rating_sum=sum(given), rating_count=len(given))
        charge = usage.build_charge(self._accounts, photo, int(photo.counted), photo.charged_bytes)
        return not self._calls.transact([self._build_put(photo), charge])

    def replace(self, before: Photo, after: Photo) -> bool:
        target: Photo | None = after.with_(revision=before.revision + 1, outdated_taken_key=None)
        while target:
            writes = [self._build_update(before, target), *self._build_derived_writes(before, target)]
            reasons = self._calls.transact(writes)
            if not reasons:
                return True
            target = entries.adapt_to_albums(target, writes, reasons)
        return False

    def delete_ratings(self, photo_id: PhotoId) -> int:
        rows = self._calls.query(self._build_rating_range(photo_id), _RATINGS_PER_CALL)
        keys = [{name: row[name] for name in ("photoId", "userId")} for row in rows]
        if keys:
            self._calls.transact([{"Delete": {"TableName": self._ratings, "Key": key}} for key in keys])
        return len(keys)

    def remove(self, photo: Photo) -> bool:
        delete = {
            "TableName": self._photos,
            "Key": items.build_photo_key(photo.photo_id),
            "ConditionExpression": "revision = :revision",
            "ExpressionAttributeValues": {":revision": {"N": str(photo.revision)}},
        }
        erased_photo = photo.with_(status="erased", charged_bytes=0, outdated_taken_key=None)
        return not self._calls.transact([{"Delete": delete}, *self._build_derived_writes(photo, erased_photo)])

    def get_photos(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        return photo_rows.read(self._calls, self._photos, photo_ids)

    def list_by_time(
        self,
        listing: Listing,
        limit: int,
        *,
        newest_first: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        if listing.tag:
            raise ValueError("Use `list_by_tag` for a listing with a tag.")
        ids = photo_rows.build_id_range(since, until, after, newest_first=newest_first)
        if ids.is_empty:
            return []
        index, partition = _choose_time_index(listing)
        keys = KeyRange(self._photos, partition, ("photoId", ids.low, ids.high), index)
        return [items.decode_photo(item) for item in self._calls.query(keys, limit, forward=not newest_first)]

    def list_by_tag(
        self,
        listing: Listing,
        limit: int,
        *,
        newest_first: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        return self._tags.list_by_id(
            listing,
            photo_rows.build_id_range(since, until, after, newest_first=newest_first),
            limit,
            newest_first=newest_first,
        )

    def list_by_score(self, listing: Listing, limit: int, *, after: tuple[float, PhotoId] | None = None) -> list[Photo]:
        high = items.get_key_below(items.encode_score(*after)) if after else "9"
        public = listing.scope == "public"
        partition = ("publicKey", "public") if public else ("ownerKey", items.choose_owner_partition(listing))
        keys = KeyRange(self._photos, partition, ("score", "0", high), "public-score" if public else "owner-score")
        return [items.decode_photo(item) for item in self._calls.query(keys, limit, forward=False)]

    def list_by_rank(self, listing: Listing, spans: Sequence[Span], limit: int | None = None) -> list[list[Photo]]:
        return list(self._readers.map(lambda span: self._read_span(listing, span, limit), spans))

    def list_due(self, now: Timestamp, limit: int) -> list[PhotoId]:
        photo_ids: list[PhotoId] = []
        for shard in items.DUE_SHARDS:
            remaining = limit - len(photo_ids)
            keys = KeyRange(self._photos, ("dueShard", shard), ("sweepAt", "0", now), "due")
            photo_ids += [items.decode(row)["photoId"] for row in self._calls.query(keys, remaining)]
            if len(photo_ids) >= limit:
                break
        return photo_ids

    def postpone(self, photo_ids: Sequence[PhotoId], until: Timestamp) -> None:
        for photo_id in photo_ids:
            update = {
                "TableName": self._photos,
                "Key": items.build_photo_key(photo_id),
                "UpdateExpression": "SET sweepAt = :until",
                "ConditionExpression": "sweepAt < :until",
                "ExpressionAttributeValues": {":until": {"S": until}},
            }
            self._calls.transact([{"Update": update}])

    def _build_rating_range(self, photo_id: PhotoId) -> KeyRange:
        return KeyRange(self._ratings, ("photoId", photo_id), ("userId", " ", "~"))

    def _read_span(self, listing: Listing, span: Span, limit: int | None) -> list[Photo]:
        photos: list[Photo] = []
        for keys in self._iterate_rank_ranges(listing, span):
            remaining = None if limit is None else limit - len(photos)
            if remaining == 0:
                break
            photos += map(items.decode_photo, self._calls.query(keys, remaining))
        return photos

    def _iterate_rank_ranges(self, listing: Listing, span: Span) -> Iterator[KeyRange]:
        """Yield the key ranges that hold a span, in the order of ranks."""
        if listing.scope != "public":
            partition = ("ownerKey", items.choose_owner_partition(listing))
            yield KeyRange(self._photos, partition, items.build_rank_range(span), "owner-rank")
            return
        for shard, part in items.split_by_shard(span):
            yield KeyRange(self._photos, ("feedShard", shard), items.build_rank_range(part), "public-rank")

    def _build_put(self, photo: Photo) -> Write:
        # A photo that does not expire has no `expiresAt`, so the second comparison is false. AWS contract DDB-17.
        return {
            "Put": {
                "TableName": self._photos,
                "Item": items.encode_photo(photo),
                "ConditionExpression": "attribute_not_exists(photoId) OR expiresAt <= :now",
                "ExpressionAttributeValues": {":now": {"N": str(int(self._clock()))}},
            }
        }

    def _build_update(self, before: Photo, after: Photo) -> Write:
        old, new = items.encode_photo(before), items.encode_photo(after, int(self._clock()))
        if after.status == "erased":
            # A rating may have arrived since `before` was read. A tombstone gets no ratings.
            old = dict.fromkeys(("ratingSum", "ratingCount")) | old
        return build_update(self._photos, items.build_photo_key(before.photo_id), old, new, revision=before.revision)

    def _build_derived_writes(self, before: Photo, after: Photo) -> list[Write]:
        return [
            *term_rows.build_writes(self._terms, before, after),
            *entries.build_writes(self._entries, self._albums, before, after),
            *idempotency.build_writes(self._accounts, before, after),
            *months.build_writes(self._accounts, before, after),
            *self._build_usage_writes(before, after),
        ]

    def _build_usage_writes(self, before: Photo, after: Photo) -> list[Write]:
        count, size = after.counted - before.counted, after.charged_bytes - before.charged_bytes
        return [usage.build_charge(self._accounts, before, count, size)] if count or size else []


def _choose_time_index(listing: Listing) -> tuple[str, tuple[str, str]]:
    """Return the index that holds a listing in the order of ids, and the name and value of its partition key there."""
    if listing.scope != "public":
        return "owner-time", ("ownerKey", items.choose_owner_partition(listing))
    if listing.owner:
        return "public-owner-time", ("publicOwnerKey", listing.owner)
    return "public-time", ("publicKey", "public")
