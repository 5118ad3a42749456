"""Use case of search: find the photos that match every word, newest first."""

from collections.abc import Sequence

from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing, Page
from chalicelib.domain.requests import SearchQuery
from chalicelib.domain.terms import parse_query_words
from chalicelib.photos.views import AnyPhotoView, PhotoPresenter
from chalicelib.stores.protocols import SearchIndex


class Search:
    """Search photos."""

    def __init__(self, index: SearchIndex, presenter: PhotoPresenter, signing_keys: Sequence[str]) -> None:
        """`signing_keys` sign the cursors. The newest key comes last."""
        self._index, self._presenter, self._keys = index, presenter, signing_keys

    def list_page(self, query: SearchQuery, *, by: Caller | None) -> Page[AnyPhotoView]:
        """Return one page of the photos that match every word of `query`. If `query` has no word, the page is empty.

        A page can be short or empty before the end of the list. Only the last page has no `lastKey`.

        Raises:
            InvalidToken: a visitor requests `scope=mine`.
            InvalidCursor: `lastKey` is not a cursor of this search.
        """
        if query.scope == "mine" and by is None:
            raise errors.InvalidToken
        owner = by.user_id if by else None
        listing = Listing(scope="owner", owner=owner) if query.scope == "mine" else Listing(scope="public")
        cursors = Cursors(self._keys, owner, "search", query.scope, query.q)
        position = cursors.open(query.last_key)
        after = PhotoId(position[0]) if position else None
        matches = self._index.search(listing, parse_query_words(query.q), query.limit, after=after)
        last_key = cursors.seal([matches.next_after]) if matches.next_after else None
        return self._presenter.build_page(Page(matches.photos, last_key), by)
