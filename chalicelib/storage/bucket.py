"""Objects in S3: upload grants, originals, renditions, and the URLs that serve them. `listings` lists them."""

import base64
import hashlib
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, unquote

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Busy
from chalicelib.domain.filenames import shorten_filename
from chalicelib.domain.photos import GRANT_LIFETIME, MAX_UPLOAD_BYTES, Photo
from chalicelib.infra.settings import Settings
from chalicelib.storage.erasure import DELETED_AT_ONCE, delete_objects, erase_versions
from chalicelib.storage.listings import ObjectListings, Version
from chalicelib.storage.signed_urls import WINDOW, CdnSigner, PresignedUrl, Presigner, build_content_disposition

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Browsers and the CDN cache renditions. `public` is unnecessary: the signed URL alone gives access.
_IMMUTABLE = "max-age=31536000, immutable"
# Objects start in this class, because a later move costs a request for each object. AWS contract S3-22.
_STORAGE_CLASS: Literal["INTELLIGENT_TIERING"] = "INTELLIGENT_TIERING"
_PUBLIC_WINDOW = timedelta(hours=12)


class Grant(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A grant to upload one photo: a presigned URL and the headers or form fields to send."""

    photo_id: str
    s3_key: str
    method: Literal["PUT", "POST"]
    upload_url: str
    headers: dict[str, str] | None = None
    fields: dict[str, str] | None = None
    expires_in: int


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an original. `content` is None if the object exceeds the size that the reader accepts."""

    version_id: str
    size: int
    content: bytes | None
    sha256: str
    """SHA-256 of `content`, in hexadecimal."""
    metadata: dict[str, str]
    stored_at: datetime


class PhotoBuckets:
    """The bucket of originals and the bucket of renditions."""

    def __init__(self, settings: Settings, s3: "S3Client", presigner: Presigner, cdn: CdnSigner | None) -> None:
        """`cdn` signs URLs of the CDN in front of the renditions. It is None if there is no CDN."""
        self._s3, self._presigner, self._cdn = s3, presigner, cdn
        self.originals, self._renditions = settings.originals_bucket, settings.renditions_bucket
        self._is_replicated = settings.originals_replicated
        self.listings = ObjectListings(settings, s3)

    def create_put_grant(self, photo: Photo, content_type: str = "") -> Grant:
        """Return a presigned PUT that binds every declared value and cannot replace an object (`If-None-Match`).

        `content_type` is the Content-Type that the client will send, if it differs from the photo's. The stored object
        can therefore have a wrong type, so every URL of an original overrides the type.

        AWS contracts S3-1, S3-2, S3-3.
        """
        content_type = content_type or photo.content_type
        signed_parameters: dict[str, Any] = {
            "ContentType": content_type,
            "IfNoneMatch": "*",
            "Metadata": _build_metadata(photo),
            "StorageClass": _STORAGE_CLASS,
        }
        headers = {"Content-Type": content_type, "If-None-Match": "*", "x-amz-storage-class": _STORAGE_CLASS}
        headers |= {f"x-amz-meta-{name}": value for name, value in _build_metadata(photo).items()}
        if photo.size:
            signed_parameters["ContentLength"] = photo.size
            headers["Content-Length"] = str(photo.size)
        if photo.sha256:
            signed_parameters |= {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _hex_to_base64(photo.sha256)}
            headers["x-amz-sdk-checksum-algorithm"] = "SHA256"
            headers["x-amz-checksum-sha256"] = _hex_to_base64(photo.sha256)
        url = self._s3.generate_presigned_url(
            "put_object",
            Params={"Bucket": self.originals, "Key": photo.s3_key, **signed_parameters},
            ExpiresIn=int(GRANT_LIFETIME.total_seconds()),
        )
        return _build_grant(photo, method="PUT", upload_url=url, headers=headers)

    def create_post_grant(self, photo: Photo, content_type: str = "") -> Grant:
        """Return a presigned form that limits the length of the upload. See `create_put_grant`.

        A client can send the form again, so only the confirmed version is served.

        AWS contracts S3-4, S3-5.
        """
        fields = {"Content-Type": content_type or photo.content_type, "success_action_status": "201"}
        fields["x-amz-storage-class"] = _STORAGE_CLASS
        fields |= {f"x-amz-meta-{name}": value for name, value in _build_metadata(photo).items()}
        if photo.sha256:
            fields |= {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": _hex_to_base64(photo.sha256)}
        length = [photo.size, photo.size] if photo.size else [1, MAX_UPLOAD_BYTES]
        form = self._s3.generate_presigned_post(
            self.originals,
            photo.s3_key,
            Fields=dict(fields),
            Conditions=[{name: value} for name, value in fields.items()] + [["content-length-range", *length]],
            ExpiresIn=int(GRANT_LIFETIME.total_seconds()),
        )
        return _build_grant(photo, method="POST", upload_url=form["url"], fields=form["fields"])

    def read(
        self, key: str, version_id: str | None = None, *, max_bytes: int = MAX_UPLOAD_BYTES
    ) -> StoredObject | None:
        """Return this version of an original, or the newest version. Return None if it does not exist.

        If it has more than `max_bytes`, return it without its content.

        An aborted upload stores nothing. AWS contract S3-25.

        Raises:
            Busy: the connection was closed before the whole object arrived.
        """
        version: dict[str, Any] = {"VersionId": version_id} if version_id else {}
        try:
            response = self._s3.get_object(Bucket=self.originals, Key=key, **version)
        except ClientError as error:
            # S3 returns `MethodNotAllowed` for a delete marker. AWS contracts S3-12, S3-13.
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion", "MethodNotAllowed"):
                return None
            raise
        size = response["ContentLength"]
        try:
            with response["Body"] as stream:
                content = stream.read() if size <= max_bytes else None
        except BotoCoreError as error:
            raise Busy from error
        return StoredObject(
            version_id=response.get("VersionId", "null"),
            size=size,
            content=content,
            sha256=hashlib.sha256(content or b"").hexdigest(),
            metadata=response["Metadata"],
            stored_at=response["LastModified"],
        )

    def read_newest(self, photo: Photo, *, max_bytes: int) -> StoredObject | None:
        """Return the newest version of an original as `read` does, even if a delete marker hides it."""
        if stored := self.read(photo.s3_key, max_bytes=max_bytes):
            return stored
        versions = (stored for stored in self.list_versions(photo) if stored.key == photo.s3_key)
        hidden = next((version for version in versions if not version.is_marker), None)
        return self.read(photo.s3_key, hidden.version_id, max_bytes=max_bytes) if hidden else None

    def list_versions(self, photo: Photo) -> list[Version]:
        """Return every version and delete marker of every original of a photo. The newest version comes first."""
        return list(self.listings.list_versions(photo.prefix))

    def has_version(self, key: str, version_id: str) -> bool:
        """Return whether this version of an original exists."""
        try:
            # With a version id, S3 checks only the permission `s3:GetObjectVersion`. AWS contract IAM-4.
            self._s3.head_object(Bucket=self.originals, Key=key, VersionId=version_id)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def write_rendition(self, key: str, content: bytes, content_type: str) -> None:
        """Write a rendition to its fixed key. Idempotent."""
        self._s3.put_object(
            Bucket=self._renditions,
            Key=key,
            Body=content,
            ContentType=content_type,
            CacheControl=_IMMUTABLE,
            StorageClass=_STORAGE_CLASS,
        )

    def delete_unused_renditions(self, photo: Photo, written_before: datetime) -> None:
        """Delete the renditions of a photo that it does not use and that were written before a time. Idempotent."""
        in_use = {*photo.renditions.values()}
        unused = (
            {"Key": rendition.key}
            for rendition in self.listings.list_renditions(photo.prefix)
            if rendition.key not in in_use and rendition.modified < written_before
        )
        for batch in batched(unused, DELETED_AT_ONCE):
            delete_objects(self._s3, self._renditions, batch)

    def delete_rendition(self, key: str) -> None:
        """Delete one rendition. Idempotent."""
        self._s3.delete_object(Bucket=self._renditions, Key=key)

    def find_last_write(self, photo: Photo, before: datetime) -> datetime | None:
        """Return the time of the last write of a rendition before a time, or None if there was none."""
        written = (rendition.modified for rendition in self.listings.list_renditions(photo.prefix))
        return max((time for time in written if time < before), default=None)

    def delete_version(self, photo: Photo, key: str, version_id: str) -> None:
        """Delete one version of an original permanently. Delete its renditions too, unless the photo uses them."""
        self.delete_one_version(key, version_id)
        prefix = f"{key.rpartition('/')[0]}/{version_id}/"
        if not any(rendition.startswith(prefix) for rendition in photo.renditions.values()):
            self.erase(prefix)

    def delete_other_versions(self, photo: Photo) -> None:
        """Delete every version of every original of a ready photo except the confirmed one. Idempotent."""
        for stored in self.list_versions(photo):
            if (stored.key, stored.version_id) != (photo.s3_key, photo.version_id):
                self.delete_version(photo, stored.key, stored.version_id)

    def delete_one_version(self, key: str, version_id: str) -> None:
        """Delete one version of an original, or one delete marker, permanently."""
        # Without the version id, S3 would only hide the object. AWS contracts S3-14, IAM-5.
        self._s3.delete_object(Bucket=self.originals, Key=key, VersionId=version_id)

    def erase(self, prefix: str) -> None:
        """Delete every version of every original, and every rendition, under `prefix`. Idempotent.

        Raises:
            Busy: S3 did not delete some objects. The others are deleted.
        """
        erase_versions(self._s3, self.originals, prefix, is_replicated=self._is_replicated)
        for listing in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._renditions, Prefix=prefix):
            delete_objects(
                self._s3, self._renditions, [{"Key": rendition["Key"]} for rendition in listing.get("Contents", [])]
            )

    def sign_rendition_url(self, photo: Photo, name: str, now: datetime) -> str:
        """Return the signed URL of a rendition. The URL stays the same for one time window.

        The window is half an hour. It is half a day if a CDN serves the rendition and the photo is public.
        The URL expires within two windows. Until then, a client can still open a photo that was hidden or erased.
        """
        key = photo.renditions[name]
        if self._cdn:
            return self._cdn.sign(key, now, _PUBLIC_WINDOW if photo.listed and photo.visibility == "public" else WINDOW)
        return self._presigner.presign(self._renditions, key, now).url

    def presign_original(self, photo: Photo, now: datetime) -> PresignedUrl:
        """Return a URL that downloads the confirmed version of an original with its original file name."""
        query = {
            "response-content-disposition": build_content_disposition(photo.original_name),
            "response-content-type": photo.content_type,
            "versionId": photo.version_id or "null",
        }
        return self._presigner.presign(self.originals, photo.s3_key, now, **query)

    def presign_copy(self, photo: Photo, now: datetime) -> PresignedUrl:
        """Return a URL that downloads the full-size copy, which other users get instead of the original."""
        query = {"response-content-disposition": build_content_disposition(photo.copy_name)}
        return self._presigner.presign(self._renditions, photo.renditions["full"], now, **query)


def decode_filename(metadata: dict[str, str]) -> str:
    """Return the file name in the metadata of an object, or an empty text if the metadata has no name.

    `make rebuild` restores the file name of a lost row from it.
    """
    return unquote(metadata.get("filename", ""))


def _build_metadata(photo: Photo) -> dict[str, str]:
    return {"filename": quote(shorten_filename(photo.filename), safe="")}


def _build_grant(photo: Photo, **request: Any) -> Grant:
    return Grant(
        photo_id=photo.photo_id, s3_key=photo.s3_key, expires_in=int(GRANT_LIFETIME.total_seconds()), **request
    )


def _hex_to_base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
