"""Lists of photos by word: the keys in the search-terms table, and the reads."""

from collections.abc import Collection
from typing import NamedTuple

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.terms import MIN_PREFIX_LETTERS, SearchWord, choose_photo_words
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange
from chalicelib.stores.dynamodb.photo_rows import IdRange

PREFIXES = range(MIN_PREFIX_LETTERS, 9)
"""Lengths of the prefixes that have an index of their own."""


class Postings(NamedTuple):
    """The beginning of a word's list."""

    ids: tuple[PhotoId, ...]
    """Photos that have the word, newest first, without duplicates. `through` is included even if it lacks the word."""
    through: PhotoId | None
    """The last photo that was read, or None at the end of the list."""

    def may_contain(self, photo_id: PhotoId) -> bool:
        """Return False if the list shows that the photo lacks the word. Photos that were not read may have it."""
        return photo_id in self.ids or (self.through is not None and photo_id < self.through)


def build_row_keys(photo: Photo) -> dict[str, items.PlainItem]:
    """Return for each word of a photo the index keys that list the photo under it.

    A word that is for the owner alone gets no public key.
    """
    words = choose_photo_words(photo)
    public = {word for word, is_for_everyone in words.items() if is_for_everyone and photo.visibility == "public"}
    owner_prefixes, public_prefixes = choose_prefixes(words), choose_prefixes(public)
    keys: dict[str, items.PlainItem] = {}
    for word in words:
        keys[word] = {"publicWord": word} if word in public else {}
        keys[word] |= {f"owner{len(prefix)}": f"{photo.user_id}#{prefix}" for prefix in owner_prefixes[word]}
        keys[word] |= {f"public{len(prefix)}": prefix for prefix in public_prefixes.get(word, ())}
    return keys


def choose_prefixes(words: Collection[str]) -> dict[str, list[str]]:
    """Return for each word of one photo the prefixes that list the photo under it.

    A prefix of up to seven letters lists the photo once, under the first of the words that have it.
    Prefixes of eight letters list the photo under each of its words, because longer searches compare whole words.
    """
    prefixes_by_word: dict[str, list[str]] = {word: [] for word in sorted(words)}
    listed_prefixes: set[str] = set()
    for word, word_prefixes in prefixes_by_word.items():
        for length in PREFIXES:
            prefix = word[:length]
            if len(prefix) == length and (length == PREFIXES[-1] or prefix not in listed_prefixes):
                word_prefixes.append(prefix)
                listed_prefixes.add(prefix)
    return prefixes_by_word


def read(calls: Calls, table: str, listing: Listing, word: SearchWord, ids: IdRange, limit: int) -> Postings:
    """Read at most `limit` rows of a word's list, newest first."""
    index, partition = _choose_index(listing, word)
    keys = KeyRange(table, partition, ("photoId", ids.low, ids.high), index)
    rows = [items.decode(row) for row in calls.query(keys, limit, forward=False)]
    through = PhotoId(rows[-1]["photoId"]) if len(rows) == limit else None
    # The last photo's other words may be in rows that were not read.
    photo_ids = [
        row["photoId"] for row in rows if row["photoId"] == through or word.matches({_get_word(row["ownerTerm"])})
    ]
    return Postings(tuple(dict.fromkeys(photo_ids)), through)


def _get_word(owner_term: str) -> str:
    return owner_term.partition("#")[2]


def _choose_index(listing: Listing, word: SearchWord) -> tuple[str | None, tuple[str, str]]:
    """Return the index that lists the photos of a word, and the name and value of its partition key there.

    A prefix longer than eight letters is looked up in the index of its first eight letters.
    """
    public = listing.scope == "public"
    if not word.is_prefix:
        return (
            ("public-word", ("publicWord", word.word))
            if public
            else (None, ("ownerTerm", _build_owner_key(listing, word.word)))
        )
    letters = min(len(word.word), PREFIXES[-1])
    prefix = word.word[:letters]
    if public:
        return f"public-{letters}", (f"public{letters}", prefix)
    return f"owner-{letters}", (f"owner{letters}", _build_owner_key(listing, prefix))


def _build_owner_key(listing: Listing, text: str) -> str:
    return f"{listing.owner}#{text}"
