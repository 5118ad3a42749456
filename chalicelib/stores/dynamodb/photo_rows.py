"""Photos by their ids, as several stores read them."""

from collections.abc import Iterable
from typing import NamedTuple

from chalicelib.domain.ids import PhotoId, UserId, is_photo_id
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange


class IdRange(NamedTuple):
    """Photo ids from `low` to `high`, both included. Neither needs to be an id."""

    low: str = "0"
    high: str = "g"

    @property
    def is_empty(self) -> bool:
        """Return whether no id can be in the range."""
        return self.low > self.high

    def beyond(self, photo_id: PhotoId, *, newest_first: bool) -> "IdRange":
        """Return the part of the range that comes after a photo, given the direction of reading."""
        if newest_first:
            return IdRange(self.low, min(self.high, items.get_key_below(photo_id)))
        return IdRange(max(self.low, f"{photo_id}0"), self.high)


def build_id_range(
    since: PhotoId | None, until: PhotoId | None, after: PhotoId | None, *, newest_first: bool
) -> IdRange:
    """Return the range of at least `since`, below `until` and after `after`, given the direction of reading."""
    ids = IdRange(since or "0", items.get_key_below(until) if until else "g")
    return ids.beyond(after, newest_first=newest_first) if after else ids


def read(calls: Calls, table: str, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Photo]:
    """Read the photos that exist, tombstones included, with consistent reads."""
    return index_by_id(calls.read_all(table, build_keys(photo_ids)))


def list_owned_ids(calls: Calls, table: str, owner: UserId, limit: int, after: str) -> list[PhotoId]:
    """Return up to `limit` ids of the photos and tombstones of a user that follow `after`, in their order."""
    keys = KeyRange(table, ("userId", owner), ("photoId", f"{after}0", "g"), "owner")
    return [PhotoId(row["photoId"]["S"]) for row in calls.query(keys, limit)]


def build_keys(photo_ids: Iterable[PhotoId]) -> list[items.Key]:
    """Return the primary keys of photos without duplicates. DynamoDB rejects a batch with a duplicate key.

    Ids with a time after the year 9999 have no key, because no photo can have such an id.
    """
    return [items.build_photo_key(photo_id) for photo_id in dict.fromkeys(photo_ids) if is_photo_id(photo_id)]


def index_by_id(rows: Iterable[items.Item]) -> dict[PhotoId, Photo]:
    """Return the photos of DynamoDB items by their ids."""
    return {photo.photo_id: photo for photo in map(items.decode_photo, rows)}
