"""The rows of the table of search words: one for each word and tag of a listed photo, written with the photo."""

from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import is_plain_word, normalize_tags
from chalicelib.domain.terms import choose_photo_words
from chalicelib.stores.dynamodb import tags, words
from chalicelib.stores.dynamodb.calls import Write
from chalicelib.stores.dynamodb.items import Item, Key, encode

RowKey = tuple[str, str]
"""The values of a primary key."""
KEY = ("ownerPart", "wordPhoto")


def encode_terms(photo: Photo) -> dict[RowKey, Item]:
    """Return the rows of a photo by their keys. A photo that is not listed has none."""
    if not photo.listed:
        return {}
    keys = words.build_row_keys(photo)
    for term in normalize_tags(photo.tags):
        # A tag that is a plain word shares the row of the word.
        row = keys.setdefault(term if is_plain_word(term) else f"#{term}", tags.build_row_key(photo, term))
        row |= tags.build_row_keys(photo, term)
    rows = [encode(row | {"photoId": photo.photo_id}) for row in keys.values()]
    return {(row["ownerPart"]["S"], row["wordPhoto"]["S"]): row for row in rows}


def list_keys(photo: Photo) -> set[RowKey]:
    """Return the keys of the rows of a photo, faster than `encode_terms` encodes the rows."""
    if not photo.listed:
        return set()
    texts = choose_photo_words(photo)
    rows = [words.build_row_key(photo, word) for word in texts]
    rows += [
        tags.build_row_key(photo, term)
        for term in normalize_tags(photo.tags)
        if term not in texts or not is_plain_word(term)
    ]
    return {(row["ownerPart"], row["wordPhoto"]) for row in rows}


def build_writes(table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that turn the rows of `before` into those of `after`."""
    old, new = encode_terms(before), encode_terms(after)
    puts = [build_put(table, row) for key, row in new.items() if old.get(key) != row]
    return puts + [{"Delete": {"TableName": table, "Key": get_key(row)}} for key, row in old.items() if key not in new]


def build_put(table: str, row: Item) -> Write:
    """Return the write of a row."""
    return {"Put": {"TableName": table, "Item": row}}


def get_key(row: Item) -> Key:
    """Return the primary key of a row."""
    return {name: row[name] for name in KEY}
