"""Word search on DynamoDB: intersect the lists of the words, rarest first, and check the photos that remain."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.terms import SearchPage, SearchWord, list_photo_words
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import photo_rows, words
from chalicelib.stores.dynamodb.calls import Calls
from chalicelib.stores.dynamodb.words import Postings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BLOCK_SIZE = 100
"""The number of rows that one read of a word's list returns."""
MAX_BLOCKS_PER_PAGE = 10
"""The largest number of blocks of the rarest word that one page reads. After them, a page can be short."""
_MAX_LISTS_AFTER_FIRST_BLOCK = 4
"""The number of words whose lists are read after the first block. The photos are checked for the other words."""
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
        matching: list[Photo] = []
        lookup_words, size = list(words), limit + 1 if len(words) == 1 else BLOCK_SIZE
        for _ in range(MAX_BLOCKS_PER_PAGE):
            lists = self._read_postings(listing, lookup_words, size, after)
            by_rarity = sorted(range(len(lists)), key=lambda index: _get_rarity(lists[index]))
            rarest = lists[by_rarity[0]]
            candidates = [
                photo_id for photo_id in rarest.ids if all(postings.may_contain(photo_id) for postings in lists)
            ]
            matching += self._check_candidates(listing, words, candidates, limit + 1 - len(matching))
            if len(matching) > limit:
                return SearchPage(matching[:limit], matching[limit - 1].photo_id)
            if rarest.through is None:
                return SearchPage(matching, None)
            after, size = rarest.through, BLOCK_SIZE
            lookup_words = [lookup_words[index] for index in by_rarity[:_MAX_LISTS_AFTER_FIRST_BLOCK]]
        return SearchPage(matching, after)

    def _read_postings(
        self, listing: Listing, lookup_words: Sequence[SearchWord], limit: int, after: PhotoId | None
    ) -> list[Postings]:
        ids = photo_rows.build_id_range(None, None, after, newest_first=True)
        read = partial(words.read, self._calls, self._terms, listing, ids=ids, limit=limit)
        return [read(lookup_words[0])] if len(lookup_words) == 1 else list(self._readers.map(read, lookup_words))

    def _check_candidates(
        self, listing: Listing, words: Sequence[SearchWord], candidates: list[PhotoId], count: int
    ) -> list[Photo]:
        """Return at least the first `count` candidates that still belong to the listing and match."""
        public = listing.scope == "public"

        def matches(photo: Photo) -> bool:
            photo_words = list_photo_words(photo, public=public)
            return listing.contains(photo) and all(word.matches(photo_words) for word in words)

        matching: list[Photo] = []
        size = count
        while candidates and len(matching) < count:
            matching += filter(matches, self._read(candidates[:size]))
            # Read more at once if few candidates match.
            candidates, size = candidates[size:], size * 2
        return matching

    def _read(self, photo_ids: Sequence[PhotoId]) -> list[Photo]:
        photos = photo_rows.read(self._calls, self._photos, photo_ids)
        return [photos[photo_id] for photo_id in photo_ids if photo_id in photos]


def _get_rarity(postings: Postings) -> tuple[str, int]:
    """Return a sort key that is smaller for a rarer word, whose photos reach farther back in time."""
    return postings.through or "", len(postings.ids)
