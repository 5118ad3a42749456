"""Whole walks under churn: `python -m bench.walks [20000]` makes so many, of all kinds, and checks each.

A photo that is there throughout comes exactly once, none comes twice, the walk ends, no page but the last is empty.
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
    print(f"{walks:,} walks of {pages:,} pages under churn: every photo that stayed came exactly once.")


if __name__ == "__main__":
    main()
