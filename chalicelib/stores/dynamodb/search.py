"""Word search on DynamoDB: intersect the lists of the words, rarest first, and check the photos that remain."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.terms import SearchPage, SearchWord, list_photo_words
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, old_terms, photo_rows, term_rows
from chalicelib.stores.dynamodb.calls import Calls, Write
from chalicelib.stores.dynamodb.photo_rows import IdRange
from chalicelib.stores.dynamodb.words import Postings, Summaries, WordList

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BLOCK_SIZE = 100
"""The number of rows that one read of a word's list returns."""
MAX_BLOCKS_PER_PAGE = 10
"""The largest number of blocks of the rarest word that one page reads. After them, a page can be short."""
MAX_SUMMARY_BLOCKS_PER_PAGE = 3
"""The largest number of blocks of word summaries that one page reads, each up to 1 MB."""
_MAX_LISTS_AFTER_FIRST_BLOCK = 4
"""The number of words whose lists are read after the first block. The photos are checked for the other words."""
_READERS = 8


class DynamoSearchIndex:
    """`SearchIndex` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls = Calls(dynamodb, clock)
        self._photos, self._terms = settings.photo_table, settings.term_table
        self._old_terms = settings.old_term_table

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "search")

    def search(
        self, listing: Listing, words: Sequence[SearchWord], limit: int, *, after: PhotoId | None = None
    ) -> SearchPage:
        if not 0 < len(words) <= MAX_TERMS:
            return SearchPage([], None)
        matching: list[Photo] = []
        summaries = Summaries(self._calls, self._terms, listing)
        word_lists = [WordList(self._calls, self._terms, listing, word, summaries) for word in words]
        size = limit + 1 if len(words) == 1 else BLOCK_SIZE
        for block in range(MAX_BLOCKS_PER_PAGE):
            lists = self._read_postings(listing, word_lists, size, after)
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
            is_single = matching and len(words) == 1
            if (is_single or block + 1 == MAX_SUMMARY_BLOCKS_PER_PAGE) and word_lists[by_rarity[0]].is_common:
                # Return a short page, because the next block of summaries would cost much more than a block of words.
                break
            word_lists = [word_lists[index] for index in by_rarity[:_MAX_LISTS_AFTER_FIRST_BLOCK]]
        return SearchPage(matching, after)

    def reindex(self, photo: Photo) -> bool:
        rows = term_rows.encode_terms(photo)
        stored = self._calls.read_all(self._terms, [term_rows.get_key(row) for row in rows.values()]) if rows else []
        puts = [term_rows.build_put(self._terms, row) for row in rows.values() if row not in stored]
        return not puts or not self._calls.transact([self._build_check(photo), *puts])

    def _build_check(self, photo: Photo) -> Write:
        return {
            "ConditionCheck": {
                "TableName": self._photos,
                "Key": items.build_photo_key(photo.photo_id),
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": {"N": str(photo.revision)}},
            }
        }

    def _read_postings(
        self, listing: Listing, word_lists: Sequence[WordList], limit: int, after: PhotoId | None
    ) -> list[Postings]:
        ids = photo_rows.build_id_range(None, None, after, newest_first=True)
        read = partial(self._read_list, listing, ids=ids, limit=limit)
        return [read(word_lists[0])] if len(word_lists) == 1 else list(self._readers.map(read, word_lists))

    def _read_list(self, listing: Listing, word_list: WordList, ids: IdRange, limit: int) -> Postings:
        postings = word_list.read(ids, limit)
        if self._old_terms:
            old_postings = old_terms.read(self._calls, self._old_terms, listing, word_list.word, ids, limit)
            return old_terms.merge(postings, old_postings)
        return postings

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
