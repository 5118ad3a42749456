"""The search words of photos. The public list has only the words that everyone may use, of public photos."""

from chalicelib.domain.photos import Photo
from chalicelib.domain.terms import choose_photo_words
from chalicelib.stores.postgres.database import Transaction
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.rows import build_list, build_placeholders


def build_keys(photo: Photo) -> set[tuple[str, str]]:
    """Return the lists and words that find a photo. A photo that is not listed has none."""
    if not photo.listed:
        return set()
    words = choose_photo_words(photo)
    keys = {(build_name("owner", photo.user_id), word) for word in words}
    if photo.visibility == "public":
        keys |= {(build_name("public"), word) for word, is_for_everyone in words.items() if is_for_everyone}
    return keys


def write(transaction: Transaction, before: Photo, after: Photo) -> None:
    """Turn the rows of `before` into those of `after`."""
    if before.listed and not after.listed:
        # A later reindexing skips the photo, so delete the words of an earlier release too.
        replace_all(transaction, after)
        return
    old, new = build_keys(before), build_keys(after)
    if old - new:
        rows, values = build_placeholders(sorted(old - new))
        statement = f"DELETE FROM words WHERE photo_id = %s AND (listing, word) IN ({rows})"
        transaction.execute(statement, before.photo_id, *values)
    _add(transaction, after, new - old)


def replace_all(transaction: Transaction, photo: Photo) -> None:
    """Replace all rows of a photo, even those that an earlier release has written with other words."""
    listings, values = build_list([build_name("owner", photo.user_id), build_name("public")])
    transaction.execute(f"DELETE FROM words WHERE listing IN {listings} AND photo_id = %s", *values, photo.photo_id)
    _add(transaction, photo, build_keys(photo))


def _add(transaction: Transaction, photo: Photo, keys: set[tuple[str, str]]) -> None:
    if keys:
        rows, values = build_placeholders([(listing, photo.photo_id, word) for listing, word in sorted(keys)])
        statement = f"INSERT INTO words (listing, photo_id, word) VALUES {rows} ON CONFLICT DO NOTHING"
        transaction.execute(statement, *values)
