"""Photos by their ids, as several stores read them."""

from collections.abc import Iterable

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls


def read(calls: Calls, table: str, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Photo]:
    """Those of these photos that exist, tombstones as well; read consistently."""
    return by_id(calls.read_all(table, keys(photo_ids)))


def keys(photo_ids: Iterable[PhotoId]) -> list[items.Key]:
    """Their primary keys, each once: DynamoDB refuses a batch in which a key comes twice."""
    return [items.photo_key(photo_id) for photo_id in dict.fromkeys(photo_ids)]


def by_id(found: Iterable[items.Item]) -> dict[PhotoId, Photo]:
    """The photos of these items."""
    return {photo.photo_id: photo for photo in map(items.photo_of, found)}
