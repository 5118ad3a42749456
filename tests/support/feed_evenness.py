"""Measure the evenness of the random order: for single photos, pairs and seeds."""

import math
from collections import Counter, defaultdict
from statistics import mean, stdev

import msgspec

from chalicelib.domain import feed
from chalicelib.domain.ids import PhotoId
from tests.support import chi_square
from tests.support.feed_gallery import Gallery

PAGES = 10_000
LIMIT = 10


class Pairs(msgspec.Struct, frozen=True):
    """The frequency of pairs on first pages, divided by the frequency in independent random samples."""

    worst: float
    """The factor of the most frequent pair."""
    often: float
    """The share of pairs with a factor above 2 that chance does not explain."""
    others: float
    """The mean factor of all other pairs."""


def first_pages(photos: Gallery, min_depth: int, pages: int = PAGES, *, limit: int = LIMIT) -> list[list[PhotoId]]:
    """Return the ids on many first pages of `limit` photos."""
    return [[item.photo_id for item in photos.first_page(limit, min_depth)[0]] for _ in range(pages)]


class Singles(msgspec.Struct, frozen=True):
    """The frequency of each photo on first pages, compared with equal frequencies."""

    ratio: float
    """Chi-square divided by the degrees of freedom."""
    plain_p: float
    """The p-value if photos were shown independently of each other."""
    p: float
    """The p-value, corrected because the photos of one bucket appear together."""


def singles(photos: Gallery, pages: list[list[PhotoId]]) -> Singles:
    """Return the chi-square of the frequencies of single photos on pages of one size.

    The frequencies of photos of one bucket are correlated. Chi-square then has the same mean and a larger variance, as
    with fewer degrees of freedom (Rao and Scott, "The Analysis of Categorical Data from Complex Sample Surveys",
    JASA 1981).
    """
    count = len(photos.ranks)
    counts = Counter(dict.fromkeys(photos.ids(), 0))
    for page in pages:
        counts.update(page)
    limit = len(pages[0])
    share = limit / count
    related = sum(((times / len(pages) - share**2) / (share - share**2)) ** 2 for times in count_pairs(pages))
    ratio, plain_p = chi_square.chi_square(counts.values(), drawn=limit)
    freedom = (count - 1) / (1 + 2 * related / count)
    return Singles(ratio, plain_p, chi_square.upper_tail(ratio * freedom, freedom))


class Crowding(msgspec.Struct, frozen=True):
    """The mean number of photos in the bucket of a shown photo, compared with the mean over all photos."""

    excess: float
    """The relative difference. It is positive if photos of crowded buckets are shown too often."""
    error: float
    """The standard error of `excess`."""


def crowding(photos: Gallery, pages: list[list[PhotoId]], depth: int) -> Crowding:
    """Measure whether pages prefer photos of crowded buckets, if the walks have 2^`depth` buckets.

    Chi-square notices a preference for single photos. This measure notices a much weaker preference for bucket sizes.
    """
    buckets = {photo_id: rank >> (feed.RANK_BITS - depth) for rank, photo_id in photos.ranks}
    sizes = Counter(buckets.values())
    ideal = mean(sizes[bucket] for bucket in buckets.values())
    # The pages are independent, so the error includes that the photos of one bucket appear together.
    shown = [mean(sizes[buckets[photo_id]] for photo_id in page) / ideal for page in pages]
    return Crowding(mean(shown) - 1, stdev(shown) / math.sqrt(len(shown)))


def pairs(count: int, pages: list[list[PhotoId]]) -> Pairs:
    """Measure the frequencies of pairs in a gallery of `count` photos."""
    pair_counts = count_pairs(pages)
    possible = math.comb(count, 2)
    ideal = sum(pair_counts) / possible
    often = [times for times in pair_counts if times > 2 * ideal + 4 * math.sqrt(ideal) + 3]
    others = (sum(pair_counts) - sum(often)) / (possible - len(often)) / ideal
    return Pairs(max(pair_counts) / ideal, len(often) / possible, others)


def count_pairs(pages: list[list[PhotoId]]) -> list[int]:
    """Return the number of pages of each pair of photos that are on a page together."""
    # A counter for each photo is three times as fast as one counter of pairs.
    partners: dict[PhotoId, Counter[PhotoId]] = defaultdict(Counter)
    for page in pages:
        photos = sorted(page)
        for place, photo in enumerate(photos, 1):
            partners[photo].update(photos[place:])
    return [times for counter in partners.values() for times in counter.values()]


def overlaps(photos: Gallery, seeds: int) -> tuple[float, float]:
    """Compare the first pages of successive seeds. Return the mean number of shared photos and its standard error."""
    pages = [{item.photo_id for item in photos.first_page(LIMIT, seed=seed)[0]} for seed in range(seeds)]
    shared = [len(one & other) for one, other in zip(pages[::2], pages[1::2], strict=True)]
    return mean(shared), stdev(shared) / math.sqrt(len(shared))


def correlations(photos: Gallery, seeds: int, depth: int) -> tuple[float, float, float]:
    """Compare complete walks with successive seeds.

    Return the mean and the standard deviation of Spearman's rho, and the share of neighbours that remain neighbours.
    """
    walks = []
    for seed in range(seeds):
        items, _ = feed.read_page(feed.Walk(seed, depth), len(photos.ranks), photos.read, 0)
        walks.append([item.photo_id for item in items])
    both = list(zip(walks[::2], walks[1::2], strict=True))
    rho = [chi_square.rank_correlation(one, other) for one, other in both]
    return mean(rho), stdev(rho), mean(chi_square.kept_neighbours(one, other) for one, other in both)
