"""Other ways to show photos in random order, on the same gallery and under the same charges."""

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
    """Pages of ten out of a gallery that may change between them."""

    name: str
    in_walk: bool
    """Whether a page goes on where the last one ended."""

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """A walk: as many pages as the gallery has tens at first, or until it ends by itself."""


class Ours:
    """The random order of `feed`."""

    name, in_walk = "Photoshare", True

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """A walk."""
        found, place = photos.first_page(LIMIT, feed.PUBLIC_MIN_DEPTH)
        yield [item.photo_id for item in found]
        while place:
            found, place = feed.page(place, LIMIT, photos.read, feed.PUBLIC_MIN_DEPTH)
            yield [item.photo_id for item in found]


class ScanAndSample:
    """Read all, show ten of them: what `random.sample` over a Scan does."""

    name, in_walk = "scan and sample", False

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """Pages that know nothing of each other."""
        for _ in range(math.ceil(len(photos.ranks) / LIMIT)):
            everything = len(photos.ranks) * row_sizes.ROW_BYTES
            photos.items += len(photos.ranks)
            photos.requests += math.ceil(everything / _PAGE_BYTES)
            photos.units += row_sizes.read_units(everything)
            chosen = photos.rng.sample(photos.ranks, min(LIMIT, len(photos.ranks)))
            yield [photo_id for _, photo_id in chosen]


class RandomStart:
    """Ten from a random rank on, then the next ten, once around: the strongest form of a random start."""

    name, in_walk = "random start", True

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """A walk."""
        start = photos.rng.getrandbits(feed.RANK_BITS)
        after, around = start - 1, False
        while True:
            wanted, page = LIMIT, list[PhotoId]()
            while wanted:
                last = start - 1 if around else feed.RANKS - 1
                (found,) = photos.read([feed.Span(after + 1, last)], wanted) if after < last else ([],)
                page += [item.photo_id for item in found]
                wanted -= len(found)
                if wanted and around:
                    yield page
                    return
                after, around = (-1, True) if wanted else (found[-1].rank, around)
            yield page
