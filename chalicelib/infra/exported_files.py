"""Read the files of an S3 Inventory or a DynamoDB export, from their bucket or from a local copy."""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom, BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SCHEME = "s3://"


class InvalidExport(Exception):
    """The files of an inventory or export are incomplete, damaged, or not those that the run needs."""


class ExportedFiles:
    """Files whose locations are `s3://bucket/key`, or paths of local copies."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3

    def read(self, location: str) -> bytes:
        """Return the content of a file."""
        with self._open(location) as file:
            return file.read()

    def read_lines(self, location: str, md5: bytes) -> Iterator[bytes]:
        """Yield the lines of a gzip file. The use of memory does not depend on the size of the file.

        Raises:
            InvalidExport: the MD5 of the file differs from `md5`.
        """
        with self._open(location) as file:
            if hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest() != md5:
                raise InvalidExport(f"The MD5 of {location} differs from its manifest.")
            file.seek(0)
            with gzip.open(file) as lines:
                yield from lines

    @contextmanager
    def _open(self, location: str) -> Iterator[BufferedReader | BufferedRandom]:
        if not location.startswith(_SCHEME):
            with Path(location).open("rb") as local_file:
                yield local_file
            return
        bucket, _, key = location.removeprefix(_SCHEME).partition("/")
        with TemporaryFile() as file:
            self._s3.download_fileobj(bucket, key, file)
            file.seek(0)
            yield file


def locate_data(manifest: str, key: str, *, levels: int) -> str:
    """Return the location of a data file. Its folder `data` is `levels` above the folder of the manifest."""
    folders = manifest.split("/")[: -1 - levels]
    return "/".join([*folders, "data", key.rpartition("/")[2]])
