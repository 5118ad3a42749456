"""Read the table of search terms of an earlier release, while a job fills the new table.

No function writes the old table. Its lists can contain photos that have changed since, so a reader must check each
photo.
"""

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.terms import SearchWord
from chalicelib.domain.words import is_unspaced
from chalicelib.stores.dynamodb.calls import Calls, KeyRange
from chalicelib.stores.dynamodb.photo_rows import IdRange
from chalicelib.stores.dynamodb.words import Postings

_PREFIXES = range(3, 9)
"""The lengths of the prefixes that have an index."""


def read(calls: Calls, table: str, listing: Listing, word: SearchWord, ids: IdRange, limit: int) -> Postings:
    """Read the beginning of the list of a word, newest first. The list can contain photos without the word."""
    index, name, text = _choose_index(listing, word)
    value = text if listing.scope == "public" else f"{listing.owner}#{text}"
    keys = KeyRange(table, (name, value), ("photoId", ids.low, ids.high), index)
    rows = calls.query(keys, limit, forward=False)
    photo_ids = tuple(dict.fromkeys(PhotoId(row["photoId"]["S"]) for row in rows))
    return Postings(photo_ids, photo_ids[-1] if len(rows) == limit else None)


def build_tag_range(table: str, listing: Listing, term: str, ids: IdRange) -> KeyRange:
    """Return the range of the photos of a listing with a tag."""
    sort = ("photoId", ids.low, ids.high)
    if listing.owner is None:
        return KeyRange(table, ("publicTag", term), sort, "public-tag")
    index, name = ("owner-tag", "ownerTag") if listing.scope == "owner" else ("public-owner-tag", "publicOwnerTag")
    return KeyRange(table, (name, f"{listing.owner}#{term}"), sort, index)


def merge(one: Postings, other: Postings) -> Postings:
    """Merge two lists of photos, as far as both lists reach."""
    ends = [postings.through for postings in (one, other) if postings.through]
    through = max(ends, default=None)
    photo_ids = {photo_id for photo_id in (*one.ids, *other.ids) if through is None or photo_id >= through}
    return Postings(tuple(sorted(photo_ids, reverse=True)), through)


def _choose_index(listing: Listing, word: SearchWord) -> tuple[str | None, str, str]:
    """Return the index that lists a word, the name of its partition key there, and the text of the partition."""
    public, text = listing.scope == "public", word.word
    if is_unspaced(text[0]) and _is_single_word(text[0]):
        text = text[0]
    elif word.is_prefix and len(text) >= _PREFIXES[0]:
        length = min(len(text), _PREFIXES[-1])
        index = f"public-{length}" if public else f"owner-{length}"
        return index, index.replace("-", ""), text[:length]
    return ("public-word", "publicWord", text) if public else (None, "ownerTerm", text)


def _is_single_word(character: str) -> bool:
    """Return whether the earlier release indexed each character of this script as a word."""
    return "\u3005" <= character <= "\u309f" or character >= "\u3400"
