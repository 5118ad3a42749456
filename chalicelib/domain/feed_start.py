"""Start a walk in random order: choose its depth, and draw the photo at which it starts.

`docs/explanation/feed.md` has the reasons and the measured evenness.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from chalicelib.domain import permutation
from chalicelib.domain.feed import (
    MAX_DEPTH,
    MIN_PER_BUCKET,
    RANK_BITS,
    RANKS,
    HasId,
    Reader,
    Span,
    Walk,
    find_span,
    read_page,
    sort_bucket,
)

_BUCKETS_PER_PAGE = 4
"""The largest number of buckets on a page, if the estimate is right. The smallest number is half of it."""
_MIN_SAMPLE = 7
_MAX_DRAWS = 64
_DRAW_BATCH = 2
_MIN_DRAWS = 4
_ENOUGH_CANDIDATES = 25
"""The draw ends if its buckets hold this number of photos, because more draws would cost more queries."""


def choose_sample(random_rank: int, min_depth: int) -> Span:
    """Return the span to estimate the density from: a random rank to the end of one of 2^`min_depth` equal parts."""
    width = RANKS >> min_depth
    part, offset = divmod(random_rank, width)
    return Span(part * width + offset // 2, (part + 1) * width - 1)


def choose_sample_size(limit: int) -> int:
    """Return how many ranks to read for the estimate of the density. The error is 38 % for 7 ranks, 20 % for 25."""
    return max(limit // 2, _MIN_SAMPLE)


def start_walk(seed: int, ranks: Sequence[int], sample: Span, limit: int, min_depth: int) -> Walk:
    """Return the start of a walk whose buckets hold a quarter to a half of a page of `limit` photos.

    The depth is at least `min_depth`. Unless this requires smaller buckets, a bucket holds at least two photos. `ranks`
    are the lowest ranks in `sample`, at most `choose_sample_size(limit)`.
    """
    is_full = len(ranks) == choose_sample_size(limit)
    width = (ranks[-1] if is_full else sample.high) - sample.low + 1
    # The gap up to the k-th point of a Poisson process is gamma-distributed: (k - 1) / gap is the unbiased density.
    estimate = (len(ranks) - is_full) * RANKS / width
    # Small buckets cost reads. Large buckets repeat more pairs of photos.
    smallest = max(limit / _BUCKETS_PER_PAGE, MIN_PER_BUCKET)
    depth = min(max(math.floor(math.log2(max(estimate / smallest, 1))), min_depth), MAX_DEPTH)
    return Walk(seed, depth, per_bucket=max(estimate / 2**depth, MIN_PER_BUCKET))


def read_first_page[Item: HasId](
    walk: Walk, limit: int, read: Reader[Item], min_depth: int = 0
) -> tuple[list[Item], Walk | None]:
    """Return the first page of a new walk, and the walk after it, or None at the end.

    If every walk began with a whole bucket, first pages would show photos of crowded buckets less often. So a walk is a
    circle that can start at any of its items.
    """
    cached_read = _cache_reads(read)
    return read_page(_draw_start(walk, limit, cached_read, min_depth), limit, cached_read, min_depth)


def _draw_start[Item: HasId](walk: Walk, limit: int, read: Reader[Item], min_depth: int) -> Walk:
    """Return the walk with a start that is drawn uniformly from its items."""
    start = _find_start(walk, read)
    if not start:
        return walk
    bucket, key, others = start
    part = find_span(walk, bucket).low >> (RANK_BITS - walk.depth)
    walk = walk.correct_estimate(sum(others), len(others))
    if limit > _BUCKETS_PER_PAGE * walk.per_bucket and walk.depth > min_depth:
        # The density was overestimated, so a page would need many queries.
        walk = msgspec.structs.replace(walk, depth=walk.depth - 1, per_bucket=2 * walk.per_bucket)
        bucket = permutation.unpermute(part >> 1, walk.depth, walk.seed)
    (items,) = read([find_span(walk, bucket)])
    # The page reads this bucket first. Its items improve the number of buckets to read with it.
    walk = walk.correct_estimate(len(items), 1)
    start_hash = max((other for other, _ in sort_bucket(walk, items) if other < key), default="")
    return msgspec.structs.replace(walk, after=start_hash, start_bucket=bucket, start_hash=start_hash)


class _Start(NamedTuple):
    bucket: int
    key: str
    """The hash of the item at which the walk starts."""
    others: list[int]
    """The numbers of items in other drawn buckets. They do not depend on the start."""


def _find_start[Item: HasId](walk: Walk, read: Reader[Item]) -> _Start | None:
    """Draw an item uniformly, or return None if no item was found.

    Rejection sampling: draw a random slot of a random bucket until it holds an item (von Neumann, "Various Techniques
    Used in Connection With Random Digits", 1951).
    """
    # The number of photos in a bucket varies by the square root of its mean. Few buckets have more photos than slots.
    slots = round(walk.per_bucket + 4 * math.sqrt(walk.per_bucket)) + 2
    enough_draws = max(2 * _ENOUGH_CANDIDATES / walk.per_bucket, _MIN_DRAWS)
    buckets: dict[int, list[Item]] = {}
    for first in range(0, _MAX_DRAWS, _DRAW_BATCH):
        drawn = [_draw(walk, number) for number in range(first, first + _DRAW_BATCH)]
        spans = [find_span(walk, bucket) for bucket, _ in drawn]
        buckets.update(zip([bucket for bucket, _ in drawn], read(spans), strict=True))
        for bucket, number in drawn:
            items = buckets[bucket]
            slot = number % max(slots, len(items))
            if slot < len(items):
                others = [len(found) for other, found in buckets.items() if other != bucket]
                return _Start(bucket, sort_bucket(walk, items)[slot][0], others)
        found = sum(map(len, buckets.values()))
        if found >= _ENOUGH_CANDIDATES or (found and first + _DRAW_BATCH >= enough_draws):
            break
    else:
        if walk.bucket_count > _MAX_DRAWS:
            return None
        # The walk has few buckets, and nearly all of them have been read.
        numbers = range(walk.bucket_count)
        buckets = dict(zip(numbers, read([find_span(walk, bucket) for bucket in numbers]), strict=True))
    return _choose_candidate(walk, buckets)


def _choose_candidate[Item: HasId](walk: Walk, buckets: dict[int, list[Item]]) -> _Start | None:
    """Choose any item of these buckets with equal probability."""
    candidates = [(bucket, key) for bucket, items in buckets.items() for key, _ in sort_bucket(walk, items)]
    if not candidates:
        return None
    bucket, key = candidates[_draw(walk, _MAX_DRAWS)[1] % len(candidates)]
    return _Start(bucket, key, [len(items) for items in buckets.values()])


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
