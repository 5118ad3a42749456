"""Check whole walks during inserts and deletes: `python -m bench.walks [20000]` makes this number of walks.

A photo that exists during the whole walk appears exactly once. No photo appears twice. The walk ends.
No page except the last is empty.
"""

import random
import sys

from tests.support.feed_gallery import Gallery
from tests.support.feed_walks import MIN_DEPTHS, Churn, check_walk


def main() -> None:
    walks = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng, pages = random.Random(1), 0
    for number in range(walks):
        inserts, deletes, hides, shows = (rng.choice((0, 1, 5)) for _ in range(4))
        churn = Churn(inserts, deletes, hides, shows, rng.choice((0, 0, 0.02)))
        gallery = Gallery(rng.randint(0, rng.choice((0, 1, 10, 11, 50, 200, 1000))), seed=number)
        pages += check_walk(gallery, rng.choice(MIN_DEPTHS), churn, rng.choice((1, 10, 30)))
    print(f"{walks:,} walks of {pages:,} pages under churn: every photo that stayed appeared exactly once.")


if __name__ == "__main__":
    main()
