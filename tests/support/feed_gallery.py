"""Galleries in memory that can be read like an index of ranks. Reads cost the same as in DynamoDB."""

import bisect
import math
import random
from collections.abc import Sequence

import msgspec

from chalicelib.domain import feed, feed_start
from chalicelib.domain.feed import FEW_QUERIES, Span, Walk, WalkSizes
from chalicelib.domain.ids import PhotoId
from tests.support import row_sizes


class Item(msgspec.Struct, frozen=True):
    """The attributes of a photo that the random order needs."""

    photo_id: PhotoId
    rank: int


class Gallery:
    """Photos sorted by rank, as in an index. Counts the requests and their cost."""

    def __init__(self, count: int = 0, seed: int = 0, sizes: WalkSizes = FEW_QUERIES) -> None:
        self.rng, self.sizes = random.Random(seed), sizes
        self.ranks: list[tuple[int, PhotoId]] = []
        self.requests, self.units, self.items = 0, 0.0, 0
        self.reads: list[tuple[Span, float]] = []
        self.changes: list[tuple[PhotoId, bool]] = []
        """The inserted (True) and deleted (False) photos, in order."""
        for _ in range(count):
            photo_id = self._new_id()
            self.ranks.append((feed.compute_rank(photo_id), photo_id))
        self.ranks.sort()

    def insert(self) -> PhotoId:
        """Insert a new photo. Return its id."""
        photo_id = self._new_id()
        self.put(photo_id)
        return photo_id

    def put(self, photo_id: PhotoId) -> None:
        """Insert this photo."""
        self.changes.append((photo_id, True))
        bisect.insort(self.ranks, (feed.compute_rank(photo_id), photo_id))

    def delete(self) -> PhotoId | None:
        """Delete a random photo. Return its id, or None if the gallery is empty."""
        if not self.ranks:
            return None
        _rank, photo_id = self.ranks.pop(self.rng.randrange(len(self.ranks)))
        self.changes.append((photo_id, False))
        return photo_id

    def ids(self) -> set[PhotoId]:
        """Return the ids of all photos."""
        return {photo_id for _, photo_id in self.ranks}

    def forget(self) -> None:
        """Reset the counts."""
        self.requests, self.units, self.items = 0, 0.0, 0
        self.reads.clear()

    def read(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """Return the items of each span, as `feed.Reader` requires. Count each span as one request."""
        results = [self.within(span, limit) for span in spans]
        self.requests += len(spans)
        self.items += sum(map(len, results))
        units = [row_sizes.read_units(len(items) * row_sizes.ROW_BYTES) for items in results]
        self.units += sum(units)
        self.reads += zip(spans, units, strict=True)
        return results

    def within(self, span: Span, limit: int | None) -> list[Item]:
        """Return the first `limit` items of a span, or all items if `limit` is None."""
        start = bisect.bisect_left(self.ranks, span.low, key=_by_rank)
        end = bisect.bisect_right(self.ranks, span.high, lo=start, key=_by_rank)
        return [Item(photo_id, rank) for rank, photo_id in self.ranks[start:end][:limit]]

    def new_walk(self, limit: int = 10, min_depth: int = 0, seed: int | None = None) -> Walk:
        """Return the start of a walk. Estimate the density from the ranks after a random rank, as the service does."""
        sample = feed_start.choose_sample(self.rng.getrandbits(64), min_depth)
        ranks = [item.rank for item in self.read([sample], feed_start.choose_sample_size(limit, self.sizes))[0]]
        seed = self.rng.getrandbits(64) if seed is None else seed
        return feed_start.start_walk(seed, ranks, sample, limit, min_depth, self.sizes)

    def first_page(
        self, limit: int = 10, min_depth: int = 0, seed: int | None = None
    ) -> tuple[list[Item], Walk | None]:
        """Return the first page of a new walk, and the start of the next page."""
        walk = self.new_walk(limit, min_depth, seed)
        return feed_start.read_first_page(walk, limit, self.read, min_depth, self.sizes)

    def _new_id(self) -> PhotoId:
        return PhotoId(f"{self.rng.getrandbits(128):032x}")


class BigGallery(Gallery):
    """A gallery that is too large to keep in memory.

    The ranks are a Poisson process. A read generates the cells that it needs, from the seed of the gallery and the
    number of the cell. The ranks are not hashes of the ids, because a hash cannot be inverted. This does not affect
    the order and the reads of a walk.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self._seed, self._cell_bits = seed, max(int(math.log2(count / 4)), 0)
        self._mean = count / (1 << self._cell_bits)

    def within(self, span: Span, limit: int | None) -> list[Item]:
        """Return the first `limit` items of a span, or all items if `limit` is None."""
        shift = feed.RANK_BITS - self._cell_bits
        items: list[Item] = []
        for cell in range(span.low >> shift, (span.high >> shift) + 1):
            items += [item for item in self._cell(cell, shift) if span.low <= item.rank <= span.high]
            if limit is not None and len(items) >= limit:
                break
        return items[:limit]

    def _cell(self, cell: int, shift: int) -> list[Item]:
        rng = random.Random(self._seed << feed.RANK_BITS | cell)
        ranks = sorted((cell << shift) + rng.getrandbits(shift) for _ in range(_poisson(self._mean, rng)))
        return [Item(PhotoId(f"{rank:032x}"), rank) for rank in ranks]


def walk(
    gallery: Gallery, min_depth: int = 0, limits: Sequence[int] = (10,), pages: int | None = None
) -> tuple[list[list[Item]], Walk | None]:
    """Return the first `pages` pages of a walk, or all pages, and the start of the next page.

    Use the `limits` of the pages in turn.
    """
    items, position = gallery.first_page(limits[0], min_depth)
    walked = [items]
    while position and len(walked) != pages:
        items, position = feed.read_page(position, limits[len(walked) % len(limits)], gallery.read, min_depth)
        walked.append(items)
    return walked, position


def _by_rank(entry: tuple[int, PhotoId]) -> int:
    return entry[0]


def _poisson(mean: float, rng: random.Random) -> int:
    """Draw from a Poisson distribution (Knuth, "The Art of Computer Programming", volume 2, section 3.4.1)."""
    count, product, threshold = 0, rng.random(), math.exp(-mean)
    while product > threshold:
        count, product = count + 1, product * rng.random()
    return count
