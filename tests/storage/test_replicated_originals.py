"""If the originals are replicated, an erased original leaves a delete marker, which S3 replicates."""

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.storage.bucket import PhotoBuckets
from tests.support.cloud import Cloud, created

KEYS = [f"ann/{number}/photo.jpg" for number in range(7)]


def find_entries(cloud: Cloud) -> tuple[list[str], list[str]]:
    """Return the keys of all versions, and the different keys of all delete markers."""
    pages = [*cloud.s3.get_paginator("list_object_versions").paginate(Bucket=cloud.settings.originals_bucket)]
    versions, markers = (
        [entry["Key"] for page in pages for entry in page.get(name, [])] for name in ("Versions", "DeleteMarkers")
    )
    return versions, sorted({*markers})


@pytest.fixture
def bucket(cloud: Cloud) -> PhotoBuckets:
    settings = msgspec.structs.replace(cloud.settings, originals_replicated=True)
    return PhotoBuckets(settings, cloud.s3, wiring.bucket()._presigner, None)


def put(cloud: Cloud, key: str) -> None:
    cloud.s3.put_object(Bucket=cloud.settings.originals_bucket, Key=key, Body=b"photo")


@pytest.mark.parametrize("page_size", ["2", "3", "1000"])
def test_each_erased_original_leaves_a_delete_marker(
    cloud: Cloud, bucket: PhotoBuckets, page_size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", page_size)
    for key in [*KEYS, KEYS[0], KEYS[3], "bob/1/photo.jpg"]:
        put(cloud, key)
    # This marker was added by an erasure that was interrupted.
    cloud.s3.delete_object(Bucket=cloud.settings.originals_bucket, Key=KEYS[3])
    bucket.erase("ann/")
    assert find_entries(cloud) == (["bob/1/photo.jpg"], KEYS)


def test_repeated_erasure_changes_nothing(cloud: Cloud, bucket: PhotoBuckets) -> None:
    put(cloud, KEYS[0])
    bucket.erase("ann/")
    calls = len(cloud.all_calls)
    bucket.erase("ann/")
    assert find_entries(cloud) == ([], KEYS[:1])
    assert "DeleteObjects" not in cloud.all_calls[calls:]


def test_second_upload_of_a_rejected_photo_leaves_a_new_delete_marker(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring.bucket(), "_is_replicated", True)
    ann = cloud.person("ann")
    grant = cloud.grant(ann, method="POST")
    left = []
    for _ in range(2):
        cloud.deliver(created(grant["s3Key"], cloud.put(grant, b"<html>")))
        page = cloud.s3.list_object_versions(Bucket=cloud.settings.originals_bucket)
        assert "Versions" not in page
        left.append([marker["VersionId"] for marker in page["DeleteMarkers"]])
    # The replica has the second version too. Only a marker after this version hides it.
    assert cloud.photo(grant["photoId"]).status == "rejected"
    assert left[0] != left[1]


def test_without_a_replica_nothing_is_left(cloud: Cloud) -> None:
    put(cloud, KEYS[0])
    wiring.bucket().erase("ann/")
    assert find_entries(cloud) == ([], [])


@pytest.mark.parametrize("page_size", ["1", "2", "1000"])
def test_upload_after_an_erasure_is_erased_too(
    cloud: Cloud, bucket: PhotoBuckets, page_size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", page_size)
    for _ in range(4):
        put(cloud, KEYS[0])
        bucket.erase("ann/")
    assert find_entries(cloud) == ([], KEYS[:1])
