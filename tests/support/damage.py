"""Seed damage of objects. `row_damage` seeds damage of rows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, PhotoId, create_photo_id
from chalicelib.domain.photos import Photo
from tests.support.cloud import Client, Cloud
from tests.support.damaged_rows import open_rows
from tests.support.images import photo as make_photo

JPEG, OTHER_JPEG = make_photo(64, 48), make_photo(48, 64)
PAST = datetime.now(UTC) - timedelta(days=2)


class Damage:
    """A deployment with two users, and what the functions below need to damage it."""

    def __init__(self, cloud: Cloud, owner: Client, rater: Client) -> None:
        self.cloud, self.owner, self.rater = cloud, owner, rater
        self.rows = open_rows(cloud)
        self._count = 0

    def upload(self, **fields: Any) -> Photo:
        """Upload a photo whose bytes no other photo has."""
        self._count += 1
        return self.cloud.upload(self.owner, make_photo(64, 48 + self._count), **fields)

    def create_album(self, **fields: Any) -> str:
        """Create an album, and return its id."""
        return str(self.owner.post("/albums", {"name": "Sea", **fields}).json["albumId"])

    def read_album(self, album_id: str) -> Album:
        """Return the stored album."""
        album = self.cloud.albums.get_album(AlbumId(album_id))
        assert album
        return album

    def create_old_photo_id(self) -> PhotoId:
        """Return the id of a photo that does not exist. Its upload cannot be under way."""
        return create_photo_id(PAST, uuid4().int)

    def put_original(self, key: str, content: bytes = JPEG) -> str:
        """Write a version of an original, and return its id."""
        stored = self.cloud.s3.put_object(Bucket=self.cloud.settings.originals_bucket, Key=key, Body=content)
        return str(stored["VersionId"])

    def put_rendition(self, key: str, content: bytes = b"x") -> None:
        """Write a rendition."""
        self.cloud.s3.put_object(Bucket=self.cloud.settings.renditions_bucket, Key=key, Body=content)

    def delete_rendition(self, key: str) -> None:
        """Delete a rendition."""
        self.cloud.s3.delete_object(Bucket=self.cloud.settings.renditions_bucket, Key=key)

    def delete_original(self, photo: Photo, **version: str) -> None:
        """Delete the version of an original that `version` names, or add a delete marker if it names none."""
        self.cloud.s3.delete_object(Bucket=self.cloud.settings.originals_bucket, Key=photo.s3_key, **version)


Seed = Callable[[Damage], list[str]]
"""Damage something new. Return the names of the findings that the reconciliation must report."""


def unexpected_key(damage: Damage) -> list[str]:
    key = f"{damage.owner.user_id}/{uuid4()}.txt"
    damage.put_original(key)
    return [key]


def key_with_the_id_of_another_user(damage: Damage) -> list[str]:
    photo = damage.upload()
    key = f"{damage.rater.user_id}/{photo.photo_id}/photo.jpg"
    damage.put_original(key)
    return [key]


def object_at_the_top(damage: Damage) -> list[str]:
    key = f"{uuid4()}.txt"
    damage.put_original(key)
    return [key]


def later_version(damage: Damage) -> list[str]:
    photo = damage.upload()
    return [f"{photo.s3_key}?versionId={damage.put_original(photo.s3_key)}"]


def earlier_version(damage: Damage) -> list[str]:
    photo = damage.upload()
    version = damage.put_original(photo.s3_key, make_photo(64, 48 + damage._count))
    assert damage.cloud.store.replace(photo, photo.with_(version_id=version))
    return [f"{photo.s3_key}?versionId={photo.version_id}"]


def version_of_a_rejected_photo(damage: Damage) -> list[str]:
    photo = damage.cloud.upload(damage.owner, b"no image")
    return [f"{photo.s3_key}?versionId={damage.put_original(photo.s3_key)}"]


def object_beside_the_original(damage: Damage) -> list[str]:
    key = f"{damage.upload().prefix}other.jpg"
    return [f"{key}?versionId={damage.put_original(key)}"]


def delete_marker(damage: Damage) -> list[str]:
    photo = damage.upload()
    damage.delete_original(photo)
    page = damage.cloud.s3.list_object_versions(Bucket=damage.cloud.settings.originals_bucket, Prefix=photo.s3_key)
    return [f"{photo.s3_key}?versionId={page['DeleteMarkers'][0]['VersionId']}"]


def lost_original(damage: Damage) -> list[str]:
    photo = damage.upload()
    damage.delete_original(photo, VersionId=str(photo.version_id))
    return [photo.photo_id]


def replaced_original(damage: Damage) -> list[str]:
    """Lose the confirmed version. Another version has the same bytes."""
    photo = damage.upload()
    damage.put_original(photo.s3_key, make_photo(64, 48 + damage._count))
    damage.delete_original(photo, VersionId=str(photo.version_id))
    return [photo.photo_id]


def other_size(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.cloud.store.replace(photo, photo.with_(size=photo.size + 1))
    return [photo.photo_id]


def other_hash(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.cloud.store.replace(photo, photo.with_(sha256="0" * 64))
    return [photo.photo_id]


def missing_rendition(damage: Damage) -> list[str]:
    key = damage.upload().renditions["1024"]
    damage.delete_rendition(key)
    return [key]


def empty_rendition(damage: Damage) -> list[str]:
    key = damage.upload().renditions["256"]
    damage.put_rendition(key, b"")
    return [key]


def broken_rendition(damage: Damage) -> list[str]:
    key = damage.upload().renditions["2048"]
    damage.put_rendition(key, b"RIFF")
    return [key]


def orphaned_rendition(damage: Damage) -> list[str]:
    key = f"{damage.upload().prefix}old/256.webp"
    damage.put_rendition(key)
    return [key]


def rendition_without_a_file_name(damage: Damage) -> list[str]:
    key = damage.upload().prefix.removesuffix("/")
    damage.put_rendition(key)
    return [key]


def rendition_without_a_row(damage: Damage) -> list[str]:
    key = f"{damage.owner.user_id}/{damage.create_old_photo_id()}/v/256.webp"
    damage.put_rendition(key)
    return [key]


def unfinished_upload(damage: Damage) -> list[str]:
    key = f"{damage.owner.user_id}/{uuid4()}"
    begun = damage.cloud.s3.create_multipart_upload(Bucket=damage.cloud.settings.originals_bucket, Key=key)
    return [f"{key}?uploadId={begun['UploadId']}"]


def object_of_an_erased_photo(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.owner.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    damage.rows.forget_due(photo.photo_id)
    damage.put_original(photo.s3_key)
    return [photo.prefix]


def objects_without_a_file_name_of_an_erased_photo(damage: Damage) -> list[str]:
    prefix = object_of_an_erased_photo(damage)[0]
    damage.put_original(prefix.removesuffix("/"))
    damage.put_rendition(prefix.removesuffix("/"))
    return [prefix]
