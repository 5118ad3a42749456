"""Random order: return every photo once, in an order that depends only on the seed of the walk.

Each photo has a fixed rank, uniform in 64 bits. A walk cuts the ranks into 2^depth equal buckets, visits the buckets in
the order of a keyed permutation, and sorts each bucket's photos by a keyed hash. The position of a walk is a bucket's
number and the last returned hash, so inserts and deletes elsewhere cannot shift it. Pure: the caller passes the reads.
`docs/explanation/feed.md` has the proof and the costs.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

import msgspec

from chalicelib.domain.ids import PhotoId

RANK_BITS = 64
RANKS = 1 << RANK_BITS
MAX_DEPTH = 40
PUBLIC_MIN_DEPTH = 5
"""The `min_depth` of walks through public lists: at least 32 buckets, to spread the reads of many users."""
SAMPLE = 7
"""Ranks that the first page reads to estimate the density. The error is about 40 %, or half a unit of depth."""
_SLOTS = 10
"""Slots per bucket when a walk draws its start. Photos fill the first slots. Few buckets have more photos."""
_DRAWS = 64
"""The largest number of draws. On average, the fifth draw finds a photo."""
_DRAWN_AT_ONCE = 4
_ROUNDS = 6
_WAVE = 16
"""The largest number of buckets that are read at once."""
_PER_BUCKET, _WEIGHT = 2, 4
"""The expected number of photos per bucket, which counts as much as four buckets that were read."""
_SWEEP_LIMIT = 100


class HasId(Protocol):
    """An item that a walk can sort."""

    @property
    def photo_id(self) -> PhotoId:
        """Return the id, which determines the rank and the hash."""


class Span(msgspec.Struct, frozen=True):
    """Ranks from `low` to `high`, both included."""

    low: int
    high: int


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The position of a walk. Earlier pages returned all buckets before `bucket`, and its items up to the hash `after`.

    A walk is a circle. It starts in the middle of bucket 0, after the hash `since`. The items of bucket 0 up to `since`
    end the walk, as one more bucket.
    """

    seed: int
    depth: int
    bucket: int = 0
    after: str = ""
    swept: int | None = None
    """If set, the walk continues in the order of ranks, and all ranks below this one have been read."""
    start: int = 0
    """The number of the walk's first bucket in the permutation."""
    since: str = ""

    @property
    def buckets(self) -> int:
        """Return the number of buckets."""
        return 1 << self.depth

    @property
    def end(self) -> int:
        """Return the bucket at which the walk ends."""
        return self.buckets + bool(self.since)

    def at(self, bucket: int, after: str = "") -> "Place":
        """Return another place of the same walk."""
        return msgspec.structs.replace(self, bucket=bucket, after=after)

    def swept_to(self, low: int) -> "Place":
        """Return the same place after all ranks below `low` were read."""
        return msgspec.structs.replace(self, swept=low)


def rank(photo_id: PhotoId) -> int:
    """Return the photo's fixed rank. Ranks are uniform and independent of the upload time."""
    return int.from_bytes(blake2b(photo_id.encode(), digest_size=8, person=b"photo rank").digest())


def sample_span(random_rank: int, min_depth: int) -> Span:
    """Return the span to estimate the density from: a random rank to the end of one of 2^`min_depth` equal parts."""
    width = RANKS >> min_depth
    part, within = divmod(random_rank, width)
    return Span(part * width + within // 2, (part + 1) * width - 1)


def depth_for(ranks: Sequence[int], sample: Span, min_depth: int) -> int:
    """Return the depth at which a bucket holds 1.4 to 2.8 photos, but at least `min_depth`.

    `ranks` are the lowest ranks in `sample`. If there are SAMPLE of them, the ranks after the last one were not read.
    """
    is_full = len(ranks) == SAMPLE
    width = (ranks[-1] if is_full else sample.high) - sample.low + 1
    # The gap up to the k-th point of a Poisson process is gamma-distributed: (k - 1) / gap is the unbiased density.
    estimate = (len(ranks) - is_full) * RANKS / width
    # Use a power of two near half the estimate. Small buckets cost reads. Large buckets repeat more pairs of photos.
    return min(max(round(math.log2(max(estimate / _PER_BUCKET, 1))), min_depth), MAX_DEPTH)


def span(place: Place, bucket: int) -> Span:
    """Return the ranks of the walk's bucket with this number."""
    width = RANKS >> place.depth
    low = _permute((place.start + bucket) % place.buckets, place.depth, place.seed) * width
    return Span(low, low + width - 1)


class Read[Item](Protocol):
    """Read an index by rank."""

    def __call__(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """Return for each span its items in the order of their ranks: the first `limit`, or all."""


def begin[Item: HasId](
    walk: Place, limit: int, read: Read[Item], min_depth: int = 0
) -> tuple[list[Item], Place | None]:
    """Return the first page of a new walk, and the place of the next page, or None at the end.

    If every walk began with a whole bucket, first pages would show photos of crowded buckets less often. So a walk is a
    circle that can start at any of its items.
    """
    cached_read = _cache(read)
    return page(_draw_start(walk, cached_read), limit, cached_read, min_depth)


def page[Item: HasId](
    place: Place, limit: int, read: Read[Item], min_depth: int = 0
) -> tuple[list[Item], Place | None]:
    """Return up to `limit` items after `place`, and the place of the next page, or None at the end of the walk.

    Several buckets are read at once. The next page reads the surplus again. A page is short if many buckets are empty.
    If all are empty, the walk continues by rank. Near its end, it reads the remaining buckets instead.
    """
    while place.swept is None:
        items, next_place = _visit_buckets(place, limit, read)
        if items or next_place is None:
            return items, next_place
        place = next_place
        if place.end - place.bucket > math.isqrt(place.buckets):
            # Near the end, a read by rank would find mostly photos that the walk has already passed.
            break
    return _sweep(place, limit, read, min_depth)


def _draw_start[Item: HasId](walk: Place, read: Read[Item]) -> Place:
    """Return the walk with a start that is drawn uniformly from its items.

    Rejection sampling: draw a random slot of a random bucket until it holds an item (von Neumann, "Various Techniques
    Used in Connection With Random Digits", 1951).
    """
    for first in range(0, _DRAWS, _DRAWN_AT_ONCE):
        drawn = [_draw(walk, number) for number in range(first, first + _DRAWN_AT_ONCE)]
        for (bucket, number), items in zip(drawn, read([span(walk, bucket) for bucket, _ in drawn]), strict=True):
            slot = number % max(_SLOTS, len(items))
            if slot < len(items):
                return _start_at(walk, bucket, slot, items)
    if walk.buckets > _DRAWS:
        return walk
    # The walk has few buckets, and nearly all of them have been read.
    buckets = read([span(walk, bucket) for bucket in range(walk.buckets)])
    filled = [(bucket, slot, items) for bucket, items in enumerate(buckets) for slot in range(len(items))]
    return _start_at(walk, *filled[_draw(walk, _DRAWS)[1] % len(filled)]) if filled else walk


def _start_at[Item: HasId](walk: Place, bucket: int, slot: int, items: list[Item]) -> Place:
    since = _sort_bucket(walk, items)[slot - 1][0] if slot else ""
    return Place(walk.seed, walk.depth, after=since, start=bucket, since=since)


def _draw(walk: Place, draw: int) -> tuple[int, int]:
    """Return a random bucket, and a random number that chooses one of its slots."""
    bits = int.from_bytes(blake2b(draw.to_bytes(4), digest_size=16, key=walk.seed.to_bytes(8)).digest())
    return bits % walk.buckets, bits >> RANK_BITS


def _cache[Item](read: Read[Item]) -> Read[Item]:
    """Return a `read` that reads no span twice. The first page needs the bucket that the draw of the start has read."""
    known: dict[Span, list[Item]] = {}

    def cached_read(spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        if limit is not None:
            return read(spans, limit)
        unread = [span for span in dict.fromkeys(spans) if span not in known]
        known.update(zip(unread, read(unread), strict=True))
        return [known[span] for span in spans]

    return cached_read


def _visit_buckets[Item: HasId](place: Place, limit: int, read: Read[Item]) -> tuple[list[Item], Place | None]:
    """Return the next items, bucket by bucket. The list is empty if every bucket read within the limit is empty."""
    items: list[Item] = []
    reads, allowed = 0, 2 * (limit + _WAVE)
    while place.bucket < place.end and reads < allowed:
        count = min(_wave(limit - len(items), items=len(items), reads=reads), place.end - place.bucket)
        reads += count
        for bucket_items in read([span(place, place.bucket + step) for step in range(count)]):
            for key, item in _sort_bucket(place, bucket_items):
                if len(items) == limit:
                    return items, place
                items.append(item)
                place = place.at(place.bucket, key)
            place = place.at(place.bucket + 1)
    return items, place if place.bucket < place.end else None


def _sweep[Item: HasId](place: Place, limit: int, read: Read[Item], min_depth: int) -> tuple[list[Item], Place | None]:
    """Return the rest of a walk by rank. If most photos are gone, this takes far fewer reads than by bucket."""
    items: list[Item] = []
    width = RANKS >> min_depth
    low, reads = place.swept or 0, 0
    while low < RANKS and (not items or reads < 2 * _WAVE):
        reads += 1
        high = (low // width + 1) * width - 1
        (swept_items,) = read([Span(low, high)], _SWEEP_LIMIT)
        for item in swept_items:
            if len(items) == limit:
                return items, place.swept_to(low)
            low = rank(item.photo_id) + 1
            if _position(place, item) > (place.bucket, place.after):
                items.append(item)
        if len(swept_items) < _SWEEP_LIMIT:
            low = high + 1
    return items, place.swept_to(low) if low < RANKS else None


def _position(place: Place, item: HasId) -> tuple[int, str]:
    """Return the bucket and the hash at which the walk reaches this item."""
    bucket = (_unpermute(rank(item.photo_id) >> (RANK_BITS - place.depth), place) - place.start) % place.buckets
    key = order(place.seed, item.photo_id)
    return (place.buckets if bucket == 0 and key <= place.since else bucket), key


def _wave(missing: int, *, items: int, reads: int) -> int:
    """Return how many buckets to read at once for `missing` more items, given the page so far."""
    per_bucket = (items + _PER_BUCKET * _WEIGHT) / (reads + _WEIGHT)
    # Read fewer buckets than expected to be necessary, because the next page reads surplus buckets again.
    return min(max(round(0.85 * missing / per_bucket), 1), _WAVE)


def _sort_bucket[Item: HasId](place: Place, items: list[Item]) -> list[tuple[str, Item]]:
    last = place.since if place.bucket == place.buckets else "~"
    keyed = [(order(place.seed, item.photo_id), item) for item in items]
    return sorted((pair for pair in keyed if place.after < pair[0] <= last), key=lambda pair: pair[0])


def order(seed: int, photo_id: PhotoId) -> str:
    """Return the keyed hash that sorts a bucket."""
    # Sort by keyed hash, not by rank: neighbours in rank would otherwise be in the same order in every walk.
    return blake2b(photo_id.encode(), digest_size=16, key=seed.to_bytes(8)).hexdigest()


def _permute(bucket: int, depth: int, seed: int) -> int:
    """Permute 0 .. 2^depth - 1 by key: a Feistel network over an even number of bits, cycle-walked.

    Black and Rogaway, "Ciphers with Arbitrary Finite Domains" (CT-RSA 2002).
    """
    half, mask, key = _halves(depth, seed)
    while True:
        left, right = bucket >> half, bucket & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_mix(turn, right, key) & mask)
        bucket = (left << half) | right
        if bucket < 1 << depth:
            return bucket


def _unpermute(permuted: int, place: Place) -> int:
    """Invert `_permute`: run the same network backwards."""
    half, mask, key = _halves(place.depth, place.seed)
    while True:
        left, right = permuted >> half, permuted & mask
        for turn in reversed(range(_ROUNDS)):
            left, right = right ^ (_mix(turn, left, key) & mask), left
        permuted = (left << half) | right
        if permuted < 1 << place.depth:
            return permuted


def _halves(depth: int, seed: int) -> tuple[int, int, bytes]:
    half = (depth + 1) // 2
    return half, (1 << half) - 1, seed.to_bytes(8)


def _mix(turn: int, half: int, key: bytes) -> int:
    return int.from_bytes(blake2b(bytes([turn]) + half.to_bytes(4), digest_size=4, key=key).digest())
