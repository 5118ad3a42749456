"""A person with something in every table, and everything that is kept of anybody."""

from typing import Any

from chalicelib import wiring
from chalicelib.domain.ids import AlbumId, UserId, timestamp
from chalicelib.domain.photos import Photo, Placement
from chalicelib.stores.dynamodb import items
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo
from tests.support.rows import NO_LIMITS, START, pending

JPEG = make_photo(64, 48)
WANTED = {"filename": "x.jpg", "contentType": "image/jpeg"}


def put_album(owner: Client, links: int = 1) -> AlbumId:
    """An album with share links."""
    album_id = AlbumId(owner.post("/albums", {"name": "Sea"}).json["albumId"])
    for _ in range(links):
        assert owner.post(f"/albums/{album_id}/links").status == 201
    return album_id


def delete_later(cloud: Cloud, album_id: AlbumId) -> None:
    """An album that is deleted, while its photos are still in it."""
    album = cloud.albums.album(album_id)
    assert album
    assert cloud.albums.change(album, album.with_(deleted_at=timestamp(START), due_at=timestamp(START)))


def place(cloud: Cloud, photo: Photo, album_id: AlbumId) -> Photo:
    """A photo put into an album."""
    albums = {album_id: Placement(name="Sea", public=True, position=0)}
    assert cloud.store.replace(photo, photo.with_(albums=albums))
    return cloud.photo(photo.photo_id)


def rate(cloud: Cloud, photo: Photo, by: str, stars: int) -> Photo:
    """A photo rated by somebody."""
    ratings, user_id = wiring.rating_store(), UserId(by)
    before = ratings.rating(photo.photo_id, user_id)
    assert ratings.rate(cloud.photo(photo.photo_id), user_id, before, stars)
    return cloud.photo(photo.photo_id)


def furnish(cloud: Cloud, owner: Client, other: Client) -> list[Photo]:
    """Give `owner` a photo in every state, albums, ratings from `other` and for them, and keys.

    Returns the photos of `other` that `owner` has rated.
    """
    delete_later(cloud, put_album(owner))
    albums = [put_album(owner) for _ in range(3)]
    rated = place(cloud, cloud.upload(owner, JPEG, tags=["sea", "hills"]), albums[0])
    private = place(cloud, cloud.upload(owner, JPEG, tags=["sea"], visibility="private"), albums[1])
    place(cloud, cloud.upload(owner, make_photo(33, 33)), albums[2])
    delete_later(cloud, albums[2])
    rate(cloud, rated, other.user_id, 4)
    rate(cloud, rated, owner.user_id, 5)
    rate(cloud, private, owner.user_id, 3)
    theirs = cloud.upload(other, make_photo(32, 32), tags=["sea"])
    rate(cloud, theirs, owner.user_id, 2)
    trashed = rate(cloud, cloud.upload(other, make_photo(32, 31)), owner.user_id, 1)
    other.delete(f"/photos/{trashed.photo_id}")
    owner.delete(f"/photos/{cloud.upload(owner, JPEG).photo_id}")
    owner.delete(f"/photos/{cloud.upload(owner, JPEG).photo_id}", permanent="true")
    cloud.upload(owner, b"no image")
    cloud.put(cloud.grant(owner), JPEG)
    for key in ("k", "l"):
        assert owner.post("/upload", WANTED, **{"Idempotency-Key": key}).status == 201
    return [theirs, trashed]


def sketch(cloud: Cloud, owner: Client, theirs: Photo) -> None:
    """Give `owner` the rows and objects that a purge treats each in its own way, but no pictures."""
    album_id = put_album(owner)
    rated, plain, erased = (pending(owner.user_id, tags=("sea",), sha256="00" * 32) for _ in range(3))
    for photo in (rated, plain, erased):
        cloud.store.grant(photo, NO_LIMITS)
        assert cloud.store.replace(photo, photo.with_(status="ready"))
    place(cloud, cloud.photo(rated.photo_id), album_id)
    rate(cloud, rated, theirs.user_id, 4)
    rate(cloud, theirs, owner.user_id, 2)
    cloud.store.replace(cloud.photo(erased.photo_id), erased.tombstone(timestamp(START)))
    for bucket in (cloud.settings.originals_bucket, cloud.settings.renditions_bucket):
        cloud.s3.put_object(Bucket=bucket, Key=rated.s3_key, Body=b"x")
    assert owner.post("/upload", WANTED, **{"Idempotency-Key": "k"}).status == 201


def everything(cloud: Cloud) -> dict[str, list[Any]]:
    """Every row and every object, by where it is."""
    found: dict[str, list[Any]] = {}
    for table in (
        cloud.settings.photo_table,
        cloud.settings.account_table,
        cloud.settings.term_table,
        cloud.settings.album_table,
        cloud.settings.entry_table,
        cloud.settings.rating_table,
    ):
        pages = cloud.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        found[table] = sorted((items.decode(row) for page in pages for row in page["Items"]), key=str)
    found["originals"] = sorted(cloud.originals())
    found["renditions"] = sorted(cloud.renditions())
    return found


def without(cloud: Cloud, user_id: str) -> dict[str, list[Any]]:
    """What is not of this person, by where it is."""
    found = everything(cloud)
    photos = found[cloud.settings.photo_table]
    albums = [row for row in found[cloud.settings.album_table] if row["record"] == "album"]
    names = [user_id, *(row["photoId"] for row in photos if row["userId"] == user_id)]
    names += [row["albumId"] for row in albums if row["userId"] == user_id]
    return {
        place: [each for each in rows if not any(name in str(each) for name in names)] for place, rows in found.items()
    }


def of(cloud: Cloud, user_id: str) -> dict[str, list[Any]]:
    """What names this person, by where it is, and rows that belong to no photo or album."""
    found = everything(cloud)
    there = {row["photoId"] for row in found[cloud.settings.photo_table]}
    there |= {row["albumId"] for row in found[cloud.settings.album_table] if row["record"] == "album"}

    def left(row: Any) -> bool:
        of = {row[name] for name in ("photoId", "albumId") if name in row} if isinstance(row, dict) else set()
        return user_id in str(row) or not of <= there

    named = {place: [each for each in rows if left(each)] for place, rows in found.items()}
    return {place: rows for place, rows in named.items() if rows}


def tombstone(cloud: Cloud, user_id: str) -> dict[str, Any]:
    """The account's row."""
    key = items.account_key(UserId(user_id))
    row = cloud.dynamodb.get_item(TableName=cloud.settings.account_table, Key=key, ConsistentRead=True)["Item"]
    return items.decode(row)
