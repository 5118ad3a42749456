"""The random order: every photo once, in an order that depends on nothing but the walk's seed.

Each photo has a fixed rank, uniform in 64 bits. A walk cuts the ranks into 2^depth equal buckets, visits these in
the order of a keyed permutation, and sorts each bucket's photos by a keyed hash. Where a walk stands is a bucket's
number and the last hash given out, so inserts and deletes elsewhere cannot shift it. Pure: reading is the caller's.
"""

import math
from collections.abc import Callable, Sequence
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


def page[Item: HasId](
    place: Place, limit: int, read: Callable[[list[Span]], list[list[Item]]]
) -> tuple[list[Item], Place | None]:
    """Up to `limit` items from `place` on, and where the next page begins; None at the end of the walk.

    `read` gives all items of each span. Buckets are read several at once; what was read beyond the page is read
    again by the next. Work is bounded: a page is cut short, but never empty, where most buckets turn out empty.
    """
    items: list[Item] = []
    end = 1 << place.depth
    reads, allowed = 0, 2 * (limit + _WAVE)
    while place.bucket < end and (not items or reads < allowed):
        count = min(_wave(limit - len(items), items=len(items), reads=reads), end - place.bucket)
        reads += count
        for found in read([span(place, place.bucket + step) for step in range(count)]):
            for key, item in _ordered(place, found):
                if len(items) == limit:
                    return items, place
                items.append(item)
                place = Place(place.seed, place.depth, place.bucket, key)
            place = Place(place.seed, place.depth, place.bucket + 1)
    return items, place if place.bucket < end else None


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
    half = (depth + 1) // 2
    mask = (1 << half) - 1
    key = seed.to_bytes(8)
    while True:
        left, right = bucket >> half, bucket & mask
        for turn in range(_ROUNDS):
            left, right = right, left ^ (_mixed(turn, right, key) & mask)
        bucket = (left << half) | right
        if bucket < 1 << depth:
            return bucket


def _mixed(turn: int, half: int, key: bytes) -> int:
    return int.from_bytes(blake2b(bytes([turn]) + half.to_bytes(4), digest_size=4, key=key).digest())
