"""Exported files can be read from a bucket or from a local copy. Damaged files are refused."""

import gzip
from hashlib import md5
from pathlib import Path

import pytest

from chalicelib.infra.exported_files import ExportedFiles, InvalidExport, locate_data
from tests.support.cloud import Cloud

CONTENT = gzip.compress(b"one\ntwo\n")
MD5 = md5(CONTENT, usedforsecurity=False).digest()


@pytest.fixture(params=["s3", "local"])
def location(request: pytest.FixtureRequest, cloud: Cloud, tmp_path: Path) -> str:
    """A file in a bucket, or its local copy."""
    if request.param == "local":
        (tmp_path / "1.gz").write_bytes(CONTENT)
        return str(tmp_path / "1.gz")
    bucket = cloud.settings.originals_bucket
    cloud.s3.put_object(Bucket=bucket, Key="exports/data/1.gz", Body=CONTENT)
    return f"s3://{bucket}/exports/data/1.gz"


def test_file_is_read_from_a_bucket_and_from_a_local_copy(cloud: Cloud, location: str) -> None:
    files = ExportedFiles(cloud.s3)
    assert files.read(location) == CONTENT
    assert [*files.read_lines(location, MD5)] == [b"one\n", b"two\n"]


def test_file_with_another_digest_is_refused_before_its_first_line(cloud: Cloud, location: str) -> None:
    with pytest.raises(InvalidExport, match="MD5"):
        next(ExportedFiles(cloud.s3).read_lines(location, bytes(16)))


def test_data_files_are_found_beside_the_manifest() -> None:
    key = "prefix/AWSDynamoDB/0173/data/1.json.gz"
    assert locate_data("s3://b/prefix/AWSDynamoDB/0173/manifest-summary.json", key, levels=0) == f"s3://b/{key}"
    assert (
        locate_data("copy/daily/2026-11-27T01-00Z/manifest.json", "any/1.csv.gz", levels=1)
        == "copy/daily/data/1.csv.gz"
    )
