"""Lists of photos by tag: the keys in the table of search words, and the reads.

Tags and words have separate indexes but share rows. See docs/decisions/0002-tag-rows-share-word-rows.md.
"""

from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import normalize_tag
from chalicelib.stores.dynamodb import items, old_terms, photo_rows
from chalicelib.stores.dynamodb.calls import Calls, KeyRange
from chalicelib.stores.dynamodb.photo_rows import IdRange


def build_row_key(photo: Photo, term: str) -> items.PlainItem:
    """Return the primary key of the row of a tag that is not a plain word. Searches do not read its partition."""
    return {"ownerPart": f"{photo.user_id}##{term}", "wordPhoto": f"#{photo.photo_id}"}


def build_row_keys(photo: Photo, term: str) -> items.PlainItem:
    """Return the index keys that list a photo under a tag. Only public photos get public keys."""
    if photo.visibility == "public":
        return {"ownerTag": _build_owner_tag(photo.user_id, term, public=True), "publicTag": term}
    return {"ownerTag": _build_owner_tag(photo.user_id, term, public=False)}


def get_term(row: items.Item) -> str | None:
    """Return the normalized tag under which a row lists its photo, or None if the row lists no tag."""
    return row["ownerTag"]["S"].split("#", 2)[2] if "ownerTag" in row else None


class TagRows:
    """Read lists of photos by tag."""

    def __init__(self, calls: Calls, photo_table: str, term_table: str, old_table: str | None = None) -> None:
        """Also read `old_table`, the table of an earlier release, unless it is None."""
        self._calls, self._photos, self._terms, self._old_terms = calls, photo_table, term_table, old_table

    def list_by_id(self, listing: Listing, ids: IdRange, limit: int, *, newest_first: bool) -> list[Photo]:
        """Return the photos of a listing with a tag whose ids are in a range, the first `limit`."""
        photos: list[Photo] = []
        while not ids.is_empty and (remaining := limit - len(photos)):
            photo_ids = self._read_ids(listing, ids, remaining, newest_first=newest_first)
            photos += self._read_listed(listing, photo_ids)
            if len(photo_ids) < remaining:
                break
            ids = ids.beyond(photo_ids[-1], newest_first=newest_first)
        return photos

    def _read_ids(self, listing: Listing, ids: IdRange, limit: int, *, newest_first: bool) -> list[PhotoId]:
        """Return the first `limit` ids of all partitions that belong to a listing."""
        term, sort = normalize_tag(listing.tag or ""), ("photoId", ids.low, ids.high)
        partitions = [KeyRange(self._terms, key, sort, index) for index, key in _choose_partitions(listing, term)]
        if self._old_terms:
            partitions.append(old_terms.build_tag_range(self._old_terms, listing, term, ids))
        rows = [row for keys in partitions for row in self._calls.query(keys, limit, forward=not newest_first)]
        return sorted({PhotoId(row["photoId"]["S"]) for row in rows}, reverse=newest_first)[:limit]

    def _read_listed(self, listing: Listing, photo_ids: list[PhotoId]) -> list[Photo]:
        """Return the photos of these ids in this order. Leave out photos that left the listing, because indexes lag."""
        photos = photo_rows.read(self._calls, self._photos, photo_ids)
        return [photo for photo_id in photo_ids if (photo := photos.get(photo_id)) and listing.contains(photo)]


def _choose_partitions(listing: Listing, term: str) -> list[tuple[str, tuple[str, str]]]:
    """Return the index of each partition of a listing, and the name and value of its partition key there.

    The public photos of an owner have a partition of their own, so that no query for another user can find a private
    photo.
    """
    if listing.owner is None:
        return [("public-tag", ("publicTag", term))]
    visible = [True, False] if listing.scope == "owner" else [True]
    return [("owner-tag", ("ownerTag", _build_owner_tag(listing.owner, term, public=public))) for public in visible]


def _build_owner_tag(owner: UserId, term: str, *, public: bool) -> str:
    return f"{owner}#{'public' if public else 'hidden'}#{term}"
