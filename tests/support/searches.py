"""Search a store without HTTP."""

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.terms import parse_query_words
from tests.support.rows import Backend, ids


def find_all(backend: Backend, text: str, listing: Listing, limit: int = 100) -> list[PhotoId]:
    """Return the ids on all pages of a search."""
    photo_ids, after = list[PhotoId](), None
    while True:
        page = backend.search.search(listing, parse_query_words(text), limit, after=after)
        photo_ids, after = photo_ids + ids(page.photos), page.next_after
        if after is None:
            return photo_ids
