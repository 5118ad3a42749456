"""Measure the load of the hottest partition at 10,000 pages per second: `python -m bench.heat`.

Each shard of the public ranks is one partition key. DynamoDB serves up to 3,000 read units per second from it.
"""

from chalicelib.domain import feed
from chalicelib.stores.dynamodb import items
from tests.support import feed_gallery
from tests.support.feed_gallery import BigGallery

PAGES_A_SECOND = 10_000
LIMIT = 3_000
SESSION = 3
"""The number of pages that a visitor reads."""


def shard_load(count: int, shard_bits: int) -> tuple[float, float]:
    """Return the read units per second of all shards and of the hottest shard."""
    photos, pages = BigGallery(count, seed=1), 0
    shards = dict.fromkeys(range(1 << shard_bits), 0.0)
    while pages < PAGES_A_SECOND:
        pages += len(feed_gallery.walk(photos, shard_bits, pages=SESSION)[0])
    for span, units in photos.reads:
        shards[span.low >> (feed.RANK_BITS - shard_bits)] += units
    scale = PAGES_A_SECOND / pages
    return photos.units * scale, max(shards.values()) * scale


def main() -> None:
    print(f"{PAGES_A_SECOND:,} pages of 10 a second, {SESSION} of each walk; a partition serves {LIMIT:,} read units")
    for count in (100, 1_000, 100_000, 10**8):
        for shard_bits in (4, items.PUBLIC_SHARD_BITS):
            total, hottest = shard_load(count, shard_bits)
            print(
                f"{count:>11,} photos, {1 << shard_bits} shards: {total:>9,.0f} read units a second, "
                f"hottest {hottest:>6,.0f} = {hottest / total:.1%} of all, {hottest / LIMIT:.0%} of its limit"
            )


if __name__ == "__main__":
    main()
