"""What a DynamoDB client asks for, counted on its way out and back."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support import row_sizes


class Meter:
    """Calls by their name; of Queries also the items and the read units that DynamoDB would charge."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.items, self.units = 0, 0.0

    def count(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        """botocore's `after-call`. Nothing is filtered, so what a Query answers is what it read."""
        self.calls[model.name] += 1
        found = parsed.get("Items", [])
        self.items += len(found)
        self.units += row_sizes.read_units(sum(map(row_sizes.item_size, found)))


@contextmanager
def metered(client: Any) -> Iterator[Meter]:
    """Count what `client` asks for meanwhile."""
    meter = Meter()
    client.meta.events.register("after-call", meter.count)
    try:
        yield meter
    finally:
        client.meta.events.unregister("after-call", meter.count)
