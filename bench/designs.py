"""Alternative designs of the random order, measured with the same gallery and the same costs."""

import math
from collections.abc import Iterator
from typing import Protocol

from chalicelib.domain import feed
from chalicelib.domain.ids import PhotoId
from tests.support import row_sizes
from tests.support.feed_gallery import Gallery

LIMIT = 10
_PAGE_BYTES = 1 << 20


class Design(Protocol):
    """Return pages of ten photos from a gallery that may change between the pages."""

    name: str
    in_walk: bool
    """True if a page starts after the end of the previous page."""

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """Yield the pages of a walk, up to a tenth of the initial number of photos, or until the walk ends."""


class Ours:
    """The random order of `feed`."""

    name, in_walk = "Photoshare", True

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """Yield the pages of a walk."""
        items, place = photos.first_page(LIMIT, feed.PUBLIC_MIN_DEPTH)
        yield [item.photo_id for item in items]
        while place:
            items, place = feed.read_page(place, LIMIT, photos.read, feed.PUBLIC_MIN_DEPTH)
            yield [item.photo_id for item in items]


class ScanAndSample:
    """Read all photos and show ten of them, as `random.sample` over a Scan does."""

    name, in_walk = "scan and sample", False

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """Yield independent pages."""
        for _ in range(math.ceil(len(photos.ranks) / LIMIT)):
            size = len(photos.ranks) * row_sizes.ROW_BYTES
            photos.items += len(photos.ranks)
            photos.requests += math.ceil(size / _PAGE_BYTES)
            photos.units += row_sizes.read_units(size)
            chosen = photos.rng.sample(photos.ranks, min(LIMIT, len(photos.ranks)))
            yield [photo_id for _, photo_id in chosen]


class RandomStart:
    """Show ten photos that follow a random rank, then the next ten, until all photos are shown.

    No other design with a random start is better.
    """

    name, in_walk = "random start", True

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """Yield the pages of a walk."""
        start = photos.rng.getrandbits(feed.RANK_BITS)
        after, around = start - 1, False
        while True:
            missing, page = LIMIT, list[PhotoId]()
            while missing:
                last = start - 1 if around else feed.RANKS - 1
                (items,) = photos.read([feed.Span(after + 1, last)], missing) if after < last else ([],)
                page += [item.photo_id for item in items]
                missing -= len(items)
                if missing and around:
                    yield page
                    return
                after, around = (-1, True) if missing else (items[-1].rank, around)
            yield page
