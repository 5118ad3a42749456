"""Count the queries of a page of the random feed by gallery size and limit: `python -m bench.feed_queries`.

The galleries are simulated, with the same code as the service. A walk keeps its limit. `python -m bench.feed_queries
1000` makes this number of walks through each of four galleries of each size.
"""

import sys

from chalicelib.domain import feed
from tests.support.feed_queries import Queries, count_queries, describe

SIZES = (100, 500, 800, 1_000, 1_600, 3_000, 10_000, 10**6, 10**8)
"""The numbers of photos. If a gallery has 800 or 1,600 photos, the buckets of pages of 50 and 100 are smallest."""
LARGEST_ALBUM = 10_000
GOALS = {10: 16, 50: 12, 100: 20}
"""The largest number of queries that a page should make, by limit."""
SMALLEST_WITH_GOAL = 500
WALKS = 100


def main() -> None:
    walks = int(sys.argv[1]) if len(sys.argv) > 1 else WALKS
    for limit, most in GOALS.items():
        total = Queries([], [])
        for name, min_depth in (("public", feed.PUBLIC_MIN_DEPTH), ("one owner or album", 0)):
            for count in (size for size in SIZES if min_depth or size <= LARGEST_ALBUM):
                first, later = count_queries(count, limit, min_depth=min_depth, walks=walks)
                print(
                    f"limit {limit:>3}, {name:<18} {count:>11,} photos: first pages {describe(first, most)}; "
                    f"later pages {describe(later, most)}",
                    flush=True,
                )
                if count >= SMALLEST_WITH_GOAL:
                    total.first.extend(first)
                    total.later.extend(later)
        print(
            f"limit {limit:>3}, at least {SMALLEST_WITH_GOAL} photos: above {most} queries: "
            f"{count_above(total.first, most)} first pages, {count_above(total.later, most)} later pages",
            flush=True,
        )


def count_above(queries: list[int], most: int) -> str:
    """Return how many of these pages made more than `most` queries, and the largest number."""
    return f"{sum(count > most for count in queries):,} of {len(queries):,} (largest {max(queries)})"


if __name__ == "__main__":
    main()
