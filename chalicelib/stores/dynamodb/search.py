"""The words of photos on DynamoDB: lists of ids, newest first, and the photos behind them."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.terms import PREFIXES, Sought
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, photo_rows
from chalicelib.stores.dynamodb.calls import Calls
from chalicelib.stores.protocols import Postings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READERS = 8


class DynamoSearch:
    """`SearchIndex` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls = Calls(dynamodb, clock)
        self._photos, self._terms = settings.photo_table, settings.term_table

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "search")

    def postings(
        self, listing: Listing, words: Sequence[Sought], limit: int, *, after: PhotoId | None = None
    ) -> list[Postings]:
        read = partial(self._postings, listing, limit, after)
        return [read(words[0])] if len(words) == 1 else list(self._readers.map(read, words))

    def photos(self, photo_ids: Sequence[PhotoId]) -> list[Photo]:
        found = photo_rows.read(self._calls, self._photos, photo_ids)
        return [found[photo_id] for photo_id in photo_ids if photo_id in found]

    def _postings(self, listing: Listing, limit: int, after: PhotoId | None, word: Sought) -> Postings:
        index, name, partition = _place(listing, word)
        span = ("photoId", "0", items.just_below(after) if after else "g")
        rows = self._calls.query(self._terms, index, (name, partition), span, limit, forward=False)
        decoded = [items.decode(row) for row in rows]
        through = PhotoId(decoded[-1]["photoId"]) if len(rows) == limit else None
        # The last photo's other words may be in the rows that were not read.
        ids = [row["photoId"] for row in decoded if row["photoId"] == through or word.among({_word(row["ownerTerm"])})]
        return Postings(tuple(dict.fromkeys(ids)), through)


def _word(owner_term: str) -> str:
    return owner_term.partition("#")[2]


def _place(listing: Listing, word: Sought) -> tuple[str | None, str, str]:
    """The index that lists the photos of a word, the name of its partition key, and the partition.

    Longer beginnings are looked for among those of the longest prefix.
    """
    public = listing.scope == "public"
    if not word.prefix:
        return ("public-word", "publicWord", word.word) if public else (None, "ownerTerm", _own(listing, word.word))
    letters = min(len(word.word), PREFIXES[-1])
    prefix = word.word[:letters]
    if public:
        return f"public-{letters}", f"public{letters}", prefix
    return f"owner-{letters}", f"owner{letters}", _own(listing, prefix)


def _own(listing: Listing, text: str) -> str:
    return f"{listing.owner}#{text}"
