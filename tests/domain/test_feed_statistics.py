"""The random order is unbiased: statistics of photos, pairs of photos and seeds, over fixed seeds."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from statistics import mean, quantiles

import pytest

from chalicelib.domain import feed, feed_start, permutation
from chalicelib.domain.feed import FEW_PHOTOS, Walk
from tests.support import chi_square, feed_evenness
from tests.support.feed_gallery import BigGallery, Gallery


@pytest.fixture(autouse=True, scope="module")
def cached_hashes() -> Iterator[None]:
    """Cache the hashes of permutations. They take most of the time, and walks with few buckets repeat them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permutation, "_mix", lru_cache(4096)(permutation._mix))
        yield


@pytest.mark.parametrize(
    ("count", "min_depth", "limit", "pages"), [(20, 0, 10, 5_000), (100, 5, 10, 5_000), (500, 5, 50, 1_000)]
)
def test_every_photo_is_equally_likely_if_the_draw_reads_parts_of_buckets(
    count: int, min_depth: int, limit: int, pages: int
) -> None:
    gallery = Gallery(count, seed=1, sizes=FEW_PHOTOS)
    shown = feed_evenness.singles(gallery, feed_evenness.first_pages(gallery, min_depth, pages, limit=limit))
    assert shown.p > 0.001


@pytest.mark.parametrize(("limit", "first_goal", "later_goal"), [(10, 12, 4), (50, 22, 10)])
def test_pages_read_few_photos_in_vain_if_each_photo_counts(limit: int, first_goal: int, later_goal: int) -> None:
    gallery, first, later = Gallery(5_000, seed=1, sizes=FEW_PHOTOS), list[int](), list[int]()
    for _ in range(300):
        gallery.forget()
        items, position = gallery.first_page(limit, 5)
        first.append(gallery.items - len(items))
        assert position
        gallery.forget()
        items, _ = feed.read_page(position, limit, gallery.read, 5)
        later.append(gallery.items - len(items))
    assert mean(first) < first_goal
    assert mean(later) < later_goal


@pytest.mark.parametrize(
    ("count", "min_depth", "limit", "pages"),
    [
        *((20, 5, 10, 10_000), (50, 0, 10, 10_000), (100, 5, 10, 10_000), (1_000, 0, 10, 10_000)),
        *((1_000, 5, 10, 10_000), (500, 0, 50, 2_000), (500, 5, 50, 2_000), (1_000, 5, 100, 1_000)),
    ],
)
def test_every_photo_is_equally_likely_on_a_first_page(count: int, min_depth: int, limit: int, pages: int) -> None:
    gallery = Gallery(count, seed=1)
    shown = feed_evenness.singles(gallery, feed_evenness.first_pages(gallery, min_depth, pages, limit=limit))
    assert shown.p > 0.001


def test_photos_in_crowded_buckets_are_shown_as_often_as_photos_in_a_bucket_of_one() -> None:
    gallery, shown = Gallery(1_000, seed=2), Counter[str]()
    for seed in range(10_000):
        items, _ = feed_start.read_first_page(Walk(seed, 9), 10, gallery.read, 5, gallery.sizes)
        shown.update(item.photo_id for item in items)
    bucket_sizes = Counter(rank >> (64 - 9) for rank, _ in gallery.ranks)
    for low, high in ((1, 1), (2, 2), (3, 4), (5, 9)):
        photos = [photo_id for rank, photo_id in gallery.ranks if low <= bucket_sizes[rank >> (64 - 9)] <= high]
        assert sum(shown[photo_id] for photo_id in photos) / len(photos) == pytest.approx(100, rel=0.03)


def test_first_pages_of_a_small_gallery_do_not_prefer_crowded_buckets() -> None:
    gallery = Gallery(100, seed=3)
    shown = feed_evenness.crowding(gallery, feed_evenness.first_pages(gallery, 5, 5_000), depth=5)
    assert abs(shown.excess) < 4 * shown.error
    # If every walk began with a whole bucket, its first page would show crowded buckets too rarely.
    whole = [feed.read_page(gallery.new_walk(min_depth=5), 10, gallery.read, 5)[0] for _ in range(1_000)]
    biased = feed_evenness.crowding(gallery, [[item.photo_id for item in page] for page in whole], depth=5)
    assert biased.excess < -4 * biased.error


@pytest.mark.parametrize(("limit", "pages"), [(10, 10_000), (50, 2_000), (100, 1_000)])
def test_only_photos_of_one_bucket_share_pages_more_often_than_by_chance(limit: int, pages: int) -> None:
    count = 1_000
    pairs = feed_evenness.pairs(count, feed_evenness.first_pages(Gallery(count, seed=1), 5, pages, limit=limit))
    # Two photos that always share a bucket are on the same pages. A page shows both with probability L/N for a limit
    # of L, and two independent photos with probability L(L-1)/N^2.
    assert pairs.worst < 1.3 * (count - 1) / (limit - 1)
    # A bucket holds up to half of a page, or more if the density was underestimated.
    assert pairs.often < limit * 0.8 / count
    assert 0.6 < pairs.others < 1


def test_first_pages_of_successive_seeds_overlap_as_much_as_by_chance() -> None:
    shared, error = feed_evenness.overlaps(Gallery(500, seed=1), seeds=6_000)
    assert abs(shared - 10 * 10 / 500) < 4 * error


def test_orders_of_successive_seeds_are_uncorrelated() -> None:
    rho, spread, _kept = feed_evenness.correlations(Gallery(300, seed=1), seeds=600, depth=7)
    assert abs(rho) < 4 * spread / math.sqrt(300)
    # Photos that share a bucket move together, so there are fewer independent positions than photos.
    assert spread < 2 / math.sqrt(300)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6])
def test_every_pair_of_buckets_comes_first_equally_often(depth: int) -> None:
    buckets = 1 << depth
    first = Counter(dict.fromkeys(((a, b) for a in range(buckets) for b in range(buckets) if a != b), 0))
    for seed in range(max(len(first) * 10, 1000)):
        position = Walk(seed, depth)
        first[feed.find_span(position, 0).low >> (64 - depth), feed.find_span(position, 1).low >> (64 - depth)] += 1
    assert len(first) == buckets * (buckets - 1)
    if depth > 1:
        assert chi_square.chi_square(first.values())[1] > 0.001


@pytest.mark.parametrize(("limit", "spread"), [(1, 2), (10, 2), (50, 1.6), (100, 1.5)])
@pytest.mark.parametrize("min_depth", [0, 5])
@pytest.mark.parametrize("count", [10**4, 10**6])
def test_bucket_holds_a_quarter_to_a_half_of_the_first_page(
    count: int, min_depth: int, limit: int, spread: float
) -> None:
    gallery = BigGallery(count, seed=1)
    bucket_sizes = [count / 2 ** gallery.new_walk(limit, min_depth).depth for _ in range(400)]
    low, *_, high = quantiles(bucket_sizes, n=20)
    smallest = max(limit / 4, 2)
    assert smallest / spread < low <= high < 2 * smallest * spread


def test_chi_square_distinguishes_even_from_uneven_counts() -> None:
    rng = random.Random(1)
    even = Counter(rng.randrange(100) for _ in range(50_000))
    assert chi_square.chi_square(even.values())[1] > 0.01
    even[7] += 400
    assert chi_square.chi_square(even.values())[1] < 1e-6
    # The expected value comes from a table of the chi-square distribution.
    assert chi_square.upper_tail(149.449, 100) == pytest.approx(0.001, rel=0.02)


def test_p_values_of_independent_tests_combine_to_one() -> None:
    # The sum of -2 ln p is the 99 % quantile of chi-square with 20 degrees of freedom, which is 37.566 in the tables.
    assert chi_square.combine([math.exp(-37.566 / 20)] * 10) == pytest.approx(0.01, rel=0.02)
    assert chi_square.combine([0.9] * 10) > 0.99
