"""Walk through galleries during inserts and deletes, and check that each walk is exact.

A photo that exists during the whole walk appears exactly once. No photo appears twice. The walk ends.
No page except the last is empty.
"""

from collections import Counter

import msgspec

from chalicelib.domain import feed
from chalicelib.domain.ids import PhotoId
from tests.support.feed_gallery import Gallery

MIN_DEPTHS = (0, 5)


class Churn(msgspec.Struct, frozen=True):
    """The maximum number of changes of a gallery between two pages."""

    inserts: int = 0
    deletes: int = 0
    hides: int = 0
    shows: int = 0
    vanishing: float = 0
    """The probability that almost all photos are deleted between two pages."""


class Broken(AssertionError):
    """A walk was not exact. The message says how."""


def check_walk(gallery: Gallery, min_depth: int, churn: Churn, largest: int = 30) -> int:
    """Walk through `gallery` in pages of up to `largest` photos, with churn between them. Return the number of pages.

    Raises:
        Broken: a photo appeared twice, a photo that existed during the whole walk never appeared, or a page before the
            last was empty.
    """
    rng, hidden = gallery.rng, list[PhotoId]()
    throughout, walked = gallery.ids(), list[PhotoId]()
    items, place = gallery.first_page(rng.randint(1, largest), min_depth)
    pages = 1
    while place:
        if not items:
            raise Broken("a page before the last is empty")
        walked += [item.photo_id for item in items]
        throughout &= _apply_churn(gallery, churn, hidden)
        items, place = feed.read_page(place, rng.randint(1, largest), gallery.read, min_depth)
        pages += 1
    walked += [item.photo_id for item in items]
    if twice := [photo_id for photo_id, times in Counter(walked).items() if times > 1]:
        raise Broken(f"{twice} came twice")
    if missed := throughout.difference(walked):
        raise Broken(f"{missed} never came")
    return pages


def _apply_churn(gallery: Gallery, churn: Churn, hidden: list[PhotoId]) -> set[PhotoId]:
    """Change the gallery. Return the ids of the photos that existed before and still exist."""
    rng, before = gallery.rng, gallery.ids()
    if rng.random() < churn.vanishing:
        gallery.ranks = sorted(rng.sample(gallery.ranks, min(rng.randrange(4), len(gallery.ranks))))
    for _ in range(rng.randint(0, churn.deletes)):
        gallery.delete()
    removed = [gallery.delete() for _ in range(rng.randint(0, churn.hides))]
    hidden.extend(photo_id for photo_id in removed if photo_id)
    remaining = before & gallery.ids()
    for _ in range(rng.randint(0, churn.inserts)):
        gallery.insert()
    for _ in range(min(rng.randint(0, churn.shows), len(hidden))):
        gallery.put(hidden.pop(rng.randrange(len(hidden))))
    return remaining
