"""Measure how even the order is: single photos, pairs and seeds. docs/explanation/feed.md has the results."""

import math

from tests.support.feed_evenness import LIMIT, PAGES, correlations, first_pages, overlaps, pairs, singles
from tests.support.feed_gallery import Gallery

GALLERIES = (
    *((20, 5, 10), (50, 0, 10), (50, 5, 10), (100, 5, 10), (200, 5, 10), (1_000, 5, 10), (1_000, 0, 10)),
    *((10_000, 5, 10), (500, 5, 50), (500, 0, 50), (1_000, 5, 50), (1_000, 5, 100)),
)
"""The number of photos, the smallest depth, and the limit of the pages."""


def main() -> None:
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
