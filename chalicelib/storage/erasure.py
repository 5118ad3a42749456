"""Delete objects from S3, with all their versions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import Busy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DELETED_AT_ONCE = 1000
"""The maximum number of objects in a `DeleteObjects` request. AWS contract S3-15."""


def delete_objects(s3: "S3Client", bucket: str, objects: Sequence[Any]) -> None:
    """Delete objects or versions.

    Raises:
        Busy: S3 did not delete some of them. The others are deleted.
    """
    if not objects:
        return
    # A page of a listing fits into one `DeleteObjects` request. AWS contract S3-15.
    response = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    if failed := response.get("Errors"):
        raise Busy(f"{len(failed)} of {len(objects)} objects were not deleted.")


def erase_versions(s3: "S3Client", bucket: str, prefix: str, *, is_replicated: bool) -> None:
    """Delete every version of every object under `prefix`. Idempotent.

    If the bucket is replicated, leave a delete marker for each key. S3 replicates the marker, and a lifecycle rule
    removes it later.

    Raises:
        Busy: S3 did not delete some versions.
    """
    has_more = True
    start: dict[str, Any] = {}
    # List the page again after a deletion. The marker of the next page would be a version that has just been deleted.
    # AWS contracts S3-7, S3-16.
    while has_more:
        page = s3.list_object_versions(Bucket=bucket, Prefix=prefix, **start)
        versions, markers = page.get("Versions", []), page.get("DeleteMarkers", [])
        if is_replicated:
            # S3 replicates delete markers, but no deletions of versions. AWS contract S3-23.
            hidden = {version["Key"] for version in versions}
            delete_objects(s3, bucket, [{"Key": key} for key in sorted(hidden)])
            markers = [marker for marker in markers if marker["Key"] in hidden]
        deleted = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in [*versions, *markers]]
        delete_objects(s3, bucket, deleted)
        has_more = page["IsTruncated"]
        if not deleted and has_more:
            start = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
