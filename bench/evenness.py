"""Measure how even the order is: single photos, pairs and seeds. docs/explanation/feed.md has the results.

`python -m bench.evenness 12 [100000]` compares 12 galleries of 100 photos instead, by this number of pages of ten.
`python -m bench.evenness 12 100000 sql` does so with the sizes of walks on an SQL store.
"""

import math
import sys

from chalicelib.domain.feed import FEW_PHOTOS, FEW_QUERIES, PUBLIC_MIN_DEPTH, WalkSizes
from tests.support import chi_square
from tests.support.feed_evenness import LIMIT, PAGES, correlations, crowding, first_pages, overlaps, pairs, singles
from tests.support.feed_gallery import Gallery

GALLERIES = (
    *((20, 5, 10), (50, 0, 10), (50, 5, 10), (100, 5, 10), (200, 5, 10), (1_000, 5, 10), (1_000, 0, 10)),
    *((10_000, 5, 10), (500, 5, 50), (500, 0, 50), (1_000, 5, 50), (1_000, 5, 100)),
)
"""The number of photos, the smallest depth, and the limit of the pages."""


def compare_galleries(galleries: int, pages: int, sizes: WalkSizes) -> None:
    """Print the evenness in several galleries of 100 photos, and the p-values of all galleries together."""
    p_values, excess, variance = [], 0.0, 0.0
    for seed in range(1, galleries + 1):
        photos = Gallery(100, seed, sizes)
        shown = first_pages(photos, PUBLIC_MIN_DEPTH, pages)
        single, crowded = singles(photos, shown), crowding(photos, shown, PUBLIC_MIN_DEPTH)
        p_values.append(single.p)
        excess, variance = excess + crowded.excess, variance + crowded.error**2
        print(
            f"gallery {seed:>2}: chi-square / degrees of freedom {single.ratio:.2f} (p {single.p:.3f}); "
            f"shown buckets {crowded.excess:+.2%} +- {crowded.error:.2%} larger",
            flush=True,
        )
    deviations = excess / math.sqrt(variance)
    print(
        f"{galleries} galleries, {pages:,} pages of ten in each: p {chi_square.combine(p_values):.3f} (Fisher); shown "
        f"buckets {excess / galleries:+.2%} +- {math.sqrt(variance) / galleries:.2%} larger "
        f"(p {2 * chi_square.normal_tail(abs(deviations)):.3f})"
    )


def main() -> None:
    if arguments := sys.argv[1:]:
        pages = int(arguments[1]) if len(arguments) > 1 else PAGES
        compare_galleries(int(arguments[0]), pages, FEW_PHOTOS if arguments[2:] == ["sql"] else FEW_QUERIES)
    else:
        measure_galleries()


def measure_galleries() -> None:
    """Print the evenness in galleries of several sizes, and compare successive seeds."""
    print(f"{PAGES:,} first pages: chi-square / degrees of freedom; pairs against the uniform ideal")
    for count, min_depth, limit in GALLERIES:
        photos = Gallery(count, seed=3)
        pages = first_pages(photos, min_depth, limit=limit)
        single = singles(photos, pages)
        pair = pairs(count, pages)
        print(
            f"{limit:>3} of {count:>6} photos, at least {1 << min_depth:>2} buckets: "
            f"{single.ratio:.2f} (p {single.p:.3f}, plain {single.plain_p:.3f}); worst pair {pair.worst:.0f} times, "
            f"{pair.often:.2%} of pairs above twice, the others {pair.others:.2f}"
        )
    photos = Gallery(500, seed=1)
    shared, error = overlaps(photos, 10_000)
    print(f"successive seeds, 500 photos: {shared:.3f} +- {error:.3f} shared of 10 (ideal {LIMIT**2 / 500:.3f})")
    rho, spread, kept_neighbours = correlations(photos, 1_000, depth=8)
    ideal = f"ideal 0, {1 / math.sqrt(499):.4f}"
    print(f"whole walks: rho {rho:.4f}, spread {spread:.4f} ({ideal}); kept neighbours {kept_neighbours:.1%}")


if __name__ == "__main__":
    main()
