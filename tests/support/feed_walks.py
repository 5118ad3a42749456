"""Walk through whole galleries under churn, and check that each walk is exact.

A photo that is there throughout comes exactly once, none comes twice, the walk ends, no page but the last is empty.
"""

from collections import Counter

import msgspec

from chalicelib.domain import feed
from chalicelib.domain.ids import PhotoId
from tests.support.feed_gallery import Gallery

MIN_DEPTHS = (0, 5)


class Churn(msgspec.Struct, frozen=True):
    """What happens to a gallery between two pages, at most."""

    inserts: int = 0
    deletes: int = 0
    hides: int = 0
    shows: int = 0
    vanishing: float = 0
    """The share of galleries, page by page, of which all but a few photos are deleted at once."""


class Broken(AssertionError):
    """A walk was not exact. The message says how."""


def check_walk(gallery: Gallery, min_depth: int, churn: Churn, largest: int = 30) -> int:
    """Walk through `gallery` in pages of up to `largest`, with churn between them; how many pages it took.

    Raises:
        Broken: a photo came twice, or not at all though it was there throughout, or a page before the last was empty.
    """
    rng, hidden = gallery.rng, list[PhotoId]()
    throughout, seen = gallery.ids(), list[PhotoId]()
    items, place = gallery.first_page(rng.randint(1, largest), min_depth)
    pages = 1
    while place:
        if not items:
            raise Broken("a page that is not the last is empty")
        seen += [item.photo_id for item in items]
        throughout &= _apply_churn(gallery, churn, hidden)
        items, place = feed.page(place, rng.randint(1, largest), gallery.read, min_depth)
        pages += 1
    seen += [item.photo_id for item in items]
    if twice := [photo_id for photo_id, times in Counter(seen).items() if times > 1]:
        raise Broken(f"{twice} came twice")
    if missed := throughout.difference(seen):
        raise Broken(f"{missed} never came")
    return pages


def _apply_churn(gallery: Gallery, churn: Churn, hidden: list[PhotoId]) -> set[PhotoId]:
    """What is still there of what was."""
    rng, before = gallery.rng, gallery.ids()
    if rng.random() < churn.vanishing:
        gallery.ranks = sorted(rng.sample(gallery.ranks, min(rng.randrange(4), len(gallery.ranks))))
    for _ in range(rng.randint(0, churn.deletes)):
        gallery.delete()
    taken = [gallery.delete() for _ in range(rng.randint(0, churn.hides))]
    hidden.extend(photo_id for photo_id in taken if photo_id)
    still = before & gallery.ids()
    for _ in range(rng.randint(0, churn.inserts)):
        gallery.insert()
    for _ in range(min(rng.randint(0, churn.shows), len(hidden))):
        gallery.put(hidden.pop(rng.randrange(len(hidden))))
    return still
