"""Measure a comparison whose first look reads exports: `python -m bench.reconcile [PHOTOS]`, on the emulated cloud."""

import os
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cancel import sign_up
from chalicelib import wiring
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.infra.exported_files import ExportedFiles
from chalicelib.reconcile.run import Options
from chalicelib.reconcile.snapshot import open_snapshot
from chalicelib.reconcile.wiring import build_reconciliation
from chalicelib.stores.dynamodb import items, months
from chalicelib.stores.dynamodb.audited_rows import TABLES
from chalicelib.stores.dynamodb.raw_rows import KEYS, TableName
from local import cloud
from tests.support.exports import write_export, write_inventory
from tests.support.requests_sent import count_requests
from tests.support.row_sizes import item_size, typical_photo

USERS = 4
OBJECTS = 5
"""The original of a photo and its renditions."""
DOLLARS_PER_GB_EXPORTED, DOLLARS_PER_MILLION_OBJECTS = 0.10, 0.0025
"""Prices in us-east-1 in November 2026: an export by the size of the table, and an inventory by its rows."""
GB, MILLION = 2**30, 1_000_000


def main(photos: int = 20_000) -> None:
    """Print the size, the duration, the requests and the cost of a comparison of clean accounts."""
    with tempfile.TemporaryDirectory() as data, cloud.run_cloud(Path(data), 0) as running:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(running.env)
        folder = Path(data) / "exports"
        owners = [sign_up(running, f"user-{number}@example.com").user_id for number in range(USERS)]
        exports, inventories, size = write_files(owners, photos, folder)
        rows = size / photos
        print(f"{photos:,} photos with {rows:,.0f} bytes of rows each, as DynamoDB counts them")
        exported = rows * MILLION / GB * DOLLARS_PER_GB_EXPORTED
        listed = OBJECTS * DOLLARS_PER_MILLION_OBJECTS
        print(f"a million photos: {exported:.2f} dollars for the exports, {listed:.2f} dollars for the inventories")
        compare(exports, inventories, photos, Path(data) / "work")


def compare(exports: list[str], inventories: list[str], photos: int, work: Path) -> None:
    """Sort the files and compare them. Print the durations and the requests."""
    started, clients = time.process_time(), [wiring.bucket()._s3, wiring.dynamodb(), wiring.user_pool()._cognito]
    with (
        count_requests(*clients) as sent,
        open_snapshot(ExportedFiles(clients[0]), inventories, exports, work) as first,
    ):
        sorted_at, disk = time.process_time(), sum(path.stat().st_size for path in work.iterdir())
        report = build_reconciliation(Options(), lambda *finding: print(*finding), first).run()
        compared_at = time.process_time()
    scale = MILLION / photos / 60
    # Measure processor time, because the emulator takes most of the elapsed time.
    print("minutes of processor time and GB of disk for a million photos:")
    print(f"sort {(sorted_at - started) * scale:.0f}, compare {(compared_at - sorted_at) * scale:.0f}")
    print(f"{disk / photos * MILLION / GB:.1f} GB")
    print(f"{sum(report.found.values())} findings, complete: {report.complete}, requests: {dict(sent)}")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of memory")


def write_files(owners: list[UserId], photos: int, folder: Path) -> tuple[list[str], list[str], int]:
    """Write the exports and inventories of clean accounts. Return the manifests, and the size of all rows."""
    settings, reader = wiring.settings(), wiring.stores().audit
    rows: dict[TableName, list[Any]] = {table: [] for table in KEYS}
    originals: list[list[str]] = []
    renditions: list[list[str]] = []
    for owner in owners:
        owned = [build_photo(number, owner) for number in range(photos // USERS)]
        rows["account_table"] += build_account_rows(owner, owned)
        for photo in owned:
            rows["photo_table"].append(items.encode_photo(photo))
            for row_id, derived in reader.build_rows(photo).items():
                rows[TABLES[row_id.kind]].append(derived.row)
            rest = ["true", "false", str(photo.size), photo.uploaded_at, "0"]
            originals.append([settings.originals_bucket, photo.s3_key, photo.version_id or "", *rest])
            for name, key in photo.renditions.items():
                size = str(photo.copy_size if name == "full" else 9)
                renditions.append([settings.renditions_bucket, key, "", "true", "false", size, photo.uploaded_at, "0"])
    exports = [write_export(getattr(settings, table), rows[table], folder) for table in KEYS]
    inventories = [
        write_inventory(settings.originals_bucket, originals, folder),
        write_inventory(settings.renditions_bucket, renditions, folder),
    ]
    return exports, inventories, sum(item_size(row) for table in KEYS for row in rows[table])


def build_photo(number: int, owner: UserId) -> Photo:
    """Return a typical photo without ratings."""
    return typical_photo(number, seed=hash(owner), user_id=owner, rating_sum=0, rating_count=0)


def build_account_rows(owner: UserId, photos: list[Photo]) -> list[items.Item]:
    """Return the row of an account and its counts by month."""
    now = format_timestamp(datetime.now(UTC))
    usage = {"photoCount": len(photos), "bytes": sum(photo.charged_bytes for photo in photos), "albumCount": 0}
    counts: dict[str, Counter[str]] = {}
    for photo in photos:
        record, month = months.find_count(photo, photo.taken_key)
        counts.setdefault(record, Counter())[month] += 1
    account = {"userId": owner, "record": "account", "createdAt": now, **usage}
    return [
        items.encode(account),
        *(items.encode({"userId": owner, "record": name, **counts[name]}) for name in counts),
    ]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
