"""List the objects of both buckets in the order of their keys, for the reconciliation."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.infra.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LAST_CHARACTER = "\U0010ffff"
"""No text sorts after it."""


class Version(NamedTuple):
    """A version of an original, or a delete marker."""

    key: str
    version_id: str
    size: int
    modified: datetime
    is_marker: bool


class Rendition(NamedTuple):
    """A stored rendition."""

    key: str
    size: int
    modified: datetime


class Upload(NamedTuple):
    """An unfinished multipart upload."""

    bucket: str
    key: str
    upload_id: str
    begun: datetime


class Listings(Protocol):
    """Lists of the bucket of originals and the bucket of renditions. A list is complete, or its iterator raises."""

    def list_versions(self, prefix: str) -> Iterator[Version]:
        """Yield all versions and delete markers of originals under a prefix, in the order of their keys.

        Of one key, the newest version comes first, and the delete markers last.
        """

    def list_renditions(self, prefix: str) -> Iterator[Rendition]:
        """Yield all renditions under a prefix, in the order of their keys."""

    def list_folders(self, limit: int, after: str) -> tuple[list[str], list[str], str | None]:
        """Return the top-level folders and objects of both buckets that follow `after`, and the last name of the page.

        The last name is None at the end of the list.
        """


class ObjectListings:
    """`Listings` of the buckets as they are now."""

    def __init__(self, settings: Settings, s3: "S3Client") -> None:
        self._s3, self._originals, self._renditions = s3, settings.originals_bucket, settings.renditions_bucket

    def list_versions(self, prefix: str) -> Iterator[Version]:
        """Yield all versions and delete markers of originals under a prefix. AWS contract S3-7."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self._originals, Prefix=prefix):
            versions = [_build_version(entry, is_marker=False) for entry in page.get("Versions", [])]
            versions += [_build_version(entry, is_marker=True) for entry in page.get("DeleteMarkers", [])]
            yield from sorted(versions, key=lambda version: version.key)

    def list_renditions(self, prefix: str) -> Iterator[Rendition]:
        """Yield all renditions under a prefix, in the order of their keys."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._renditions, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield Rendition(entry["Key"], entry["Size"], entry["LastModified"])

    def list_folders(self, limit: int, after: str) -> tuple[list[str], list[str], str | None]:
        """Return the top-level folders and objects of both buckets that follow `after`, and the last name."""
        folders: set[str] = set()
        objects: set[str] = set()
        ends: list[str] = []
        for bucket, is_versioned in ((self._originals, True), (self._renditions, False)):
            names, is_complete = self._read_top_level(bucket, limit, after, is_versioned=is_versioned)
            folders |= {name for name in names if name.endswith("/")}
            objects |= {name for name in names if not name.endswith("/")}
            ends += [] if is_complete or not names else [max(names)]
        # A bucket whose page ends first limits the page. The next page repeats what the other bucket has beyond it.
        end = min(ends, default=None)
        kept = [sorted(name for name in names if end is None or name <= end) for names in (folders, objects)]
        return kept[0], kept[1], end

    def list_uploads(self) -> Iterator[Upload]:
        """Yield the unfinished multipart uploads of both buckets."""
        for bucket in (self._originals, self._renditions):
            for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                for entry in page.get("Uploads", []):
                    yield Upload(bucket, entry["Key"], entry["UploadId"], entry["Initiated"])

    def abort_upload(self, upload: Upload) -> None:
        """Abort a multipart upload, which deletes its parts."""
        self._s3.abort_multipart_upload(Bucket=upload.bucket, Key=upload.key, UploadId=upload.upload_id)

    def read_rendition(self, key: str) -> bytes:
        """Return the bytes of a rendition, or no bytes if it was deleted since it was listed."""
        try:
            return self._s3.get_object(Bucket=self._renditions, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return b""

    def _read_top_level(self, bucket: str, limit: int, after: str, *, is_versioned: bool) -> tuple[set[str], bool]:
        """Return the names after `after`, and whether these are all."""
        # No key of the folder `after` sorts after this marker.
        marker = f"{after}{LAST_CHARACTER}" if after.endswith("/") else after
        page: Any
        if is_versioned:
            start: dict[str, Any] = {"KeyMarker": marker} if after else {}
            page = self._s3.list_object_versions(Bucket=bucket, Delimiter="/", MaxKeys=limit, **start)
        else:
            start = {"StartAfter": marker} if after else {}
            page = self._s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=limit, **start)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", []), *page.get("Contents", [])]
        names = {entry["Prefix"] for entry in page.get("CommonPrefixes", [])} | {entry["Key"] for entry in entries}
        return {name for name in names if name > after}, not page["IsTruncated"]


def _build_version(entry: Any, *, is_marker: bool) -> Version:
    return Version(entry["Key"], entry["VersionId"], entry.get("Size", 0), entry["LastModified"], is_marker)
