"""The random order is exact under concurrent changes, and the cost of its pages is bounded."""

from itertools import pairwise
from statistics import mean

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import feed, feed_start
from chalicelib.domain.feed import Walk
from chalicelib.photos import random_walk
from tests.support import feed_gallery, feed_walks
from tests.support.feed_gallery import BigGallery, Gallery
from tests.support.feed_queries import count_queries
from tests.support.feed_walks import Broken, Churn

MIN_DEPTHS = st.sampled_from(feed_walks.MIN_DEPTHS)
SEEDS = st.integers(0, 2**64 - 1)
FEW = st.integers(0, 4)


@given(depth=st.integers(0, 11), seed=SEEDS, start=st.integers(0, 5))
def test_permutation_visits_every_bucket_once(depth: int, seed: int, start: int) -> None:
    position = Walk(seed, depth, start_bucket=start)
    spans = [feed.find_span(position, bucket) for bucket in range(1 << depth)]
    covered = sorted((span.low, span.high) for span in spans)
    assert covered[0][0] == 0
    assert covered[-1][1] == feed.RANKS - 1
    assert all(low == high + 1 for (_, high), (low, _) in pairwise(covered))


@settings(max_examples=1500, deadline=None)
@given(
    count=st.integers(0, 120),
    seed=SEEDS,
    min_depth=MIN_DEPTHS,
    churn=st.builds(Churn, FEW, FEW, FEW, FEW),
    largest=st.sampled_from([1, 5, 30, 100]),
)
def test_photo_present_throughout_a_walk_is_shown_exactly_once(
    count: int, seed: int, min_depth: int, churn: Churn, largest: int
) -> None:
    feed_walks.check_walk(Gallery(count, seed), min_depth, churn, largest)


@settings(max_examples=500, deadline=None)
@given(
    count=st.integers(200, 2000),
    seed=SEEDS,
    min_depth=MIN_DEPTHS,
    churn=st.builds(Churn, FEW, FEW, FEW, FEW, vanishing=st.sampled_from([0.05, 0.5])),
)
def test_walk_stays_exact_during_a_mass_deletion(count: int, seed: int, min_depth: int, churn: Churn) -> None:
    feed_walks.check_walk(Gallery(count, seed), min_depth, churn)


@pytest.mark.parametrize("min_depth", feed_walks.MIN_DEPTHS)
@pytest.mark.parametrize("limit", [1, 2, 10, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 9, 10, 11, 13, 14, 40])
def test_walk_through_a_small_gallery_shows_every_photo_and_ends(count: int, limit: int, min_depth: int) -> None:
    for seed in range(20):
        shown, _ = feed_gallery.walk(Gallery(count, seed), min_depth, [limit])
        assert sorted(item.photo_id for page in shown for item in page) == sorted(Gallery(count, seed).ids())


def test_check_detects_a_walk_that_loses_or_repeats_a_photo() -> None:
    class LosingGallery(Gallery):
        def within(self, span: feed.Span, limit: int | None) -> list[feed_gallery.Item]:
            return [item for item in super().within(span, limit) if not item.photo_id.endswith("0")]

    class RepeatingGallery(Gallery):
        def within(self, span: feed.Span, limit: int | None) -> list[feed_gallery.Item]:
            # Only a read with a limit, for the estimate of the density, is correct.
            rank, photo_id = self.ranks[0]
            return super().within(span, limit) + ([] if limit else [feed_gallery.Item(photo_id, rank)])

    for faulty_gallery, message in ((LosingGallery, "never came"), (RepeatingGallery, "came twice")):
        with pytest.raises(Broken, match=message):
            feed_walks.check_walk(faulty_gallery(200, 1), 0, Churn())


def test_walks_differ_and_a_walk_can_be_resumed_anywhere() -> None:
    gallery = Gallery(200)
    one, other = ([item for page in feed_gallery.walk(gallery)[0] for item in page] for _ in range(2))
    assert one != other
    position = Walk(7, 7)
    all_items, _ = feed.read_page(position, 1000, gallery.read, 0)
    first, next_position = feed.read_page(position, 3, gallery.read, 0)
    assert next_position is not None
    rest, end = feed.read_page(next_position, 1000, gallery.read, 0)
    assert first + rest == all_items
    assert end is None


def test_walk_ends_with_the_items_that_its_first_page_skipped() -> None:
    gallery = Gallery(200)
    plain, _ = feed.read_page(Walk(7, 7), 1000, gallery.read, 0)
    first, position = feed_start.read_first_page(Walk(7, 7), 10, gallery.read, 7, gallery.sizes)
    assert position is not None
    rest, end = feed.read_page(position, 1000, gallery.read, 0)
    assert end is None
    walked = first + rest
    lead = plain.index(walked[0])
    assert lead > 0
    assert walked == plain[lead:] + plain[:lead]


@pytest.mark.parametrize(("min_depth", "depth"), [(0, 7), (7, 7), (8, 8)])
def test_walk_takes_wider_buckets_if_the_drawn_buckets_hold_few_photos(min_depth: int, depth: int) -> None:
    gallery = Gallery(1_000)
    for seed in range(50):
        overestimated = Walk(seed, 8, per_bucket=12.5)
        items, position = feed_start.read_first_page(overestimated, 50, gallery.read, min_depth, gallery.sizes)
        assert position
        assert position.depth == depth
        rest, end = feed.read_page(position, 1_000, gallery.read, min_depth)
        assert end is None
        assert sorted(item.photo_id for item in items + rest) == sorted(gallery.ids())


@pytest.mark.parametrize("min_depth", feed_walks.MIN_DEPTHS)
@pytest.mark.parametrize("remaining", [0, 3, 20, 1000])
def test_walk_is_exact_and_bounded_if_nearly_all_photos_are_deleted(remaining: int, min_depth: int) -> None:
    gallery = Gallery(20_000)
    items, position = gallery.first_page(100, min_depth)
    shown_ids = {item.photo_id for item in items}
    gallery.ranks = sorted(gallery.rng.sample(gallery.ranks, remaining))
    expected = gallery.ids() - shown_ids
    rest: list[str] = []
    while position:
        gallery.forget()
        items, position = feed.read_page(position, 10, gallery.read, min_depth)
        assert items or position is None
        assert gallery.requests <= 2 * (10 + 16) + 16 + 64
        rest += [item.photo_id for item in items]
    assert sorted(rest) == sorted(expected)


def test_page_costs_the_same_in_a_gallery_of_any_size() -> None:
    first = {count: measure_page_cost(count, pages=3, walks_each=60) for count in SIZES}
    later = {count: measure_page_cost(count, pages=40, walks_each=6) for count in SIZES}
    for costs in (first, later):
        assert all(requests <= 16 and units <= 8 for requests, units in costs.values())
        assert all(large <= 1.2 * small for large, small in zip(costs[10**8], costs[10**3], strict=True))


SIZES = (10**3, 10**4, 10**6, 10**8)


def measure_page_cost(count: int, *, pages: int, walks_each: int) -> tuple[float, float]:
    """Return the mean requests and read units per page, over the first `pages` of walks in galleries of one size."""
    requests, units, shown = 0, 0.0, 0
    for seed in range(8):
        gallery = BigGallery(count, seed)
        for _ in range(walks_each):
            shown += len(feed_gallery.walk(gallery, 5, pages=pages)[0])
        requests, units = requests + gallery.requests, units + gallery.units
    return requests / shown, units / shown


@pytest.mark.parametrize(("limit", "most", "expected"), [(50, 12, 7), (100, 20, 11)])
@pytest.mark.parametrize(
    ("count", "min_depth"), [(500, 0), (500, 5), (1_600, 0), (1_600, 5), (3_200, 5), (10**4, 5), (10**8, 5)]
)
def test_large_page_takes_few_queries(limit: int, most: int, expected: int, count: int, min_depth: int) -> None:
    first, later = count_queries(count, limit, min_depth=min_depth, walks=30)
    assert mean(first) <= expected
    assert mean(later) <= expected
    assert max(first) <= most
    assert max(later) <= most


def test_walk_of_an_older_cursor_continues_with_its_depth() -> None:
    gallery = Gallery(1_000)
    all_items, _ = feed.read_page(Walk(7, 9), 1_000, gallery.read, 0)
    first, position = feed.read_page(Walk(7, 9), 50, gallery.read, 0)
    assert position
    older_cursor = msgspec.to_builtins(position)[:7]
    assert len(older_cursor) == 7
    second, next_cursor = random_walk.read_next_items(gallery.read, 50, older_cursor, feed.FEW_QUERIES)
    assert first + second == all_items[:100]
    assert next_cursor
    assert next_cursor[:2] == [7, 9]


def test_walk_learns_that_its_gallery_has_grown() -> None:
    gallery, grown = Gallery(2_000, seed=1), Gallery(18_000, seed=2)
    _items, position = gallery.first_page(50)
    gallery.ranks = sorted(gallery.ranks + grown.ranks)
    assert position
    _items, position = feed.read_page(position, 50, gallery.read, 0)
    gallery.forget()
    for _ in range(10):
        assert position
        _items, position = feed.read_page(position, 50, gallery.read, 0)
    assert gallery.requests / 10 < 2, "a page of 50 needs one bucket of a hundred photos, and sometimes a second one"


@pytest.mark.parametrize(("first_limit", "next_limit", "most"), [(10, 100, 60), (100, 10, 4)])
def test_walk_keeps_its_depth_if_the_limit_changes(first_limit: int, next_limit: int, most: int) -> None:
    gallery = Gallery(5_000, seed=1)
    _items, position = gallery.first_page(first_limit, 5)
    assert position
    depth = position.depth
    gallery.forget()
    for _ in range(10):
        items, position = feed.read_page(position, next_limit, gallery.read, 5)
        assert len(items) == next_limit
        assert position
        assert position.depth == depth
    assert gallery.requests / 10 <= most
