"""Random order: return every photo once, in an order that depends only on the seed of the walk.

Each photo has a fixed rank, uniform in 64 bits. A walk cuts the ranks into 2^depth equal buckets, visits the buckets in
the order of a keyed permutation, and sorts each bucket's photos by a keyed hash. The position of a walk is a bucket's
number and the last returned hash, so inserts and deletes elsewhere cannot shift it. This module does no I/O: the caller
passes the reads. `docs/explanation/feed.md` has the proof and the costs.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

import msgspec

from chalicelib.domain import permutation
from chalicelib.domain.ids import PhotoId

RANK_BITS = 64
RANKS = 1 << RANK_BITS
MAX_DEPTH = 40
PUBLIC_MIN_DEPTH = 5
"""The `min_depth` of walks through public lists: at least 32 buckets, to spread the reads of many users."""
_BUCKETS_PER_PAGE = 5
"""The largest number of buckets on a page, if the estimate is right. The smallest number is half of it."""
_MIN_PER_BUCKET = 2
_MIN_SAMPLE = 7
_MAX_DRAWS = 64
_DRAW_BATCH = 2
_MAX_CANDIDATES = 25
"""The draw ends if its buckets hold this number of photos, because more draws would cost more queries."""
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
    per_bucket: float = _MIN_PER_BUCKET
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

    def correct_estimate(self, found: int, buckets: int) -> "Walk":
        """Correct the expected number of photos per bucket after a read found `found` photos in `buckets` buckets."""
        per_bucket = (found + _PRIOR_WEIGHT) / (buckets + _PRIOR_WEIGHT / self.per_bucket)
        return msgspec.structs.replace(self, per_bucket=per_bucket)


def compute_rank(photo_id: PhotoId) -> int:
    """Return the photo's fixed rank. Ranks are uniform and independent of the upload time."""
    return int.from_bytes(blake2b(photo_id.encode(), digest_size=8, person=b"photo rank").digest())


def choose_sample(random_rank: int, min_depth: int) -> Span:
    """Return the span to estimate the density from: a random rank to the end of one of 2^`min_depth` equal parts."""
    width = RANKS >> min_depth
    part, offset = divmod(random_rank, width)
    return Span(part * width + offset // 2, (part + 1) * width - 1)


def choose_sample_size(limit: int) -> int:
    """Return how many ranks to read for the estimate of the density. The error is 38 % for 7 ranks, 20 % for 25."""
    return max(limit // 2, _MIN_SAMPLE)


def start_walk(seed: int, ranks: Sequence[int], sample: Span, limit: int, min_depth: int) -> Walk:
    """Return the start of a walk whose buckets hold a fifth to two fifths of a page of `limit` photos.

    The depth is at least `min_depth`. Unless this requires smaller buckets, a bucket holds at least two photos. `ranks`
    are the lowest ranks in `sample`, at most `choose_sample_size(limit)`.
    """
    is_full = len(ranks) == choose_sample_size(limit)
    width = (ranks[-1] if is_full else sample.high) - sample.low + 1
    # The gap up to the k-th point of a Poisson process is gamma-distributed: (k - 1) / gap is the unbiased density.
    estimate = (len(ranks) - is_full) * RANKS / width
    # Small buckets cost reads. Large buckets repeat more pairs of photos.
    smallest = max(limit / _BUCKETS_PER_PAGE, _MIN_PER_BUCKET)
    depth = min(max(math.floor(math.log2(max(estimate / smallest, 1))), min_depth), MAX_DEPTH)
    return Walk(seed, depth, per_bucket=max(estimate / 2**depth, _MIN_PER_BUCKET))


def find_span(walk: Walk, bucket: int) -> Span:
    """Return the ranks of the walk's bucket with this number."""
    width = RANKS >> walk.depth
    low = permutation.permute((walk.start_bucket + bucket) % walk.bucket_count, walk.depth, walk.seed) * width
    return Span(low, low + width - 1)


class Reader[Item](Protocol):
    """Read an index by rank."""

    def __call__(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """Return for each span its items in the order of their ranks: the first `limit`, or all."""


def read_first_page[Item: HasId](
    walk: Walk, limit: int, read: Reader[Item], min_depth: int = 0
) -> tuple[list[Item], Walk | None]:
    """Return the first page of a new walk, and the walk after it, or None at the end.

    If every walk began with a whole bucket, first pages would show photos of crowded buckets less often. So a walk is a
    circle that can start at any of its items.
    """
    cached_read = _cache_reads(read)
    return read_page(_draw_start(walk, cached_read), limit, cached_read, min_depth)


def read_page[Item: HasId](
    walk: Walk, limit: int, read: Reader[Item], min_depth: int = 0
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


def _draw_start[Item: HasId](walk: Walk, read: Reader[Item]) -> Walk:
    """Return the walk with a start that is drawn uniformly from its items.

    Rejection sampling: draw a random slot of a random bucket until it holds an item (von Neumann, "Various Techniques
    Used in Connection With Random Digits", 1951).
    """
    # The number of photos in a bucket varies by the square root of its mean. Few buckets have more photos than slots.
    slots = round(walk.per_bucket + 4 * math.sqrt(walk.per_bucket)) + 2
    buckets: dict[int, list[Item]] = {}
    for first in range(0, _MAX_DRAWS, _DRAW_BATCH):
        drawn = [_draw(walk, number) for number in range(first, first + _DRAW_BATCH)]
        for (bucket, number), items in zip(drawn, read([find_span(walk, bucket) for bucket, _ in drawn]), strict=True):
            slot = number % max(slots, len(items))
            if slot < len(items):
                return _begin_walk_at(walk, bucket, slot, items)
            buckets[bucket] = items
        if sum(map(len, buckets.values())) >= _MAX_CANDIDATES:
            break
    else:
        if walk.bucket_count > _MAX_DRAWS:
            return walk
        # The walk has few buckets, and nearly all of them have been read.
        numbers = range(walk.bucket_count)
        buckets = dict(zip(numbers, read([find_span(walk, bucket) for bucket in numbers]), strict=True))
    candidates = [(bucket, slot, items) for bucket, items in buckets.items() for slot in range(len(items))]
    return _begin_walk_at(walk, *candidates[_draw(walk, _MAX_DRAWS)[1] % len(candidates)]) if candidates else walk


def _begin_walk_at[Item: HasId](walk: Walk, bucket: int, slot: int, items: list[Item]) -> Walk:
    start_hash = _sort_bucket(walk, items)[slot - 1][0] if slot else ""
    return msgspec.structs.replace(walk, after=start_hash, start_bucket=bucket, start_hash=start_hash)


def _draw(walk: Walk, draw: int) -> tuple[int, int]:
    """Return a random bucket, and a random number that chooses one of its slots."""
    bits = int.from_bytes(blake2b(draw.to_bytes(4), digest_size=16, key=walk.seed.to_bytes(8)).digest())
    return bits % walk.bucket_count, bits >> RANK_BITS


def _cache_reads[Item](read: Reader[Item]) -> Reader[Item]:
    """Return a `read` that reads no span twice. The first page needs the bucket that the draw of the start has read."""
    known: dict[Span, list[Item]] = {}

    def cached_read(spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        if limit is not None:
            return read(spans, limit)
        unread = [span for span in dict.fromkeys(spans) if span not in known]
        known.update(zip(unread, read(unread), strict=True))
        return [known[span] for span in spans]

    return cached_read


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
            for key, item in _sort_bucket(walk, bucket_items):
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


def _sort_bucket[Item: HasId](walk: Walk, items: list[Item]) -> list[tuple[str, Item]]:
    last = walk.start_hash if walk.bucket == walk.bucket_count else "~"
    keyed = [(compute_sort_hash(walk.seed, item.photo_id), item) for item in items]
    return sorted((pair for pair in keyed if walk.after < pair[0] <= last), key=lambda pair: pair[0])


def compute_sort_hash(seed: int, photo_id: PhotoId) -> str:
    """Return the keyed hash that sorts a bucket."""
    # Sort by keyed hash, not by rank: neighbours in rank would otherwise be in the same order in every walk.
    return blake2b(photo_id.encode(), digest_size=16, key=seed.to_bytes(8)).hexdigest()
