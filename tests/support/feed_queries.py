"""Count the queries of pages in simulated galleries."""

from statistics import mean
from typing import NamedTuple

from chalicelib.domain import feed
from tests.support.feed_gallery import BigGallery, Gallery

_LARGEST_IN_MEMORY = 20_000


class Queries(NamedTuple):
    """The numbers of queries of the first pages and of the later pages of walks."""

    first: list[int]
    later: list[int]


def count_queries(count: int, limit: int, *, min_depth: int, walks: int, pages: int = 6, galleries: int = 4) -> Queries:
    """Count the queries of the pages of `walks` walks through each of several galleries with `count` photos."""
    queries = Queries([], [])
    for seed in range(galleries):
        gallery = Gallery(count, seed) if count <= _LARGEST_IN_MEMORY else BigGallery(count, seed)
        for _ in range(walks):
            position, counts = None, queries.first
            for _ in range(pages):
                gallery.forget()
                if position:
                    _items, position = feed.read_page(position, limit, gallery.read, min_depth)
                else:
                    _items, position = gallery.first_page(limit, min_depth)
                counts.append(gallery.requests)
                if position is None:
                    break
                counts = queries.later
    return queries


def describe(counts: list[int], most: int) -> str:
    """Return the mean and the maximum of these counts, and the share that exceeds `most`."""
    if not counts:
        return "no pages"
    exceeding = sum(count > most for count in counts) / len(counts)
    return f"mean {mean(counts):4.1f}, largest {max(counts):3}, {exceeding:5.1%} above {most}"
