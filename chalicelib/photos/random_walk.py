"""Start and continue walks through photos in random order."""

import secrets
from typing import Any

import msgspec

from chalicelib.domain import feed, feed_start


def read_next_items[Item: feed.HasId](
    read: feed.Reader[Item], limit: int, position: list[Any] | None, sizes: feed.WalkSizes, *, min_depth: int = 0
) -> tuple[list[Item], list[Any] | None]:
    """Return the next items of a walk and the position after them, or None as the position at the end.

    `read` reads items by rank. `position` is the content of a cursor, or None to start a new walk.
    The `sizes` are those of the store.
    """
    if position:
        items, next_position = feed.read_page(msgspec.convert(position, feed.Walk), limit, read, min_depth)
    else:
        walk = _start_walk(read, limit, min_depth, sizes)
        items, next_position = feed_start.read_first_page(walk, limit, read, min_depth, sizes)
    return items, msgspec.to_builtins(next_position) if next_position else None


def _start_walk[Item: feed.HasId](
    read: feed.Reader[Item], limit: int, min_depth: int, sizes: feed.WalkSizes
) -> feed.Walk:
    """Return the start of a walk with a new seed. Estimate the density of photos from a random sample."""
    sample = feed_start.choose_sample(secrets.randbits(feed.RANK_BITS), min_depth)
    (items,) = read([sample], feed_start.choose_sample_size(limit, sizes))
    ranks = [feed.compute_rank(item.photo_id) for item in items]
    return feed_start.start_walk(secrets.randbits(64), ranks, sample, limit, min_depth, sizes)
