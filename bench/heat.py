"""Compute the load of the hottest partitions: `python -m bench.heat`.

Reads: each shard of the public ranks is one partition key. DynamoDB serves up to 3,000 read units per second from it.
Writes: all public photos share one key in two indexes. DynamoDB takes up to 1,000 write units per second on it.
"""

from chalicelib.domain import feed
from chalicelib.stores.dynamodb import items
from tests.support import feed_gallery, write_heat
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


def print_writes() -> None:
    """Print the write units of each change on the shared keys, and the load of stages of several sizes."""
    print(f"\nwrites on a key that all public photos share, which takes {write_heat.LIMIT:,} units a second")
    for name, (before, after) in write_heat.list_changes().items():
        units = write_heat.write_units(before, after)
        most = write_heat.LIMIT // max(units.values())
        print(f"a photo {name:<17} {units} = at most {most} a second")
    for photos in (10**6, 10**7, 10**8):
        load = write_heat.load_at_peak(photos)
        print(f"{photos:>11,} public photos a month, {write_heat.RATINGS_A_PHOTO} rating each, at the peak: {load}")


def main() -> None:
    print(f"{PAGES_A_SECOND:,} pages of 10 a second, {SESSION} of each walk; a partition serves {LIMIT:,} read units")
    for count in (100, 1_000, 100_000, 10**8):
        for shard_bits in (4, items.PUBLIC_SHARD_BITS):
            total, hottest = shard_load(count, shard_bits)
            print(
                f"{count:>11,} photos, {1 << shard_bits} shards: {total:>9,.0f} read units a second, "
                f"hottest {hottest:>6,.0f} = {hottest / total:.1%} of all, {hottest / LIMIT:.0%} of its limit"
            )
    print_writes()


if __name__ == "__main__":
    main()
