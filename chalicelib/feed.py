"""The random order: every photo once, in an order that depends on nothing but the walk's seed.

Each photo has a fixed rank, uniform in 64 bits. A walk cuts the ranks into 2^depth equal buckets, visits these in
the order of a keyed permutation, and sorts each bucket's photos by a keyed hash. Where a walk stands is a bucket's
number and the last hash given out, so inserts and deletes elsewhere cannot shift it. Pure: reading is the caller's.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

import msgspec

from chalicelib.models import PhotoId

RANK_BITS = 64
RANKS = 1 << RANK_BITS
MAX_DEPTH = 40
SAMPLE = 8
"""Ranks that the first page looks at to learn the density: N is then known to about 40 %, so depth to about 1/2."""
_ROUNDS = 6
_WAVE = 16
"""Buckets that are read at once."""
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
    """Where a walk stands: all before `bucket`, and in it all up to the hash `after`, have been given out."""

    seed: int
    depth: int
    bucket: int = 0
    after: str = ""
    swept: int | None = None
    """Set once the rest is taken in the order of ranks: all below this one have been looked at."""


def rank(photo_id: PhotoId) -> int:
    """The photo's fixed place among all ranks: uniform, and unrelated to its time."""
    return int.from_bytes(blake2b(photo_id.encode(), digest_size=8, person=b"photo rank").digest())


def sample_span(random_rank: int, shard_bits: int) -> Span:
    """Where the first page looks for the density: from a random rank to its shard's end, half a shard at least."""
    width = RANKS >> shard_bits
    shard, within = divmod(random_rank, width)
    return Span(shard * width + within // 2, (shard + 1) * width - 1)


def depth_for(found: Sequence[int], looked_at: Span, shard_bits: int) -> int:
    """The depth at which a bucket holds one or two photos, from the ranks `found` in `looked_at`.

    `found` are the lowest ranks there, at most SAMPLE. Where they are that many, only the ranks up to the last were
    really looked at. A bucket never crosses a shard, so the depth is at least `shard_bits`.
    """
    full = len(found) == SAMPLE
    width = (found[-1] if full else looked_at.high) - looked_at.low + 1
    # The gap up to the k-th point of a Poisson process is gamma-distributed: (k - 1) / gap is the unbiased density.
    estimate = (len(found) - full) * RANKS / width
    return min(max(int(math.log2(max(estimate, 1))), shard_bits), MAX_DEPTH)


def span(place: Place, bucket: int) -> Span:
    """The ranks of the `bucket`-th bucket of the walk."""
    width = RANKS >> place.depth
    low = _permuted(bucket, place.depth, place.seed) * width
    return Span(low, low + width - 1)


class Read[Item](Protocol):
    """How the order reads an index."""

    def __call__(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """For each span its items in the order of their ranks, the first `limit` or all."""


def page[Item: HasId](
    place: Place, limit: int, read: Read[Item], shard_bits: int = 0
) -> tuple[list[Item], Place | None]:
    """Up to `limit` items from `place` on, and where the next page begins; None at the end of the walk.

    Buckets are read several at once; what was read beyond the page is read again by the next. Work is bounded: a page
    is cut short where many buckets turn out empty, and where all do, the walk goes on by rank.
    """
    items: list[Item] = []
    end = 1 << place.depth
    reads, allowed = 0, 2 * (limit + _WAVE)
    while place.bucket < end and place.swept is None and reads < allowed:
        count = min(_wave(limit - len(items), items=len(items), reads=reads), end - place.bucket)
        reads += count
        for found in read([span(place, place.bucket + step) for step in range(count)]):
            for key, item in _ordered(place, found):
                if len(items) == limit:
                    return items, place
                items.append(item)
                place = Place(place.seed, place.depth, place.bucket, key)
            place = Place(place.seed, place.depth, place.bucket + 1)
    if items or place.bucket == end:
        return items, place if place.bucket < end else None
    return _swept(place, limit, read, shard_bits)


def _swept[Item: HasId](place: Place, limit: int, read: Read[Item], shard_bits: int) -> tuple[list[Item], Place | None]:
    """The rest of a walk most of whose photos have vanished, in the order of ranks: far fewer reads than buckets."""
    items: list[Item] = []
    width = RANKS >> shard_bits
    low, reads = place.swept or 0, 0
    while low < RANKS and (not items or reads < 2 * _WAVE):
        reads += 1
        high = (low // width + 1) * width - 1
        (found,) = read([Span(low, high)], _SWEPT_AT_ONCE)
        for item in found:
            if len(items) == limit:
                return items, _at(place, low)
            low = rank(item.photo_id) + 1
            if _is_ahead(place, item):
                items.append(item)
        if len(found) < _SWEPT_AT_ONCE:
            low = high + 1
    return items, _at(place, low) if low < RANKS else None


def _at(place: Place, swept: int) -> Place:
    return Place(place.seed, place.depth, place.bucket, place.after, swept)


def _is_ahead(place: Place, item: HasId) -> bool:
    """Whether the walk has yet to come to this item."""
    bucket = _number(rank(item.photo_id) >> (RANK_BITS - place.depth), place)
    return (bucket, order(place.seed, item.photo_id)) > (place.bucket, place.after)


def _wave(wanted: int, *, items: int, reads: int) -> int:
    """How many buckets to read at once for `wanted` more items, from what the page has seen so far."""
    per_bucket = (items + 1) / reads if reads else 1.4
    return min(max(math.ceil(wanted / per_bucket), 1), _WAVE)


def _ordered[Item: HasId](place: Place, found: list[Item]) -> list[tuple[str, Item]]:
    keyed = [(order(place.seed, item.photo_id), item) for item in found]
    return sorted((pair for pair in keyed if pair[0] > place.after), key=lambda pair: pair[0])


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
