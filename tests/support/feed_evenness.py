"""Measure how even the random order is: single photos, pairs and seeds."""

import math
from collections import Counter
from itertools import combinations
from statistics import mean, stdev

import msgspec

from chalicelib.domain import feed
from chalicelib.domain.ids import PhotoId
from tests.support import chi_square
from tests.support.feed_gallery import Gallery

PAGES = 10_000
LIMIT = 10


class Pairs(msgspec.Struct, frozen=True):
    """How often two photos share a first page, against the same number for photos drawn at random."""

    worst: float
    """The most frequent pair's factor."""
    often: float
    """The share of pairs that come together more than twice as often, and more often than chance would have it."""
    others: float
    """The mean factor of all other pairs."""


def first_pages(photos: Gallery, min_depth: int, pages: int = PAGES) -> list[list[PhotoId]]:
    """Ids on so many first pages."""
    return [[item.photo_id for item in photos.first_page(LIMIT, min_depth)[0]] for _ in range(pages)]


class Singles(msgspec.Struct, frozen=True):
    """How often each photo is shown, against equally often."""

    ratio: float
    """Chi-square for each degree of freedom."""
    plain_p: float
    """Its p-value, were photos shown independently of each other."""
    p: float
    """Its p-value, given that photos of one bucket are shown together."""


def singles(photos: Gallery, pages: list[list[PhotoId]]) -> Singles:
    """Chi-square of single inclusions.

    Photos that come together vary together: chi-square keeps its mean and spreads more, as if it had fewer degrees of
    freedom (Rao and Scott, "The Analysis of Categorical Data from Complex Sample Surveys", JASA 1981).
    """
    count = len(photos.ranks)
    shown = Counter(dict.fromkeys(photos.ids(), 0))
    for page in pages:
        shown.update(page)
    share = LIMIT / count
    met = Counter(pair for page in pages for pair in combinations(sorted(page), 2))
    related = sum(((times / len(pages) - share**2) / (share - share**2)) ** 2 for times in met.values())
    ratio, plain_p = chi_square.chi_square(shown.values(), drawn=LIMIT)
    freedom = (count - 1) / (1 + 2 * related / count)
    return Singles(ratio, plain_p, chi_square.upper_tail(ratio * freedom, freedom))


def pairs(count: int, pages: list[list[PhotoId]]) -> Pairs:
    """Who meets whom, in a gallery of `count`."""
    met = Counter(pair for page in pages for pair in combinations(sorted(page), 2))
    possible = math.comb(count, 2)
    ideal = met.total() / possible
    often = [times for times in met.values() if times > 2 * ideal + 4 * math.sqrt(ideal) + 3]
    others = (met.total() - sum(often)) / (possible - len(often)) / ideal
    return Pairs(max(met.values()) / ideal, len(often) / possible, others)


def overlaps(photos: Gallery, seeds: int) -> tuple[float, float]:
    """Photos that the first pages of successive seeds share: the mean, and its standard error."""
    pages = [{item.photo_id for item in photos.first_page(LIMIT, seed=seed)[0]} for seed in range(seeds)]
    shared = [len(one & other) for one, other in zip(pages[::2], pages[1::2], strict=True)]
    return mean(shared), stdev(shared) / math.sqrt(len(shared))


def correlations(photos: Gallery, seeds: int, depth: int) -> tuple[float, float, float]:
    """Of whole walks with successive seeds: mean and spread of Spearman's rho, and neighbours that stay neighbours."""
    walks = []
    for seed in range(seeds):
        items, _ = feed.page(feed.Place(seed, depth), len(photos.ranks), photos.read)
        walks.append([item.photo_id for item in items])
    both = list(zip(walks[::2], walks[1::2], strict=True))
    rho = [chi_square.rank_correlation(one, other) for one, other in both]
    return mean(rho), stdev(rho), mean(chi_square.kept_neighbours(one, other) for one, other in both)
