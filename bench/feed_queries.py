"""Count the queries of a page of the random feed by gallery size and limit: `python -m bench.feed_queries`.

The galleries are simulated, with the same code as the service. A walk keeps its limit.
"""

from chalicelib.domain import feed
from tests.support.feed_queries import count_queries, describe

SIZES = (100, 500, 1_000, 3_000, 10_000, 10**6, 10**8)
GOALS = {10: 16, 50: 12, 100: 20}
"""The largest number of queries that a page should make, by limit."""
WALKS = 100


def main() -> None:
    for limit, most in GOALS.items():
        for name, min_depth, sizes in (("public", feed.PUBLIC_MIN_DEPTH, SIZES), ("one owner or album", 0, SIZES[:5])):
            for count in sizes:
                first, later = count_queries(count, limit, min_depth=min_depth, walks=WALKS)
                print(
                    f"limit {limit:>3}, {name:<18} {count:>11,} photos: first pages {describe(first, most)}; "
                    f"later pages {describe(later, most)}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
