"""Run one action on each item of a batch. The failure of one item does not stop the others."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain.errors import Busy, PhotoshareError

log = logging.getLogger(__name__)

TIME_BUDGET_SECONDS = 10.0
"""The time after which a batch starts no further item. The last items can still take a few seconds, and the function
has 28 seconds."""
THREADS = 8
"""The number of items that run at the same time. More items would overload a new DynamoDB table."""


def run_each[Item, Result](
    action: Callable[[Item], Result], items: Sequence[Item], *, threads: int = THREADS
) -> list[Result | PhotoshareError]:
    """Return for each item what `action` returns, or the error that it raises, in the order of the items.

    With `threads=1`, run the items in their order. If the time budget is spent, the remaining items get `Busy`. Other
    exceptions are raised after all items have ended.
    """
    end = time.monotonic() + TIME_BUDGET_SECONDS

    def run(item: Item) -> Result | PhotoshareError:
        try:
            if time.monotonic() >= end:
                raise Busy
            return action(item)
        except PhotoshareError as error:
            return error

    with ThreadPoolExecutor(threads, "batch") as executor:
        # `executor.map` would cancel the remaining items at the first exception.
        futures = [executor.submit(run, item) for item in items]
    results = [future.result() for future in futures]
    if busy := sum(isinstance(result, Busy) for result in results):
        log.warning("some items of a batch failed", extra={"busy": busy, "items": len(results)})
    return results
