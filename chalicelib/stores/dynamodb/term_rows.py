"""The rows of the search-terms table: one for each word and tag of a listed photo, written with the photo."""

from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import tag_terms
from chalicelib.stores.dynamodb import tags, words
from chalicelib.stores.dynamodb.calls import Write
from chalicelib.stores.dynamodb.items import Item, encode


def term_items(photo: Photo) -> dict[str, Item]:
    """Return the rows of a photo by their partition keys. A photo that is not listed has none."""
    if not photo.listed:
        return {}
    keys = {tags.row_text(term): tags.row_keys(photo, term) for term in tag_terms(photo.tags)}
    for word, word_keys in words.row_keys(photo).items():
        keys[word] = keys.get(word, {}) | word_keys
    rows = [{"ownerTerm": f"{photo.user_id}#{text}", "photoId": photo.photo_id} | keys[text] for text in keys]
    return {row["ownerTerm"]: encode(row) for row in rows}


def changes(table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that turn the rows of `before` into those of `after`."""
    old, new = term_items(before), term_items(after)
    puts = [{"Put": {"TableName": table, "Item": row}} for key, row in new.items() if old.get(key) != row]
    keys = [{"ownerTerm": {"S": key}, "photoId": {"S": before.photo_id}} for key in old if key not in new]
    return puts + [{"Delete": {"TableName": table, "Key": key}} for key in keys]
