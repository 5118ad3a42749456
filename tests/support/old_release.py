"""Change rows as a release without the order `taken` does."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from chalicelib import wiring
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.messages import ReindexPhotos
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import build_update
from tests.support.cloud import Cloud
from tests.support.images import photo as make_photo
from tests.support.old_search import forget_words
from tests.support.rows import START, Backend

PHOTOS, ENTRIES = "photoshare-test-PhotoMetadata", "photoshare-test-AlbumPhotos"
_NEW = ("takenKey", "takenList")
"""The attributes that the release does not know."""


def forget_order(client: Any, photo: Photo) -> None:
    """Store a listed photo and its entries as if the release had written them. The months do not count the photo."""
    row = client.get_item(TableName=PHOTOS, Key=items.build_photo_key(photo.photo_id))["Item"]
    client.put_item(TableName=PHOTOS, Item=_without_order(row))
    _put_entries(client, photo)


def change(backend: Backend, before: Photo, after: Photo) -> Photo:
    """Change a photo and its entries. The release keeps attributes that it does not know, and counts no months."""
    changed = after.with_(revision=before.revision + 1)
    old, new = (_without_order(items.encode_photo(photo, int(START.timestamp()))) for photo in (before, changed))
    update = build_update(PHOTOS, items.build_photo_key(before.photo_id), old, new, revision=before.revision)
    backend.client.transact_write_items(TransactItems=[update])
    for album_id in items.encode_entries(before):
        key = {"albumId": {"S": album_id}, "photoId": {"S": before.photo_id}}
        backend.client.delete_item(TableName=ENTRIES, Key=key)
    _put_entries(backend.client, changed)
    return backend.now(before)


def reindex_photos(cloud: Cloud) -> None:
    """Reindex a photo of the release by the sweep and its job."""
    ann = cloud.person(f"ann-{uuid4()}")
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    photo = cloud.upload(ann, make_photo(64, 48), albumId=album_id)
    forget_order(cloud.dynamodb, photo)
    forget_words(cloud.dynamodb, photo, [])
    now = datetime.now(UTC)
    wiring.stores().reindex_requests.add(UserId(ann.user_id), *[format_timestamp(now)] * 2)
    assert cloud.sweep(now) >= 1
    cloud.work(msgspec.json.encode(ReindexPhotos(UserId(ann.user_id))).decode(), now)
    assert ann.get("/photos", order="taken", scope="mine").json["items"]


def _put_entries(client: Any, photo: Photo) -> None:
    for row in items.encode_entries(photo).values():
        client.put_item(TableName=ENTRIES, Item=_without_order(row))


def _without_order(row: items.Item) -> items.Item:
    return {name: value for name, value in row.items() if name not in _NEW}
