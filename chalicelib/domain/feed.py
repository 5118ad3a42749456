"""The random order: every photo once, in an order that depends on nothing but the walk's seed.

Each photo has a fixed rank, uniform in 64 bits. A walk cuts the ranks into 2^depth equal buckets, visits these in
the order of a keyed permutation, and sorts each bucket's photos by a keyed hash. Where a walk stands is a bucket's
number and the last hash given out, so inserts and deletes elsewhere cannot shift it. Pure: reading is the caller's.
`docs/feed.md` has the argument, and what it costs.
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
"""The `min_depth` of walks through a list that many people read: at least 32 buckets, so that their reads spread."""
SAMPLE = 7
"""Ranks that the first page looks at to learn the density: N is then known to about 40 %, so depth to about 1/2."""
_SLOTS = 10
"""Places of a bucket when a walk draws where it begins; photos fill the first of them, and few buckets hold more."""
_DRAWS = 64
"""Draws, at most. A photo is found by the fifth on average."""
_DRAWN_AT_ONCE = 4
_ROUNDS = 6
_WAVE = 16
"""Buckets that are read at once, at most."""
_PER_BUCKET, _WEIGHT = 2, 4
"""What a bucket holds on average, for as much as four buckets seen would say."""
_SWEPT_AT_ONCE = 100


class HasId(Protocol):
    """What the order needs to know of an item."""

    @property
    def photo_id(self) -> PhotoId:
        """The id that rank and order follow from."""


class Span(msgspec.Struct, frozen=True):
    """Ranks from `low` to `high`, both included."""

    low: int
    high: int


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a walk stands: all before `bucket`, and in it all up to the hash `after`, have been given out.

    A walk is a circle. Buckets count from the one that it began in, beyond the hash `since`; what that bucket holds up
    to `since` comes last, as one bucket more.
    """

    seed: int
    depth: int
    bucket: int = 0
    after: str = ""
    swept: int | None = None
    """Set once the rest is taken in the order of ranks: all below this one have been looked at."""
    start: int = 0
    """The permutation's number of the bucket that the walk began in."""
    since: str = ""

    @property
    def buckets(self) -> int:
        """How many the ranks are cut into."""
        return 1 << self.depth

    @property
    def end(self) -> int:
        """The bucket at which nothing is left."""
        return self.buckets + bool(self.since)

    def at(self, bucket: int, after: str = "") -> "Place":
        """Another place of the same walk."""
        return msgspec.structs.replace(self, bucket=bucket, after=after)

    def swept_to(self, low: int) -> "Place":
        """The same place, once all ranks below `low` have been looked at."""
        return msgspec.structs.replace(self, swept=low)


def rank(photo_id: PhotoId) -> int:
    """The photo's fixed place among all ranks: uniform, and unrelated to its time."""
    return int.from_bytes(blake2b(photo_id.encode(), digest_size=8, person=b"photo rank").digest())


def sample_span(random_rank: int, min_depth: int) -> Span:
    """Return where to look for the density: from a random rank to the end of one of 2^`min_depth` equal parts."""
    width = RANKS >> min_depth
    part, within = divmod(random_rank, width)
    return Span(part * width + within // 2, (part + 1) * width - 1)


def depth_for(found: Sequence[int], looked_at: Span, min_depth: int) -> int:
    """Return the depth at which a bucket holds 1.4 to 2.8 photos, but at least `min_depth`.

    `found` are the lowest ranks in `looked_at`. If they are SAMPLE, the ranks after the last one were not looked at.
    """
    full = len(found) == SAMPLE
    width = (found[-1] if full else looked_at.high) - looked_at.low + 1
    # The gap up to the k-th point of a Poisson process is gamma-distributed: (k - 1) / gap is the unbiased density.
    estimate = (len(found) - full) * RANKS / width
    # The nearest power of two to half of them. Fewer a bucket would cost more reads, more would meet more often.
    return min(max(round(math.log2(max(estimate / _PER_BUCKET, 1))), min_depth), MAX_DEPTH)


def span(place: Place, bucket: int) -> Span:
    """The ranks of the `bucket`-th bucket of the walk."""
    width = RANKS >> place.depth
    low = _permuted((place.start + bucket) % place.buckets, place.depth, place.seed) * width
    return Span(low, low + width - 1)


class Read[Item](Protocol):
    """How the order reads an index."""

    def __call__(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """For each span its items in the order of their ranks, the first `limit` or all."""


def begin[Item: HasId](
    walk: Place, limit: int, read: Read[Item], min_depth: int = 0
) -> tuple[list[Item], Place | None]:
    """The first page of a fresh `walk`, and where the next one begins; None where there is none.

    A page that began with a whole bucket and ended within one would show photos of crowded buckets less often. So a
    walk is a circle, and may begin at any of its items.
    """
    once = _once(read)
    return page(_begun(walk, once), limit, once, min_depth)


def page[Item: HasId](
    place: Place, limit: int, read: Read[Item], min_depth: int = 0
) -> tuple[list[Item], Place | None]:
    """Up to `limit` items from `place` on, and where the next page begins; None at the end of the walk.

    Buckets are read several at once; what was read beyond the page is read again by the next. A page is cut short
    where many buckets turn out empty; where all do, the walk goes on by rank, or to its end where that is near.
    """
    while place.swept is None:
        items, then = _visited(place, limit, read)
        if items or then is None:
            return items, then
        place = then
        if place.end - place.bucket > math.isqrt(place.buckets):
            # Near the end nearly all photos lie behind, and a sweep would look at them all for the few ahead.
            break
    return _swept(place, limit, read, min_depth)


def _begun[Item: HasId](walk: Place, read: Read[Item]) -> Place:
    """The walk, beginning at an item that is as likely as every other.

    Rejection sampling: a random place of a random bucket, until one is drawn that holds an item (von Neumann, "Various
    Techniques Used in Connection With Random Digits", 1951).
    """
    for first in range(0, _DRAWS, _DRAWN_AT_ONCE):
        drawn = [_drawn(walk, number) for number in range(first, first + _DRAWN_AT_ONCE)]
        for (bucket, number), found in zip(drawn, read([span(walk, bucket) for bucket, _ in drawn]), strict=True):
            slot = number % max(_SLOTS, len(found))
            if slot < len(found):
                return _begun_at(walk, bucket, slot, found)
    if walk.buckets > _DRAWS:
        return walk
    # A gallery of a handful: all of it has been read, or nearly.
    buckets = read([span(walk, bucket) for bucket in range(walk.buckets)])
    filled = [(bucket, slot, found) for bucket, found in enumerate(buckets) for slot in range(len(found))]
    return _begun_at(walk, *filled[_drawn(walk, _DRAWS)[1] % len(filled)]) if filled else walk


def _begun_at[Item: HasId](walk: Place, bucket: int, slot: int, found: list[Item]) -> Place:
    since = _ordered(walk, found)[slot - 1][0] if slot else ""
    return Place(walk.seed, walk.depth, after=since, start=bucket, since=since)


def _drawn(walk: Place, draw: int) -> tuple[int, int]:
    """A bucket, and a number to choose among its slots by."""
    bits = int.from_bytes(blake2b(draw.to_bytes(4), digest_size=16, key=walk.seed.to_bytes(8)).digest())
    return bits % walk.buckets, bits >> RANK_BITS


def _once[Item](read: Read[Item]) -> Read[Item]:
    """Reads no span twice: the page's first bucket was read to find where it begins."""
    known: dict[Span, list[Item]] = {}

    def reading(spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        if limit is not None:
            return read(spans, limit)
        fresh = [each for each in dict.fromkeys(spans) if each not in known]
        known.update(zip(fresh, read(fresh), strict=True))
        return [known[each] for each in spans]

    return reading


def _visited[Item: HasId](place: Place, limit: int, read: Read[Item]) -> tuple[list[Item], Place | None]:
    """The next items bucket by bucket; none where `reads` ran out before any was found."""
    items: list[Item] = []
    reads, allowed = 0, 2 * (limit + _WAVE)
    while place.bucket < place.end and reads < allowed:
        count = min(_wave(limit - len(items), items=len(items), reads=reads), place.end - place.bucket)
        reads += count
        for found in read([span(place, place.bucket + step) for step in range(count)]):
            for key, item in _ordered(place, found):
                if len(items) == limit:
                    return items, place
                items.append(item)
                place = place.at(place.bucket, key)
            place = place.at(place.bucket + 1)
    return items, place if place.bucket < place.end else None


def _swept[Item: HasId](place: Place, limit: int, read: Read[Item], min_depth: int) -> tuple[list[Item], Place | None]:
    """The rest of a walk most of whose photos have vanished, in the order of ranks: far fewer reads than buckets."""
    items: list[Item] = []
    width = RANKS >> min_depth
    low, reads = place.swept or 0, 0
    while low < RANKS and (not items or reads < 2 * _WAVE):
        reads += 1
        high = (low // width + 1) * width - 1
        (found,) = read([Span(low, high)], _SWEPT_AT_ONCE)
        for item in found:
            if len(items) == limit:
                return items, place.swept_to(low)
            low = rank(item.photo_id) + 1
            if _position(place, item) > (place.bucket, place.after):
                items.append(item)
        if len(found) < _SWEPT_AT_ONCE:
            low = high + 1
    return items, place.swept_to(low) if low < RANKS else None


def _position(place: Place, item: HasId) -> tuple[int, str]:
    """The bucket and the hash at which the walk comes to this item."""
    bucket = (_number(rank(item.photo_id) >> (RANK_BITS - place.depth), place) - place.start) % place.buckets
    key = order(place.seed, item.photo_id)
    return (place.buckets if bucket == 0 and key <= place.since else bucket), key


def _wave(wanted: int, *, items: int, reads: int) -> int:
    """How many buckets to read at once for `wanted` more items, from what the page has seen so far."""
    per_bucket = (items + _PER_BUCKET * _WEIGHT) / (reads + _WEIGHT)
    # A little fewer than that: what is read beyond the page is paid for twice.
    return min(max(round(0.85 * wanted / per_bucket), 1), _WAVE)


def _ordered[Item: HasId](place: Place, found: list[Item]) -> list[tuple[str, Item]]:
    last = place.since if place.bucket == place.buckets else "~"
    keyed = [(order(place.seed, item.photo_id), item) for item in found]
    return sorted((pair for pair in keyed if place.after < pair[0] <= last), key=lambda pair: pair[0])


def order(seed: int, photo_id: PhotoId) -> str:
    """The keyed hash that a bucket is sorted by."""
    # Not by rank: neighbours in rank would come out in the same order in every walk.
    return blake2b(photo_id.encode(), digest_size=16, key=seed.to_bytes(8)).hexdigest()


def _permuted(bucket: int, depth: int, seed: int) -> int:
    """A keyed permutation of 0 .. 2^depth - 1: a Feistel network over an even number of bits, cycle-walked.

    Black and Rogaway, "Ciphers with Arbitrary Finite Domains" (CT-RSA 2002).
    """
    half, mask, key = _halves(depth, seed)
    while True:
        left, right = bucket >> half, bucket & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_mixed(turn, right, key) & mask)
        bucket = (left << half) | right
        if bucket < 1 << depth:
            return bucket


def _number(permuted: int, place: Place) -> int:
    """Which bucket of the walk it is that `_permuted` made this of: the same network, backwards."""
    half, mask, key = _halves(place.depth, place.seed)
    while True:
        left, right = permuted >> half, permuted & mask
        for turn in reversed(range(_ROUNDS)):
            left, right = right ^ (_mixed(turn, left, key) & mask), left
        permuted = (left << half) | right
        if permuted < 1 << place.depth:
            return permuted


def _halves(depth: int, seed: int) -> tuple[int, int, bytes]:
    half = (depth + 1) // 2
    return half, (1 << half) - 1, seed.to_bytes(8)


def _mixed(turn: int, half: int, key: bytes) -> int:
    return int.from_bytes(blake2b(bytes([turn]) + half.to_bytes(4), digest_size=4, key=key).digest())
