"""Search: one page of the photos that match every word of a query."""

from collections.abc import Sequence

from chalicelib.domain import errors
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.listing import Listing, Page
from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import SearchQuery
from chalicelib.domain.terms import search_words
from chalicelib.stores.protocols import SearchIndex


def page(index: SearchIndex, keys: Sequence[str], query: SearchQuery, *, by: UserId | None) -> Page[Photo]:
    """Return one page of the photos that match every word of `query`, newest first.

    `keys` sign the cursors, the newest key last. A page may be short although it is not the last one.

    Raises:
        InvalidToken: a visitor asks for `scope=mine`.
        InvalidCursor: `lastKey` does not belong to this search.
    """
    if query.scope == "mine" and by is None:
        raise errors.InvalidToken
    listing = Listing(scope="owner", owner=by) if query.scope == "mine" else Listing(scope="public")
    cursors = Cursors(keys, by, "search", query.scope, query.q)
    place = cursors.open(query.last_key)
    found = index.search(listing, search_words(query.q), query.limit, after=PhotoId(place[0]) if place else None)
    return Page(found.photos, cursors.seal([found.next_after]) if found.next_after else None)
