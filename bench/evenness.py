"""How even the order is: single photos, pairs and seeds. `python -m bench.evenness` prints what docs/feed.md says."""

import math
from collections import Counter
from itertools import combinations
from statistics import mean, stdev

import msgspec

from bench import chance
from bench.gallery import Gallery
from chalicelib.domain import feed
from chalicelib.domain.ids import PhotoId

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
    ratio, plain_p = chance.chi_square(shown.values(), drawn=LIMIT)
    freedom = (count - 1) / (1 + 2 * related / count)
    return Singles(ratio, plain_p, chance.upper_tail(ratio * freedom, freedom))


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
    rho = [chance.rank_correlation(one, other) for one, other in both]
    return mean(rho), stdev(rho), mean(chance.kept_neighbours(one, other) for one, other in both)


def main() -> None:
    print(f"{PAGES:,} first pages of {LIMIT}: chi-square / degrees of freedom; pairs against the uniform ideal")
    for count, min_depth in ((20, 5), (50, 0), (50, 5), (100, 5), (200, 5), (1_000, 5), (1_000, 0), (10_000, 5)):
        photos = Gallery(count, seed=3)
        pages = first_pages(photos, min_depth)
        single = singles(photos, pages)
        met = pairs(count, pages)
        print(
            f"{count:>6} photos, at least {1 << min_depth:>2} buckets: {single.ratio:.2f} (p {single.p:.3f}, plain "
            f"{single.plain_p:.3f}); worst pair {met.worst:.0f} times, "
            f"{met.often:.2%} of pairs over twice, the others {met.others:.2f}"
        )
    photos = Gallery(500, seed=1)
    shared, error = overlaps(photos, 10_000)
    print(f"successive seeds, 500 photos: {shared:.3f} +- {error:.3f} shared of 10 (ideal {LIMIT**2 / 500:.3f})")
    rho, spread, kept = correlations(photos, 1_000, depth=8)
    ideal = f"ideal 0, {1 / math.sqrt(499):.4f}"
    print(f"whole walks: rho {rho:.4f}, spread {spread:.4f} ({ideal}); kept neighbours {kept:.1%}")


if __name__ == "__main__":
    main()
