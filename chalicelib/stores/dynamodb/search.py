"""Word search on DynamoDB: intersect the lists of the words, rarest first, and check the photos behind them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.terms import SearchPage, SearchWord, words_of
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import photo_rows, words
from chalicelib.stores.dynamodb.calls import Calls
from chalicelib.stores.dynamodb.words import Postings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BLOCK = 100
"""Rows of a word's list that are read at once."""
ROUNDS = 10
"""Blocks of the rarest word that one page reads at most. A page that is not full by then is returned short."""
_LISTS = 4
"""Words whose lists are read after the first block. The few photos that are left are checked for the other words."""
_READERS = 8


class DynamoSearchIndex:
    """`SearchIndex` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls = Calls(dynamodb, clock)
        self._photos, self._terms = settings.photo_table, settings.term_table

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "search")

    def search(
        self, listing: Listing, words: Sequence[SearchWord], limit: int, *, after: PhotoId | None = None
    ) -> SearchPage:
        if not 0 < len(words) <= MAX_TERMS:
            return SearchPage([], None)
        found: list[Photo] = []
        looked_up, size = list(words), limit + 1 if len(words) == 1 else BLOCK
        for _ in range(ROUNDS):
            lists = self._postings(listing, looked_up, size, after)
            by_rarity = sorted(range(len(lists)), key=lambda place: _reach(lists[place]))
            rarest = lists[by_rarity[0]]
            candidates = [photo_id for photo_id in rarest.ids if all(each.may_hold(photo_id) for each in lists)]
            found += self._checked(listing, words, candidates, limit + 1 - len(found))
            if len(found) > limit:
                return SearchPage(found[:limit], found[limit - 1].photo_id)
            if rarest.through is None:
                return SearchPage(found, None)
            after, size = rarest.through, BLOCK
            looked_up = [looked_up[place] for place in by_rarity[:_LISTS]]
        return SearchPage(found, after)

    def _postings(
        self, listing: Listing, asked: Sequence[SearchWord], limit: int, after: PhotoId | None
    ) -> list[Postings]:
        ids = photo_rows.id_range(None, None, after, newest=True)
        read = partial(words.read, self._calls, self._terms, listing, ids=ids, limit=limit)
        return [read(asked[0])] if len(asked) == 1 else list(self._readers.map(read, asked))

    def _checked(
        self, listing: Listing, words: Sequence[SearchWord], candidates: list[PhotoId], wanted: int
    ) -> list[Photo]:
        """Return at least the first `wanted` candidates that, as they are now, belong to the listing and match."""
        public = listing.scope == "public"

        def holds(photo: Photo) -> bool:
            held = words_of(photo, public=public)
            return listing.holds(photo) and all(word.matches(held) for word in words)

        found: list[Photo] = []
        size = wanted
        while candidates and len(found) < wanted:
            found += filter(holds, self._read(candidates[:size]))
            # The fewer of them match, the more are read at once.
            candidates, size = candidates[size:], size * 2
        return found

    def _read(self, photo_ids: Sequence[PhotoId]) -> list[Photo]:
        found = photo_rows.read(self._calls, self._photos, photo_ids)
        return [found[photo_id] for photo_id in photo_ids if photo_id in found]


def _reach(postings: Postings) -> tuple[str, int]:
    """Return a sort key that is smaller for a rarer word: the same number of its photos reaches farther back."""
    return postings.through or "", len(postings.ids)
