"""Count the calls of a DynamoDB client, and the read units of its queries."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from tests.support import row_sizes


class Meter:
    """The calls by operation, and the items and read units of queries."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.items, self.units = 0, 0.0
        # The feed and the search query in several threads.
        self._lock = Lock()

    def count(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        """Handle the `after-call` event of botocore. Queries have no filter, so they return all items they read."""
        items = parsed.get("Items", [])
        units = row_sizes.read_units(sum(map(row_sizes.item_size, items)))
        with self._lock:
            self.calls[model.name] += 1
            self.items += len(items)
            self.units += units


@contextmanager
def metered(client: Any) -> Iterator[Meter]:
    """Count the calls of `client` in the block."""
    meter = Meter()
    client.meta.events.register("after-call", meter.count)
    try:
        yield meter
    finally:
        client.meta.events.unregister("after-call", meter.count)
