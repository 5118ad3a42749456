"""Random order: return every photo once, in an order that depends only on the seed of the walk.

Each photo has a fixed rank, uniform in 64 bits. A walk cuts the ranks into 2^depth equal buckets, visits the buckets in
the order of a keyed permutation, and sorts each bucket's photos by a keyed hash. The position of a walk is a bucket's
number and the last returned hash, so inserts and deletes elsewhere cannot shift it. This module does no I/O: the caller
passes the reads. `docs/explanation/feed.md` has the proof and the costs.
"""

import math
from hashlib import blake2b
from typing import NamedTuple, Protocol

import msgspec

from chalicelib.domain import permutation
from chalicelib.domain.ids import PhotoId

RANK_BITS = 64
RANKS = 1 << RANK_BITS
MAX_DEPTH = 40
PUBLIC_MIN_DEPTH = 5
"""The `min_depth` of walks through public lists: at least 32 buckets, to spread the reads of many users."""
MIN_PER_BUCKET = 2
_MAX_BATCH = 16
"""The largest number of buckets that are read at once."""
_PRIOR_WEIGHT = 8
"""The expected number of photos per bucket has the weight of eight photos that were read."""
_SCAN_BATCH = 100


class HasId(Protocol):
    """An item that a walk can sort."""

    @property
    def photo_id(self) -> PhotoId:
        """Return the id, which determines the rank and the hash."""


class WalkSizes(NamedTuple):
    """The sizes of the reads of a walk. They follow from the costs of the reads of a store.

    A walk contains each photo exactly once with any sizes. Its cursor contains the sizes that later pages need.
    """

    buckets_per_page: int
    """The largest number of buckets on a page, if the estimate is right. The smallest number is half of it."""
    min_per_bucket: float
    """The smallest expected number of photos per bucket, unless `min_depth` requires more buckets."""
    min_sample: int
    """The smallest number of ranks to estimate the density from."""
    parts: int
    """The number of equal parts of a bucket. A draw of the start reads one of them."""
    spare_slots: int
    """The number of slots of a part beyond the expected number of photos and four standard deviations."""
    draw_batch: int
    """The number of draws that are read at once."""


FEW_QUERIES = WalkSizes(4, MIN_PER_BUCKET, min_sample=7, parts=1, spare_slots=2, draw_batch=2)
"""Sizes for a store that needs a request for each span, however few photos it holds."""
FEW_PHOTOS = WalkSizes(16, 0.75, min_sample=4, parts=6, spare_slots=1, draw_batch=6)
"""Sizes for a store that reads many spans with one request, so most of its costs are for photos."""


class Span(msgspec.Struct, frozen=True):
    """Ranks from `low` to `high`, both included."""

    low: int
    high: int


class Walk(msgspec.Struct, frozen=True, array_like=True):
    """A walk and its position. Earlier pages hold the buckets before `bucket`, and its items up to the hash `after`.

    A walk is a circle. It enters its first bucket after `start_hash`. The items up to `start_hash` come last.
    """

    seed: int
    depth: int
    bucket: int = 0
    after: str = ""
    next_rank: int | None = None
    """If set, the walk continues in the order of ranks, and all ranks below this one have been read."""
    start_bucket: int = 0
    """The number of the walk's first bucket in the permutation."""
    start_hash: str = ""
    per_bucket: float = MIN_PER_BUCKET
    """The expected number of photos per bucket. Each page corrects it. Cursors of older versions do not have it."""

    @property
    def bucket_count(self) -> int:
        """Return the number of buckets."""
        return 1 << self.depth

    @property
    def end(self) -> int:
        """Return the bucket at which the walk ends."""
        return self.bucket_count + bool(self.start_hash)

    def move_to(self, bucket: int, after: str = "") -> "Walk":
        """Return the walk at another position."""
        return msgspec.structs.replace(self, bucket=bucket, after=after)

    def continue_at_rank(self, low: int) -> "Walk":
        """Return the walk after all ranks below `low` were read."""
        return msgspec.structs.replace(self, next_rank=low)

    def correct_estimate(self, found: int, buckets: float) -> "Walk":
        """Correct the expected number of photos per bucket after a read found `found` photos in `buckets` buckets."""
        per_bucket = (found + _PRIOR_WEIGHT) / (buckets + _PRIOR_WEIGHT / self.per_bucket)
        return msgspec.structs.replace(self, per_bucket=per_bucket)


def compute_rank(photo_id: PhotoId) -> int:
    """Return the photo's fixed rank. Ranks are uniform and independent of the upload time."""
    return int.from_bytes(blake2b(photo_id.encode(), digest_size=8, person=b"photo rank").digest())


def find_span(walk: Walk, bucket: int) -> Span:
    """Return the ranks of the walk's bucket with this number."""
    width = RANKS >> walk.depth
    low = permutation.permute((walk.start_bucket + bucket) % walk.bucket_count, walk.depth, walk.seed) * width
    return Span(low, low + width - 1)


class Reader[Item](Protocol):
    """Read an index by rank."""

    def __call__(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """Return for each span its items in the order of their ranks: the first `limit`, or all."""


def read_page[Item: HasId](
    walk: Walk, limit: int, read: Reader[Item], min_depth: int
) -> tuple[list[Item], Walk | None]:
    """Return up to `limit` items after `walk`, and the walk at the start of the next page, or None at the end.

    Several buckets are read at once. The next page reads the surplus again. A page is short if many buckets are empty.
    If all are empty, the walk continues by rank. Near its end, it reads the remaining buckets instead.
    """
    while walk.next_rank is None:
        items, next_walk = _visit_buckets(walk, limit, read)
        if items or next_walk is None:
            return items, next_walk
        walk = next_walk
        if walk.end - walk.bucket > math.isqrt(walk.bucket_count):
            # Near the end, a read by rank would find mostly photos that the walk has already passed.
            break
    return _scan(walk, limit, read, min_depth)


def _visit_buckets[Item: HasId](walk: Walk, limit: int, read: Reader[Item]) -> tuple[list[Item], Walk | None]:
    """Return the next items, bucket by bucket. The list is empty if every bucket read within the limit is empty."""
    items: list[Item] = []
    reads, allowed = 0, 2 * (limit + _MAX_BATCH)
    while walk.bucket < walk.end and reads < allowed:
        count = min(_plan_batch(walk, limit - len(items)), walk.end - walk.bucket)
        reads += count
        buckets = read([find_span(walk, walk.bucket + step) for step in range(count)])
        walk = walk.correct_estimate(sum(map(len, buckets)), count)
        for bucket_items in buckets:
            for key, item in sort_bucket(walk, bucket_items):
                if len(items) == limit:
                    return items, walk
                items.append(item)
                walk = walk.move_to(walk.bucket, key)
            walk = walk.move_to(walk.bucket + 1)
    return items, walk if walk.bucket < walk.end else None


def _scan[Item: HasId](walk: Walk, limit: int, read: Reader[Item], min_depth: int) -> tuple[list[Item], Walk | None]:
    """Return the rest of a walk by rank. If most photos are gone, this takes far fewer reads than by bucket."""
    items: list[Item] = []
    width = RANKS >> min_depth
    low, reads = walk.next_rank or 0, 0
    while low < RANKS and (not items or reads < 2 * _MAX_BATCH):
        reads += 1
        high = (low // width + 1) * width - 1
        (scanned_items,) = read([Span(low, high)], _SCAN_BATCH)
        for item in scanned_items:
            if len(items) == limit:
                return items, walk.continue_at_rank(low)
            low = compute_rank(item.photo_id) + 1
            if _locate_item(walk, item) > (walk.bucket, walk.after):
                items.append(item)
        if len(scanned_items) < _SCAN_BATCH:
            low = high + 1
    return items, walk.continue_at_rank(low) if low < RANKS else None


def _locate_item(walk: Walk, item: HasId) -> tuple[int, str]:
    """Return the bucket and the hash at which the walk reaches this item."""
    number = permutation.unpermute(compute_rank(item.photo_id) >> (RANK_BITS - walk.depth), walk.depth, walk.seed)
    bucket = (number - walk.start_bucket) % walk.bucket_count
    key = compute_sort_hash(walk.seed, item.photo_id)
    return (walk.bucket_count if bucket == 0 and key <= walk.start_hash else bucket), key


def _plan_batch(walk: Walk, missing: int) -> int:
    """Return how many buckets to read at once for `missing` more items."""
    # Read fewer buckets than expected to be necessary, because the next page reads surplus buckets again.
    return min(max(round(0.85 * missing / walk.per_bucket), 1), _MAX_BATCH)


def sort_bucket[Item: HasId](walk: Walk, items: list[Item]) -> list[tuple[str, Item]]:
    """Return the items of the walk's current bucket that it has not passed, sorted by their hash."""
    last = walk.start_hash if walk.bucket == walk.bucket_count else "~"
    keyed = [(compute_sort_hash(walk.seed, item.photo_id), item) for item in items]
    return sorted((pair for pair in keyed if walk.after < pair[0] <= last), key=lambda pair: pair[0])


def compute_sort_hash(seed: int, photo_id: PhotoId) -> str:
    """Return the keyed hash that sorts a bucket."""
    # Sort by keyed hash, not by rank: neighbours in rank would otherwise be in the same order in every walk.
    return blake2b(photo_id.encode(), digest_size=16, key=seed.to_bytes(8)).hexdigest()
