"""Count the calls of an operation to AWS, and compute the DynamoDB units of the rows that it reads and changes.

Neither moto nor the emulator reports correct units: moto halves consistent reads and omits transactions.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any

from tests.support import row_sizes
from tests.support.cloud import Cloud
from tests.support.faults import hooked
from tests.support.moto_data import Row, read_rows


class Meter:
    """The calls by operation, the read units and the write units."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.read, self.written = 0.0, 0
        # A search reads the lists of its words in several threads.
        self._lock = Lock()

    @property
    def line(self) -> tuple[str, str, str]:
        """The cells of the table: calls, read units and write units."""
        calls = ", ".join(f"{name} {count}" if count > 1 else name for name, count in sorted(self.calls.items()))
        return calls or "none", f"{self.read:g}", f"{self.written:g}"

    def record_request(self, params: Row, context: Row, **_: Any) -> None:
        """Handle the `provide-client-params` event of botocore."""
        context["params"] = params

    def count_response(self, model: Any, parsed: Row, context: Row, **_: Any) -> None:
        """Handle the `after-call` event of botocore."""
        with self._lock:
            self.calls[model.name] += 1
            self.read += _read_units(model.name, context.get("params", {}), parsed)


@contextmanager
def metered(cloud: Cloud) -> Iterator[Meter]:
    """Measure the operations of the block."""
    meter, before = Meter(), _tables(cloud)
    with ExitStack() as stack:
        for client in cloud.clients:
            stack.enter_context(hooked("provide-client-params", lambda _: meter.record_request, client))
            stack.enter_context(hooked("after-call", lambda _: meter.count_response, client))
        yield meter
    after = _tables(cloud)
    for table, old_rows in before.items():
        indexes = cloud.dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
        for key in {*old_rows, *after[table]}:
            meter.written += _charge(old_rows.get(key), after[table].get(key), indexes)


def _read_units(operation: str, params: Row, parsed: Row) -> float:
    """Return the read units that DynamoDB charges for one call."""
    if operation == "GetItem":
        return _consistency(params) * _blocks(row_sizes.item_size(parsed.get("Item", {})))
    if operation == "Query":
        return _consistency(params) * _blocks(sum(map(row_sizes.item_size, parsed["Items"])))
    if operation != "BatchGetItem":
        return 0
    units = 0.0
    for table, request in params["RequestItems"].items():
        rows = parsed["Responses"].get(table, [])
        # DynamoDB charges one block for a key without a row.
        blocks = sum(_blocks(row_sizes.item_size(row)) for row in rows) + len(request["Keys"]) - len(rows)
        units += blocks * _consistency(request)
    return units


def _consistency(request: Row) -> float:
    """Return the read units of one block of 4 KB."""
    return 1 if request.get("ConsistentRead") else 0.5


def _charge(old: Row | None, new: Row | None, indexes: list[Row]) -> int:
    """Return the write units of a change. A row costs two units per KB, because all writes are transactions.

    An index entry costs one unit per KB.
    """
    if old == new:
        return 0
    charged = 2 * max(_kilobytes(old), _kilobytes(new))
    for index in indexes:
        old_entry, new_entry = (_entry(row, index) for row in (old, new))
        keys = [key["AttributeName"] for key in index["KeySchema"]]
        if old_entry and new_entry and any(old_entry[name] != new_entry[name] for name in keys):
            charged += _kilobytes(old_entry) + _kilobytes(new_entry)
        elif old_entry != new_entry:
            charged += max(_kilobytes(old_entry), _kilobytes(new_entry))
    return charged


def _entry(row: Row | None, index: Row) -> Row | None:
    """Return the entry of a row in an index, or None if the index does not contain the row."""
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    if row is None or any(name not in row for name in keys):
        return None
    primary = ("photoId", "uploadedAt", "userId", "albumId", "record", "ownerPart", "wordPhoto")
    projection = index["Projection"]
    names = {*keys, *primary, *projection.get("NonKeyAttributes", ())}
    return row if projection["ProjectionType"] == "ALL" else {name: row[name] for name in names if name in row}


def _tables(cloud: Cloud) -> dict[str, dict[str, Row]]:
    settings = cloud.settings
    of_photos = (settings.photo_table, settings.account_table, settings.term_table)
    of_others = (settings.album_table, settings.entry_table, settings.rating_table)
    return {name: _rows(cloud, name) for name in (*of_photos, *of_others)}


def _rows(cloud: Cloud, table: str) -> dict[str, Row]:
    schema = cloud.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    keys = [key["AttributeName"] for key in schema]
    return {str([row[name] for name in keys]): row for row in read_rows(cloud.dynamodb, table)}


def _blocks(size: int) -> int:
    return max(math.ceil(size / (4 * row_sizes.KB)), 1)


def _kilobytes(row: Row | None) -> int:
    return math.ceil(row_sizes.item_size(row) / row_sizes.KB) if row else 0
