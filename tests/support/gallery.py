"""Accounts with data in every table, and all stored data of an account."""

from typing import Any

from chalicelib import wiring
from chalicelib.domain.ids import AlbumId, UserId, format_timestamp
from chalicelib.domain.photos import Membership, Photo
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo
from tests.support.rows import NO_LIMITS, START, pending

JPEG = make_photo(64, 48)
_IDS = ("photoId", "albumId", "photo_id", "album_id")
WANTED = {"filename": "x.jpg", "contentType": "image/jpeg"}


def create_album(owner: Client, links: int = 1) -> AlbumId:
    """Create an album with share links."""
    album_id = AlbumId(owner.post("/albums", {"name": "Sea"}).json["albumId"])
    for _ in range(links):
        assert owner.post(f"/albums/{album_id}/links").status == 201
    return album_id


def mark_album_deleted(cloud: Cloud, album_id: AlbumId) -> None:
    """Mark an album as deleted, but keep its photos in it."""
    album = cloud.albums.get_album(album_id)
    assert album
    assert cloud.albums.change(album, album.with_(deleted_at=format_timestamp(START), due_at=format_timestamp(START)))


def put_into_album(cloud: Cloud, photo: Photo, album_id: AlbumId) -> Photo:
    """Put a photo into an album. Return the changed photo."""
    albums = {album_id: Membership(name="Sea", public=True, position=0)}
    assert cloud.store.replace(photo, photo.with_(memberships=albums))
    return cloud.photo(photo.photo_id)


def rate(cloud: Cloud, photo: Photo, by: str, stars: int) -> Photo:
    """Rate a photo. Return the changed photo."""
    ratings, user_id = wiring.stores().ratings, UserId(by)
    before = ratings.get_rating(photo.photo_id, user_id)
    assert ratings.rate(cloud.photo(photo.photo_id), user_id, before, stars)
    return cloud.photo(photo.photo_id)


def furnish(cloud: Cloud, owner: Client, other: Client) -> list[Photo]:
    """Give `owner` photos in every state, albums, and idempotency records. Both users also rate photos of each other.

    Return the photos of `other` that `owner` has rated.
    """
    mark_album_deleted(cloud, create_album(owner))
    albums = [create_album(owner) for _ in range(3)]
    rated = put_into_album(cloud, cloud.upload(owner, JPEG, tags=["sea", "hills"]), albums[0])
    private = put_into_album(cloud, cloud.upload(owner, JPEG, tags=["sea"], visibility="private"), albums[1])
    put_into_album(cloud, cloud.upload(owner, make_photo(33, 33)), albums[2])
    mark_album_deleted(cloud, albums[2])
    rate(cloud, rated, other.user_id, 4)
    rate(cloud, rated, owner.user_id, 5)
    rate(cloud, private, owner.user_id, 3)
    rated_by_owner = cloud.upload(other, make_photo(32, 32), tags=["sea"])
    rate(cloud, rated_by_owner, owner.user_id, 2)
    trashed = rate(cloud, cloud.upload(other, make_photo(32, 31)), owner.user_id, 1)
    other.delete(f"/photos/{trashed.photo_id}")
    owner.delete(f"/photos/{cloud.upload(owner, JPEG).photo_id}")
    owner.delete(f"/photos/{cloud.upload(owner, JPEG).photo_id}", permanent="true")
    cloud.upload(owner, b"no image")
    cloud.put(cloud.grant(owner), JPEG)
    for key in ("k", "l"):
        assert owner.post("/upload", WANTED, **{"Idempotency-Key": key}).status == 201
    return [rated_by_owner, trashed]


def sketch(cloud: Cloud, owner: Client, other_photo: Photo) -> None:
    """Give `owner` one row or object of each kind that a purge handles, without any picture."""
    album_id = create_album(owner)
    rated, plain, erased = (pending(owner.user_id, tags=("sea",), sha256="00" * 32) for _ in range(3))
    for photo in (rated, plain, erased):
        cloud.store.add_pending(photo, NO_LIMITS)
        assert cloud.store.replace(photo, photo.with_(status="ready"))
    put_into_album(cloud, cloud.photo(rated.photo_id), album_id)
    rate(cloud, rated, other_photo.user_id, 4)
    rate(cloud, other_photo, owner.user_id, 2)
    cloud.store.replace(cloud.photo(erased.photo_id), erased.to_tombstone(format_timestamp(START)))
    for bucket in (cloud.settings.originals_bucket, cloud.settings.renditions_bucket):
        cloud.s3.put_object(Bucket=bucket, Key=rated.s3_key, Body=b"x")
    assert owner.post("/upload", WANTED, **{"Idempotency-Key": "k"}).status == 201


def everything(cloud: Cloud) -> dict[str, list[Any]]:
    """Return every row and every object, by table or bucket."""
    data = cloud.stored.read_everything()
    data["originals"] = sorted(cloud.originals())
    data["renditions"] = sorted(cloud.renditions())
    return data


def without(cloud: Cloud, user_id: str) -> dict[str, list[Any]]:
    """Return the data of all other users, by table or bucket."""
    data, stored = everything(cloud), cloud.stored
    names = [user_id, *(photo.photo_id for photo in stored.list_photos() if photo.user_id == user_id)]
    names += [album.album_id for album in stored.list_albums() if album.user_id == user_id]
    return {table: [row for row in rows if not any(name in str(row) for name in names)] for table, rows in data.items()}


def data_about(cloud: Cloud, user_id: str) -> dict[str, list[Any]]:
    """Return the data with the id of a user, and rows whose photo or album does not exist, by table or bucket."""
    data = everything(cloud)
    existing_ids: set[str] = {photo.photo_id for photo in cloud.stored.list_photos()}
    existing_ids |= {album.album_id for album in cloud.stored.list_albums()}

    def is_about_user_or_orphaned(row: Any) -> bool:
        ids = {row[name] for name in _IDS if name in row} if isinstance(row, dict) else set()
        return user_id in str(row) or not ids <= existing_ids

    selected = {table: [row for row in rows if is_about_user_or_orphaned(row)] for table, rows in data.items()}
    return {table: rows for table, rows in selected.items() if rows}
