"""The random order: exact whatever happens meanwhile, and even."""

import bisect
import random
from collections.abc import Callable
from itertools import pairwise
from statistics import mean

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import feed
from chalicelib.feed import Place, Span
from chalicelib.models import PhotoId


class Item(msgspec.Struct, frozen=True):
    photo_id: PhotoId


class Gallery:
    """Photos by rank, as an index holds them. Counts what it is asked."""

    def __init__(self, count: int = 0, seed: int = 0) -> None:
        self.rng = random.Random(seed)
        self.ranks: list[tuple[int, str]] = []
        self.reads = 0
        for _ in range(count):
            self.insert()

    def insert(self) -> str:
        photo_id = f"{self.rng.getrandbits(128):032x}"
        bisect.insort(self.ranks, (feed.rank(PhotoId(photo_id)), photo_id))
        return photo_id

    def delete(self) -> None:
        if self.ranks:
            del self.ranks[self.rng.randrange(len(self.ranks))]

    def ids(self) -> set[str]:
        return {photo_id for _, photo_id in self.ranks}

    def read(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        self.reads += len(spans)
        within = [self.ranks[self._from(span.low) : self._from(span.high + 1)] for span in spans]
        return [[Item(PhotoId(photo_id)) for _, photo_id in found[:limit]] for found in within]

    def new_walk(self, shard_bits: int = 0) -> Place:
        span = feed.sample_span(self.rng.getrandbits(64), shard_bits)
        found = [feed.rank(item.photo_id) for item in self.read([span], feed.SAMPLE)[0]]
        return Place(self.rng.getrandbits(64), feed.depth_for(found, span, shard_bits))

    def _from(self, rank: int) -> int:
        return bisect.bisect_left(self.ranks, (rank, ""))


def walk(gallery: Gallery, meanwhile: Callable[[], object] = lambda: None, shard_bits: int = 0) -> list[str]:
    """Every id of a whole walk, in order; `meanwhile` happens between pages of any size."""
    place: Place | None = gallery.new_walk(shard_bits)
    seen: list[str] = []
    while place:
        items, place = feed.page(place, gallery.rng.randint(1, 30), gallery.read, shard_bits)
        assert items or place is None, "a page that is not the last is empty"
        seen += [item.photo_id for item in items]
        meanwhile()
    return seen


@given(depth=st.integers(0, 11), seed=st.integers(0, 2**64 - 1))
def test_the_permutation_visits_every_bucket_once(depth: int, seed: int) -> None:
    spans = [feed.span(Place(seed, depth), bucket) for bucket in range(1 << depth)]
    covered = sorted((span.low, span.high) for span in spans)
    assert covered[0][0] == 0
    assert covered[-1][1] == feed.RANKS - 1
    assert all(low == high + 1 for (_, high), (low, _) in pairwise(covered))


@settings(max_examples=500)
@given(st.integers(0, 300), st.integers(0, 2**32), st.sampled_from([0, 5]), st.integers(0, 4), st.integers(0, 4))
def test_a_photo_present_throughout_comes_exactly_once(
    count: int, seed: int, shard_bits: int, inserts: int, deletes: int
) -> None:
    gallery = Gallery(count, seed)
    throughout = gallery.ids()

    def churn() -> None:
        for _ in range(gallery.rng.randint(0, inserts)):
            gallery.insert()
        for _ in range(gallery.rng.randint(0, deletes)):
            gallery.delete()
        throughout.intersection_update(gallery.ids())

    seen = walk(gallery, churn, shard_bits)
    assert len(seen) == len(set(seen))
    assert throughout <= set(seen)


def test_two_walks_differ_and_one_can_be_resumed_anywhere() -> None:
    gallery = Gallery(200)
    assert walk(gallery) != walk(gallery)
    place = Place(7, 7)
    whole, _ = feed.page(place, 1000, gallery.read)
    first, then = feed.page(place, 3, gallery.read)
    assert then is not None
    rest, end = feed.page(then, 1000, gallery.read)
    assert first + rest == whole
    assert end is None


@pytest.mark.parametrize("count", [100, 1_000, 10_000])
def test_a_page_costs_the_same_in_a_gallery_of_any_size(count: int) -> None:
    gallery = Gallery(count)
    reads = []
    for _ in range(200):
        gallery.reads = 0
        feed.page(gallery.new_walk(5), 10, gallery.read)
        reads.append(gallery.reads)
    assert mean(reads) <= 16


@pytest.mark.parametrize("shard_bits", [0, 5])
@pytest.mark.parametrize("left", [0, 3, 20, 1000])
def test_a_walk_is_exact_and_bounded_where_nearly_all_photos_have_vanished(left: int, shard_bits: int) -> None:
    gallery = Gallery(20_000)
    place: Place | None = gallery.new_walk(shard_bits)
    assert place
    items, place = feed.page(place, 100, gallery.read, shard_bits)
    seen = {item.photo_id for item in items}
    gallery.ranks = sorted(gallery.rng.sample(gallery.ranks, left))
    expected = gallery.ids() - seen
    rest: list[str] = []
    while place:
        gallery.reads = 0
        items, place = feed.page(place, 10, gallery.read, shard_bits)
        assert items or place is None
        assert gallery.reads <= 2 * (10 + 16) + 16 + 64
        rest += [item.photo_id for item in items]
    assert sorted(rest) == sorted(expected)


def test_every_photo_is_as_likely_on_a_first_page() -> None:
    gallery = Gallery(200)
    shown = dict.fromkeys(gallery.ids(), 0)
    for _ in range(2_000):
        items, _then = feed.page(gallery.new_walk(), 10, gallery.read)
        for item in items:
            shown[item.photo_id] += 1
    expected = 2_000 * 10 / 200
    chi_square = sum((count - expected) ** 2 / expected for count in shown.values())
    # 199 degrees of freedom: beyond 266 lies one in a thousand.
    assert chi_square < 266
