"""Galleries in memory, read as an index of ranks is read, and charged as DynamoDB charges for it."""

import bisect
import math
import random
from collections.abc import Sequence

import msgspec

from chalicelib.domain import feed
from chalicelib.domain.feed import Place, Span
from chalicelib.domain.ids import PhotoId
from tests.support import row_sizes


class Item(msgspec.Struct, frozen=True):
    """All that the order needs of a photo, and its rank."""

    photo_id: PhotoId
    rank: int


class Gallery:
    """Photos by rank, as an index holds them. Counts what it is asked."""

    def __init__(self, count: int = 0, seed: int = 0) -> None:
        self.rng = random.Random(seed)
        self.ranks: list[tuple[int, PhotoId]] = []
        self.requests, self.units, self.items = 0, 0.0, 0
        self.reads: list[tuple[Span, float]] = []
        self.changes: list[tuple[PhotoId, bool]] = []
        """What came (True) and went since it was made."""
        for _ in range(count):
            photo_id = self._fresh()
            self.ranks.append((feed.rank(photo_id), photo_id))
        self.ranks.sort()

    def insert(self) -> PhotoId:
        """One photo more."""
        photo_id = self._fresh()
        self.put(photo_id)
        return photo_id

    def put(self, photo_id: PhotoId) -> None:
        """This photo, again."""
        self.changes.append((photo_id, True))
        bisect.insort(self.ranks, (feed.rank(photo_id), photo_id))

    def delete(self) -> PhotoId | None:
        """One photo less: which."""
        if not self.ranks:
            return None
        _rank, photo_id = self.ranks.pop(self.rng.randrange(len(self.ranks)))
        self.changes.append((photo_id, False))
        return photo_id

    def ids(self) -> set[PhotoId]:
        """All that are there."""
        return {photo_id for _, photo_id in self.ranks}

    def forget(self) -> None:
        """Count from nothing again."""
        self.requests, self.units, self.items = 0, 0.0, 0
        self.reads.clear()

    def read(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """The items of each span, as `feed.Read` asks for them; each span is a request."""
        found = [self.within(span, limit) for span in spans]
        self.requests += len(spans)
        self.items += sum(map(len, found))
        units = [row_sizes.read_units(len(each) * row_sizes.ROW_BYTES) for each in found]
        self.units += sum(units)
        self.reads += zip(spans, units, strict=True)
        return found

    def within(self, span: Span, limit: int | None) -> list[Item]:
        """The first `limit` items of a span, or all."""
        here = bisect.bisect_left(self.ranks, span.low, key=_by_rank)
        end = bisect.bisect_right(self.ranks, span.high, lo=here, key=_by_rank)
        return [Item(photo_id, rank) for rank, photo_id in self.ranks[here:end][:limit]]

    def new_walk(self, min_depth: int = 0, seed: int | None = None) -> Place:
        """The start of a walk, from the density beyond a random rank, as `lists` begins one."""
        looked_at = feed.sample_span(self.rng.getrandbits(64), min_depth)
        found = [item.rank for item in self.read([looked_at], feed.SAMPLE)[0]]
        seed = self.rng.getrandbits(64) if seed is None else seed
        return Place(seed, feed.depth_for(found, looked_at, min_depth))

    def first_page(
        self, limit: int = 10, min_depth: int = 0, seed: int | None = None
    ) -> tuple[list[Item], Place | None]:
        """A fresh walk's first page, and where the next one begins."""
        return feed.begin(self.new_walk(min_depth, seed), limit, self.read, min_depth)

    def _fresh(self) -> PhotoId:
        return PhotoId(f"{self.rng.getrandbits(128):032x}")


class BigGallery(Gallery):
    """A gallery too large to be in memory: ranks are a Poisson process, made cell by cell when they are read.

    A cell's photos follow from the gallery's seed and the cell's number. Their ids are not hashed into their ranks,
    as nobody can invert that; the walk's own order and reads are the same.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self._seed, self._cell_bits = seed, max(int(math.log2(count / 4)), 0)
        self._mean = count / (1 << self._cell_bits)

    def within(self, span: Span, limit: int | None) -> list[Item]:
        """The first `limit` items of a span, or all."""
        shift = feed.RANK_BITS - self._cell_bits
        found: list[Item] = []
        for cell in range(span.low >> shift, (span.high >> shift) + 1):
            found += [item for item in self._cell(cell, shift) if span.low <= item.rank <= span.high]
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    def _cell(self, cell: int, shift: int) -> list[Item]:
        rng = random.Random(self._seed << feed.RANK_BITS | cell)
        ranks = sorted((cell << shift) + rng.getrandbits(shift) for _ in range(_poisson(self._mean, rng)))
        return [Item(PhotoId(f"{rank:032x}"), rank) for rank in ranks]


def walk(
    gallery: Gallery, min_depth: int = 0, limits: Sequence[int] = (10,), pages: int | None = None
) -> tuple[list[list[Item]], Place | None]:
    """The first `pages` of a walk, or all of it; `limits` take turns."""
    items, place = gallery.first_page(limits[0], min_depth)
    shown = [items]
    while place and len(shown) != pages:
        items, place = feed.page(place, limits[len(shown) % len(limits)], gallery.read, min_depth)
        shown.append(items)
    return shown, place


def _by_rank(entry: tuple[int, PhotoId]) -> int:
    return entry[0]


def _poisson(mean: float, rng: random.Random) -> int:
    """Knuth, "The Art of Computer Programming", volume 2, section 3.4.1."""
    count, product, least = 0, rng.random(), math.exp(-mean)
    while product > least:
        count, product = count + 1, product * rng.random()
    return count
