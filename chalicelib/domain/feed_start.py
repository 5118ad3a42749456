"""Start a walk in random order: choose its depth, and draw the photo at which it starts.

`docs/explanation/feed.md` has the reasons and the measured evenness.
"""

import math
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

import msgspec

from chalicelib.domain import permutation
from chalicelib.domain.feed import (
    MAX_DEPTH,
    RANK_BITS,
    RANKS,
    HasId,
    Reader,
    Span,
    Walk,
    WalkSizes,
    find_span,
    read_page,
    sort_bucket,
)

_MAX_DRAWS = 64
_ENOUGH_CANDIDATES = 25
"""The draw ends if its buckets hold this number of photos, because more draws would cost more queries."""


def choose_sample(random_rank: int, min_depth: int) -> Span:
    """Return the span to estimate the density from: a random rank to the end of one of 2^`min_depth` equal parts."""
    width = RANKS >> min_depth
    part, offset = divmod(random_rank, width)
    return Span(part * width + offset // 2, (part + 1) * width - 1)


def choose_sample_size(limit: int, sizes: WalkSizes) -> int:
    """Return how many ranks to read for the estimate of the density. The error is 38 % for 7 ranks, 20 % for 25."""
    return max(2 * limit // sizes.buckets_per_page, sizes.min_sample)


def start_walk(seed: int, ranks: Sequence[int], sample: Span, limit: int, min_depth: int, sizes: WalkSizes) -> Walk:
    """Return the start of a walk. Its depth is at least `min_depth`.

    A page of `limit` photos has about `sizes.buckets_per_page` buckets, or as few as half of it. `ranks` are the lowest
    ranks in `sample`, at most `choose_sample_size(limit, sizes)`.
    """
    is_full = len(ranks) == choose_sample_size(limit, sizes)
    width = (ranks[-1] if is_full else sample.high) - sample.low + 1
    # The gap up to the k-th point of a Poisson process is gamma-distributed: (k - 1) / gap is the unbiased density.
    estimate = (len(ranks) - is_full) * RANKS / width
    # Small buckets cost reads. Large buckets repeat more pairs of photos.
    smallest = max(limit / sizes.buckets_per_page, sizes.min_per_bucket)
    depth = min(max(math.floor(math.log2(max(estimate / smallest, 1))), min_depth), MAX_DEPTH)
    return Walk(seed, depth, per_bucket=max(estimate / 2**depth, sizes.min_per_bucket))


def read_first_page[Item: HasId](
    walk: Walk, limit: int, read: Reader[Item], min_depth: int, sizes: WalkSizes
) -> tuple[list[Item], Walk | None]:
    """Return the first page of a new walk, and the walk after it, or None at the end.

    If every walk began with a whole bucket, first pages would show photos of crowded buckets less often. So a walk is a
    circle that can start at any of its items.
    """
    cached_read = _cache_reads(read)
    return read_page(_draw_start(walk, limit, cached_read, min_depth, sizes), limit, cached_read, min_depth)


def _draw_start[Item: HasId](walk: Walk, limit: int, read: Reader[Item], min_depth: int, sizes: WalkSizes) -> Walk:
    """Return the walk with a start that is drawn uniformly from its items."""
    start = _find_start(walk, read, sizes)
    if not start:
        return walk
    bucket, key, others = start
    part = find_span(walk, bucket).low >> (RANK_BITS - walk.depth)
    walk = walk.correct_estimate(sum(others), len(others) / sizes.parts)
    if limit > sizes.buckets_per_page * walk.per_bucket and walk.depth > min_depth:
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


class _Part(NamedTuple):
    """One of the equal parts of a bucket."""

    bucket: int
    number: int

    def find_span(self, walk: Walk, sizes: WalkSizes) -> Span:
        """Return the ranks of this part."""
        width = RANKS >> walk.depth
        low = find_span(walk, self.bucket).low
        return Span(low + self.number * width // sizes.parts, low + (self.number + 1) * width // sizes.parts - 1)


def _find_start[Item: HasId](walk: Walk, read: Reader[Item], sizes: WalkSizes) -> _Start | None:
    """Draw an item uniformly, or return None if no item was found.

    Rejection sampling: draw a random slot of a random part of a bucket until it holds an item (von Neumann, "Various
    Techniques Used in Connection With Random Digits", 1951).
    """
    expected = walk.per_bucket / sizes.parts
    # The number of photos in a part varies by the square root of its mean. Few parts have more photos than slots.
    slots = round(expected + 4 * math.sqrt(expected)) + sizes.spare_slots
    parts: dict[_Part, list[Item]] = {}
    has_few_buckets = walk.bucket_count <= _MAX_DRAWS
    draws = _MAX_DRAWS if has_few_buckets else _MAX_DRAWS * sizes.parts
    for first in range(0, draws, sizes.draw_batch):
        drawn = [_draw(walk, number, sizes) for number in range(first, first + sizes.draw_batch)]
        spans = [part.find_span(walk, sizes) for part, _ in drawn]
        parts.update(zip([part for part, _ in drawn], read(spans), strict=True))
        for part, number in drawn:
            items = parts[part]
            slot = number % max(slots, len(items))
            if slot < len(items):
                others = [len(found) for other, found in parts.items() if other != part]
                return _Start(part.bucket, sort_bucket(walk, items)[slot][0], others)
        if sum(map(len, parts.values())) >= _ENOUGH_CANDIDATES:
            break
    else:
        if not has_few_buckets:
            return None
        # The start is chosen among all photos, so all have the same probability after any number of draws.
        whole = [_Part(bucket, number) for bucket in range(walk.bucket_count) for number in range(sizes.parts)]
        parts = dict(zip(whole, read([part.find_span(walk, sizes) for part in whole]), strict=True))
    return _choose_candidate(walk, parts, sizes)


def _choose_candidate[Item: HasId](walk: Walk, parts: dict[_Part, list[Item]], sizes: WalkSizes) -> _Start | None:
    """Choose any item of these parts of buckets with equal probability."""
    candidates = [(part.bucket, key) for part, items in parts.items() for key, _ in sort_bucket(walk, items)]
    if not candidates:
        return None
    bucket, key = candidates[_draw(walk, _MAX_DRAWS * sizes.parts, sizes)[1] % len(candidates)]
    return _Start(bucket, key, [len(items) for items in parts.values()])


def _draw(walk: Walk, draw: int, sizes: WalkSizes) -> tuple[_Part, int]:
    """Return a random part of a random bucket, and a random number that chooses one of its slots."""
    bits = int.from_bytes(blake2b(draw.to_bytes(4), digest_size=16, key=walk.seed.to_bytes(8)).digest())
    bits, number = divmod(bits, sizes.parts)
    return _Part(bits % walk.bucket_count, number), bits >> RANK_BITS


def _cache_reads[Item](read: Reader[Item]) -> Reader[Item]:
    """Return a `read` that reads no rank twice. The first page needs the bucket in which the start was drawn."""
    known: dict[Span, list[Item]] = {}

    def cached_read(spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        if limit is not None:
            return read(spans, limit)
        pieces = [_divide(span, known) for span in spans]
        unread = [piece for piece in dict.fromkeys(chain(*pieces)) if piece not in known]
        known.update(zip(unread, read(unread), strict=True))
        return [[*chain.from_iterable(known[piece] for piece in row)] for row in pieces]

    return cached_read


def _divide(span: Span, known: Iterable[Span]) -> list[Span]:
    """Return the known spans within a span, and the spans between them."""
    pieces, low = list[Span](), span.low
    for inner in sorted((inner for inner in known if span.low <= inner.low <= inner.high <= span.high), key=_get_order):
        if inner.low > low:
            pieces.append(Span(low, inner.low - 1))
        if inner.low >= low:
            pieces.append(inner)
            low = inner.high + 1
    return [*pieces, Span(low, span.high)] if low <= span.high else pieces


def _get_order(span: Span) -> tuple[int, int]:
    """Return a sort key that puts a span before the spans within it."""
    return span.low, -span.high
