"""What an operation asks of AWS, and what DynamoDB charges for it, computed from the rows that it read and changed.

Neither moto nor the emulator can be asked: moto halves consistent reads and leaves transactions out.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from tests.support import row_sizes
from tests.support.cloud import Cloud
from tests.support.faults import hooked

Row = dict[str, Any]


class Meter:
    """Calls by their names, read units, and write units."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.read, self.written = 0.0, 0
        # A search reads the lists of its words in several threads.
        self._lock = Lock()

    @property
    def line(self) -> tuple[str, str, str]:
        """As the table says it."""
        calls = ", ".join(f"{name} {count}" if count > 1 else name for name, count in sorted(self.calls.items()))
        return calls or "none", f"{self.read:g}", f"{self.written:g}"

    def asked(self, params: Row, context: Row, **_: Any) -> None:
        """botocore's `provide-client-params`."""
        context["asked"] = params

    def answered(self, model: Any, parsed: Row, context: Row, **_: Any) -> None:
        """botocore's `after-call`."""
        with self._lock:
            self.calls[model.name] += 1
            self.read += _read_units(model.name, context.get("asked", {}), parsed)


@contextmanager
def metered(cloud: Cloud) -> Iterator[Meter]:
    """Count what is asked for meanwhile."""
    meter, before = Meter(), _tables(cloud)
    with ExitStack() as stack:
        for client in cloud.clients:
            stack.enter_context(hooked("provide-client-params", lambda _: meter.asked, client))
            stack.enter_context(hooked("after-call", lambda _: meter.answered, client))
        yield meter
    after = _tables(cloud)
    for table, was in before.items():
        indexes = cloud.dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
        for key in {*was, *after[table]}:
            meter.written += _charge(was.get(key), after[table].get(key), indexes)


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
        blocks = sum(_blocks(row_sizes.item_size(row)) for row in rows) + len(request["Keys"]) - len(rows)
        units += blocks * _consistency(request)
    return units


def _consistency(request: Row) -> float:
    """Return the read units of one block of 4 KB."""
    return 1 if request.get("ConsistentRead") else 0.5


def _charge(old: Row | None, new: Row | None, indexes: list[Row]) -> int:
    """A row costs two units a KB, as everything is written in transactions; its entry in an index one."""
    if old == new:
        return 0
    charged = 2 * max(_kilobytes(old), _kilobytes(new))
    for index in indexes:
        was, then = (_entry(row, index) for row in (old, new))
        keys = [each["AttributeName"] for each in index["KeySchema"]]
        if was and then and any(was[name] != then[name] for name in keys):
            charged += _kilobytes(was) + _kilobytes(then)
        elif was != then:
            charged += max(_kilobytes(was), _kilobytes(then))
    return charged


def _entry(row: Row | None, index: Row) -> Row | None:
    """What an index holds of a row."""
    keys = [each["AttributeName"] for each in index["KeySchema"]]
    if row is None or any(name not in row for name in keys):
        return None
    primary = ("photoId", "uploadedAt", "userId", "albumId", "record", "ownerTerm")
    whole = index["Projection"]["ProjectionType"] == "ALL"
    return row if whole else {name: row[name] for name in {*keys, *primary} if name in row}


def _tables(cloud: Cloud) -> dict[str, dict[str, Row]]:
    settings = cloud.settings
    of_photos = (settings.photo_table, settings.account_table, settings.term_table)
    of_others = (settings.album_table, settings.entry_table, settings.rating_table)
    return {name: _rows(cloud, name) for name in (*of_photos, *of_others)}


def _rows(cloud: Cloud, table: str) -> dict[str, Row]:
    schema = cloud.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    keys = [each["AttributeName"] for each in schema]
    # moto's own rows: a scan by its client takes seconds, before and after each operation.
    stored = dynamodb_backends[ACCOUNT_ID][cloud.dynamodb.meta.region_name].get_table(table).all_items()
    found = [item.to_json()["Attributes"] for item in stored]
    return {str([row[name] for name in keys]): row for row in found}


def _blocks(size: int) -> int:
    return max(math.ceil(size / (4 * row_sizes.KB)), 1)


def _kilobytes(row: Row | None) -> int:
    return math.ceil(row_sizes.item_size(row) / row_sizes.KB) if row else 0
