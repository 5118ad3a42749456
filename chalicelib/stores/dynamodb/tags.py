"""Lists of photos by tag: the keys in the search-terms table, and the reads.

Tags and words have separate indexes but share rows. See docs/decisions/0002-tag-rows-share-word-rows.md.
"""

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import is_plain_word, normalize_tag
from chalicelib.stores.dynamodb import items, photo_rows
from chalicelib.stores.dynamodb.calls import Calls, KeyRange
from chalicelib.stores.dynamodb.photo_rows import IdRange


def build_row_text(term: str) -> str:
    """Return the part of a row's partition key that names a tag. A tag that is a plain word shares the word's row."""
    return term if is_plain_word(term) else f"tag#{term}"


def build_row_keys(photo: Photo, term: str) -> items.PlainItem:
    """Return the index keys that list a photo under a tag. Only public photos get public keys."""
    keys = {"ownerTag": f"{photo.user_id}#{term}"}
    if photo.visibility == "public":
        keys |= {"publicTag": term, "publicOwnerTag": keys["ownerTag"]}
    return keys


class TagRows:
    """Read lists of photos by tag."""

    def __init__(self, calls: Calls, photo_table: str, term_table: str) -> None:
        self._calls, self._photos, self._terms = calls, photo_table, term_table

    def list_by_id(self, listing: Listing, ids: IdRange, limit: int, *, newest_first: bool) -> list[Photo]:
        """Return the photos of a listing with a tag whose ids are in a range, the first `limit`."""
        index, partition = _choose_index(listing)
        photos: list[Photo] = []
        while not ids.is_empty and (remaining := limit - len(photos)):
            keys = KeyRange(self._terms, partition, ("photoId", ids.low, ids.high), index)
            rows = self._calls.query(keys, remaining, forward=not newest_first)
            photo_ids = [PhotoId(items.decode(row)["photoId"]) for row in rows]
            photos += self._read_listed(listing, photo_ids)
            if len(rows) < remaining:
                break
            ids = ids.beyond(photo_ids[-1], newest_first=newest_first)
        return photos

    def _read_listed(self, listing: Listing, photo_ids: list[PhotoId]) -> list[Photo]:
        """Return the photos of these ids in this order, without those that left the listing: the index may lag."""
        photos = photo_rows.read(self._calls, self._photos, photo_ids)
        return [photo for photo_id in photo_ids if (photo := photos.get(photo_id)) and listing.contains(photo)]


def _choose_index(listing: Listing) -> tuple[str, tuple[str, str]]:
    """Return the index of a listing, and the name and value of its partition key there."""
    term = normalize_tag(listing.tag or "")
    if listing.scope == "owner":
        return "owner-tag", ("ownerTag", f"{listing.owner}#{term}")
    if listing.owner:
        return "public-owner-tag", ("publicOwnerTag", f"{listing.owner}#{term}")
    return "public-tag", ("publicTag", term)
