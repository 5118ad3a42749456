"""The rows of the search-terms table: one for each word and tag of a listed photo, written with the photo."""

from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import normalize_tags
from chalicelib.domain.terms import choose_photo_words
from chalicelib.stores.dynamodb import tags, words
from chalicelib.stores.dynamodb.calls import Write
from chalicelib.stores.dynamodb.items import Item, encode


def encode_terms(photo: Photo) -> dict[str, Item]:
    """Return the rows of a photo by their partition keys. A photo that is not listed has none."""
    if not photo.listed:
        return {}
    keys = {tags.build_row_text(term): tags.build_row_keys(photo, term) for term in normalize_tags(photo.tags)}
    for word, word_keys in words.build_row_keys(photo).items():
        keys[word] = keys.get(word, {}) | word_keys
    rows = [{"ownerTerm": f"{photo.user_id}#{text}", "photoId": photo.photo_id} | keys[text] for text in keys]
    return {row["ownerTerm"]: encode(row) for row in rows}


def list_partitions(photo: Photo) -> set[str]:
    """Return the partition keys of the rows of a photo, faster than `encode_terms` encodes the rows."""
    if not photo.listed:
        return set()
    texts = {tags.build_row_text(term) for term in normalize_tags(photo.tags)} | choose_photo_words(photo).keys()
    return {f"{photo.user_id}#{text}" for text in texts}


def build_writes(table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that turn the rows of `before` into those of `after`."""
    old, new = encode_terms(before), encode_terms(after)
    puts = [{"Put": {"TableName": table, "Item": row}} for key, row in new.items() if old.get(key) != row]
    keys = [{"ownerTerm": {"S": key}, "photoId": {"S": before.photo_id}} for key in old if key not in new]
    return puts + [{"Delete": {"TableName": table, "Key": key}} for key in keys]
