"""Search: from words to the photos that hold all of them, newest first, a page at a time."""

from collections.abc import Sequence

from chalicelib.domain import errors
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.listing import Listing, Page
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.requests import SearchQuery
from chalicelib.domain.terms import Sought, found_by, sought
from chalicelib.stores.protocols import Postings, SearchIndex

BLOCK = 100
"""Photos that are read off a word's list at once."""
ROUNDS = 10
"""Blocks of the rarest word that a page looks through at most; a page that still is not full is given out short."""
_LISTS = 4
"""Words whose lists are read beyond the first block; on the few photos that are left the others are checked."""


def page(index: SearchIndex, keys: Sequence[str], query: SearchQuery, *, by: UserId | None) -> Page[Photo]:
    """One page of the photos that hold every word of `query`. `keys`: of the cursors, newest last.

    A page is short, though not the last, where the rarest word is on `ROUNDS * BLOCK` photos in a row that lack
    another. Without any word it is empty.

    Raises:
        InvalidToken: `scope=mine` without being signed in.
        InvalidCursor: `lastKey` is not of this search.
    """
    if query.scope == "mine" and by is None:
        raise errors.InvalidToken
    listing = Listing(scope="owner", owner=by) if query.scope == "mine" else Listing(scope="public")
    cursors = Cursors(keys, by, "search", query.scope, query.q)
    place = cursors.open(query.last_key)
    found, then = _found(index, listing, sought(query.q), query.limit, PhotoId(place[0]) if place else None)
    return Page(found, cursors.seal([then]) if then else None)


def _found(
    index: SearchIndex, listing: Listing, words: list[Sought], limit: int, after: PhotoId | None
) -> tuple[list[Photo], PhotoId | None]:
    """Up to `limit` photos beyond `after`, and where the next page begins; None at the end."""
    if not 0 < len(words) <= MAX_TERMS:
        return [], None
    found: list[Photo] = []
    looked_up, size = words, limit + 1 if len(words) == 1 else BLOCK
    for _ in range(ROUNDS):
        lists = index.postings(listing, looked_up, size, after=after)
        by_rarity = sorted(range(len(lists)), key=lambda place: _reach(lists[place]))
        rarest = lists[by_rarity[0]]
        candidates = [photo_id for photo_id in rarest.ids if all(each.may_hold(photo_id) for each in lists)]
        found += _checked(index, listing, words, candidates, limit + 1 - len(found))
        if len(found) > limit:
            return found[:limit], found[limit - 1].photo_id
        if rarest.through is None:
            return found, None
        after, size = rarest.through, BLOCK
        looked_up = [looked_up[place] for place in by_rarity[:_LISTS]]
    return found, after


def _reach(postings: Postings) -> tuple[str, int]:
    """Less for a rarer word: as many photos of it reach farther back."""
    return postings.through or "", len(postings.ids)


def _checked(
    index: SearchIndex, listing: Listing, words: list[Sought], candidates: list[PhotoId], wanted: int
) -> list[Photo]:
    """At least the first `wanted` of the candidates that, as they are now, belong here and hold every word."""
    public = listing.scope == "public"

    def holds(photo: Photo) -> bool:
        found = found_by(photo, public=public)
        return listing.holds(photo) and all(word.among(found) for word in words)

    found: list[Photo] = []
    size = wanted
    while candidates and len(found) < wanted:
        found += filter(holds, index.photos(candidates[:size]))
        # The fewer of them hold every word, the more are read at once.
        candidates, size = candidates[size:], size * 2
    return found
