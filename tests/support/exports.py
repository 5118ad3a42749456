"""Write S3 inventories and DynamoDB exports of a deployment on moto, as AWS writes them."""

import csv
import gzip
import io
import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chalicelib.stores.dynamodb.raw_rows import KEYS
from tests.support.cloud import Cloud
from tests.support.moto_data import Row, read_rows

_SCHEMA = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate", "ETag")


def write_inventories(cloud: Cloud, folder: Path) -> list[str]:
    """Write an inventory of each bucket, in two files. Return the manifests."""
    buckets = cloud.settings.originals_bucket, cloud.settings.renditions_bucket
    return [write_inventory(bucket, _list_objects(cloud, bucket), folder) for bucket in buckets]


def write_exports(cloud: Cloud, folder: Path) -> list[str]:
    """Write an export of each table, in two files. Return the summaries."""
    tables = [getattr(cloud.settings, table) for table in KEYS]
    return [write_export(table, read_rows(cloud.dynamodb, table), folder) for table in tables]


def write_inventory(bucket: str, rows: list[list[str]], folder: Path) -> str:
    """Write an inventory with these rows, and return its manifest."""
    root, now = folder / bucket / "daily", datetime.now(UTC)
    files = []
    for number, part in enumerate(_halve(rows)):
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(part)
        name = f"{number}.csv.gz"
        content = _write_compressed(root / "data" / name, text.getvalue())
        key = f"inventory/{bucket}/daily/data/{name}"
        files.append({"key": key, "size": len(content), "MD5checksum": _md5(content)})
    manifest: dict[str, Any] = {"sourceBucket": bucket, "destinationBucket": "arn:aws:s3:::inventories"}
    manifest |= {"version": "2016-11-30", "creationTimestamp": str(int(now.timestamp() * 1000))}
    manifest |= {"fileFormat": "CSV", "fileSchema": ", ".join(_SCHEMA), "files": files}
    path = root / "2026-11-27T01-00Z" / "manifest.json"
    return _write(path, json.dumps(manifest, indent=2))


def _list_objects(cloud: Cloud, bucket: str) -> list[list[str]]:
    """Return the rows of an inventory. AWS sorts neither the rows nor the files."""
    rows = []
    for page in cloud.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entries, is_marker in ((page.get("Versions", []), "false"), (page.get("DeleteMarkers", []), "true")):
            for entry in entries:
                version = entry["VersionId"] if bucket == cloud.settings.originals_bucket else ""
                values = [bucket, quote(entry["Key"]), version, str(entry["IsLatest"]).lower(), is_marker]
                time = f"{entry['LastModified'].astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
                rows.append([*values, str(entry.get("Size", "")), time, entry.get("ETag", "").strip('"')])
    return rows[::-1]


def write_export(table: str, rows: list[Row], folder: Path) -> str:
    """Write an export with these rows, and return its summary."""
    root, files = folder / "AWSDynamoDB" / f"01732665600000-{table}", []
    for number, part in enumerate(_halve(rows[::-1])):
        name = f"{number}.json.gz"
        text = "".join(json.dumps({"Item": item}) + "\n" for item in part)
        content = _write_compressed(root / "data" / name, text)
        checksum = b64encode(bytes.fromhex(_md5(content))).decode()
        key = f"AWSDynamoDB/{root.name}/data/{name}"
        files.append({"itemCount": len(part), "md5Checksum": checksum, "etag": "0-1", "dataFileS3Key": key})
    _write(root / "manifest-files.json", "\n".join(json.dumps(file) for file in files))
    time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}"
    summary: dict[str, Any] = {"version": "2020-06-30", "exportArn": f"{arn}/export/{root.name}", "tableArn": arn}
    summary |= {"startTime": time, "endTime": time, "exportTime": time, "s3Bucket": "exports", "s3Prefix": None}
    summary |= {"manifestFilesS3Key": f"AWSDynamoDB/{root.name}/manifest-files.json", "billedSizeBytes": 0}
    summary |= {"itemCount": len(rows), "outputFormat": "DYNAMODB_JSON"}
    return _write(root / "manifest-summary.json", json.dumps(summary))


def _halve[T](rows: list[T]) -> Iterable[list[T]]:
    return rows[::2], rows[1::2]


def _write_compressed(path: Path, text: str) -> bytes:
    content = gzip.compress(text.encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return content


def _write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def _md5(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()
