"""Lists of photos by word: the keys in the table of search words, and the reads.

The rows are sorted by their words, so that the words with a prefix are one range. For common prefixes, each photo has a
word summary: a text with all its words, in a list that is sorted by photo. See
docs/decisions/0128-rows-sorted-by-word.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.terms import MIN_PREFIX_LETTERS, SearchWord, choose_photo_words
from chalicelib.domain.words import is_unspaced
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange
from chalicelib.stores.dynamodb.photo_rows import IdRange

BLOCK = 1000
"""The largest number of rows that one read of a range of words, or of the word summaries, returns.

A prefix is common if at least this number of rows have longer words. Few word summaries then contain a page.
"""
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Postings:
    """The beginning of a word's list."""

    ids: tuple[PhotoId, ...]
    """Photos that have the word, newest first, without duplicates."""
    through: PhotoId | None
    """The last photo that was read, or None at the end of the list."""

    def may_contain(self, photo_id: PhotoId) -> bool:
        """Return False if the list shows that the photo lacks the word. Photos that were not read may have it."""
        return photo_id in self._members or (self.through is not None and photo_id < self.through)

    @cached_property
    def _members(self) -> frozenset[PhotoId]:
        return frozenset(self.ids)


def build_row_key(photo: Photo, word: str) -> items.PlainItem:
    """Return the primary key of the row of a word."""
    return {"ownerPart": f"{photo.user_id}#{choose_part(word)}", "wordPhoto": f"{word}#{photo.photo_id}"}


def build_row_keys(photo: Photo) -> dict[str, items.PlainItem]:
    """Return for each word of a photo the attributes that list the photo under the word.

    One row also has a summary of all words. If the photo has words for its owner alone, the summary is in the row of
    such a word, because that row has no public key. The first row of a word for everyone has a summary of the words for
    everyone.
    """
    words = choose_photo_words(photo)
    public = [word for word, is_for_everyone in words.items() if is_for_everyone and photo.visibility == "public"]
    keys: dict[str, items.PlainItem] = {word: build_row_key(photo, word) for word in words}
    for word in public:
        keys[word]["publicPart"] = choose_part(word)
    hidden = [word for word in words if "publicPart" not in keys[word]]
    for word in [*hidden, *words][:1]:
        keys[word] |= {"ownerKey": photo.user_id, "ownerWords": join_words(words)}
    for word in public[:1]:
        keys[word] |= {"publicKey": "public", "publicWords": join_words(public)}
    return keys


def choose_part(word: str) -> str:
    """Return the first letters of a word, which determine its partition. Each prefix of the word has them too."""
    return word[: 1 if is_unspaced(word[0]) else MIN_PREFIX_LETTERS]


def join_words(words: Iterable[str]) -> str:
    """Return a word summary. The suffixes of a run without spaces overlap, so the run is in the text only once."""
    summary = ""
    for word in words:
        lengths = range(len(word), 0, -1) if is_unspaced(word[0]) else ()
        overlap = next((length for length in lengths if summary.endswith(word[:length])), 0)
        summary += word[overlap:] if overlap else f" {word}"
    return summary


class Summaries:
    """The word summaries of a listing. The lists of one search share them, so that each block is read once."""

    def __init__(self, calls: Calls, table: str, listing: Listing) -> None:
        self._calls, self._table, self._listing = calls, table, listing
        self._range: tuple[IdRange, int] | None = None
        self._block: tuple[list[tuple[PhotoId, str]], PhotoId | None] = [], None
        # A search reads its lists in several threads.
        self._lock = Lock()

    def read(self, ids: IdRange, limit: int) -> tuple[list[tuple[PhotoId, str]], PhotoId | None]:
        """Return the newest photos with their summaries, and the last one unless the list ends with it.

        There are at most `limit` photos, and at most 1 MB of rows.
        """
        with self._lock:
            if self._range != (ids, limit):
                self._block = self._query(ids, limit)
                self._range = (ids, limit)
            return self._block

    def _query(self, ids: IdRange, limit: int) -> tuple[list[tuple[PhotoId, str]], PhotoId | None]:
        public, sort = self._listing.scope == "public", ("photoId", ids.low, ids.high)
        partition = ("publicKey", "public") if public else ("ownerKey", f"{self._listing.owner}")
        index, attribute = ("public-photos", "publicWords") if public else ("owner-photos", "ownerWords")
        rows, is_end = self._calls.query_page(KeyRange(self._table, partition, sort, index), limit, forward=False)
        block = [(PhotoId(row["photoId"]["S"]), row[attribute]["S"]) for row in rows]
        return block, None if is_end or not block else block[-1][0]


class WordList:
    """The photos of a listing that have a word. An instance serves one search."""

    def __init__(self, calls: Calls, table: str, listing: Listing, word: SearchWord, summaries: Summaries) -> None:
        self.word, self._calls, self._table, self._listing = word, calls, table, listing
        self._summaries = summaries
        self._text, self._part = word.word, choose_part(word.word)

    def read(self, ids: IdRange, limit: int) -> Postings:
        """Read the beginning of the list, newest first: at least `limit` photos, or all that there are.

        The list of a common prefix can be shorter. Its `through` shows how far it reaches.
        """
        if self._longer is None:
            return self._read_summaries(ids, max(limit, BLOCK))
        photo_ids = self._query(f"{self._text}#{ids.low}", f"{self._text}#{ids.high}", limit, forward=False)
        through = photo_ids[-1] if len(photo_ids) == limit else None
        low = through or ids.low
        longer = {photo_id for photo_id in self._longer if low <= photo_id <= ids.high}
        return Postings(tuple(sorted(longer.union(photo_ids), reverse=True)), through)

    @property
    def is_common(self) -> bool:
        """Return whether the word is a common prefix, whose photos are found in the word summaries."""
        return self._longer is None

    @cached_property
    def _longer(self) -> frozenset[PhotoId] | None:
        """The photos with a longer word, or None if the prefix is common. Empty if the word is not a prefix."""
        if not self.word.is_prefix:
            return frozenset()
        photo_ids = self._query(f"{self._text}$", f"{self._text}{_LAST}", BLOCK)
        return frozenset(photo_ids) if len(photo_ids) < BLOCK else None

    def _query(self, low: str, high: str, limit: int, *, forward: bool = True) -> list[PhotoId]:
        """Return the photos of the rows of words between two keys."""
        public, part, sort = self._listing.scope == "public", self._part, ("wordPhoto", low, high)
        if public:
            keys = KeyRange(self._table, ("publicPart", part), sort, "public-words")
        else:
            keys = KeyRange(self._table, ("ownerPart", f"{self._listing.owner}#{part}"), sort)
        return [_get_photo_id(row) for row in self._calls.query(keys, limit, forward=forward)]

    def _read_summaries(self, ids: IdRange, limit: int) -> Postings:
        block, through = self._summaries.read(ids, limit)
        text = self._text if is_unspaced(self._text[0]) else f" {self._text}"
        return Postings(tuple(photo_id for photo_id, summary in block if text in summary), through)


def _get_photo_id(row: items.Item) -> PhotoId:
    return PhotoId(row["wordPhoto"]["S"].rpartition("#")[2])
