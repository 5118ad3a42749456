"""All orders of at most five events of one photo, with duplicates, lost events and late events.

The photo has two versions in the bucket. Every order must end in one state, with nothing left over.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from itertools import permutations
from typing import Any

from tests.support.auditor import Audit
from tests.support.cloud import Cloud, created
from tests.support.crash_matrix import is_extra_version, running_deployment
from tests.support.crash_world import World
from tests.support.images import photo as make_photo
from tests.support.postgres_auditor import open_source
from tests.support.uploads import put_object

EVENTS = ("created", "created again", "deleted", "duplicate", "late")
"""`duplicate` repeats `created`, `created again` is of the second version, and `late` has no version.

`deleted` is the owner's request to erase the photo, and the events of S3 that follow it.
"""
LAST_ATTEMPT = 100

Order = tuple[str, ...]


def list_orders() -> Iterator[Order]:
    """Yield every order of at most five events. The missing events are lost."""
    for length in range(1, len(EVENTS) + 1):
        yield from permutations(EVENTS, length)


class EventOrders:
    """Deliver events in a deployment, and audit the result."""

    def __init__(self, cloud: Cloud) -> None:
        self.world, self._source = World(cloud), open_source()
        self.world.grant_and_put("boat", make_photo(32, 40))
        key = self.world.values["boat key"]
        second = put_object(cloud, key, make_photo(40, 44))
        first = self.world.values["boat event"]
        self._records = {
            "created": first,
            "duplicate": first,
            "created again": created(key, second),
            "late": created(key),
            "removed": created(key, second, "ObjectRemoved:Delete"),
        }
        self._restore = self.world.save()

    def run(self, order: Order) -> list[Any]:
        """Deliver the events, sweep, and repair. Return the findings, and the state if it is not the expected one."""
        self._restore()
        for event in order:
            self._send(event)
        now = self.world.settle()
        if _is_version_lost(order):
            # Only a repair finds a version whose events are lost.
            self.world.attempt = LAST_ATTEMPT
            self.world.reconcile()
        audit = Audit(self._source)
        status = audit.photos[self.world.values["boat"]]["status"]
        expected = "erased" if "deleted" in order else "ready"
        findings = [*audit.violations(now)]
        if _is_version_lost(order) and not self.world.can_reconcile:
            findings = [finding for finding in findings if not is_extra_version(*finding)]
        return [*findings, *([] if status == expected else [status])]

    def _send(self, event: str) -> None:
        if event == "deleted":
            self.world.request("DELETE", "/photos/{boat}", permanent="true")
            event = "removed"
        self.world.cloud.deliver(self._records[event])


def _is_version_lost(order: Order) -> bool:
    return "deleted" not in order and ("created again" not in order or not {"created", "duplicate"} & {*order})


def main() -> int:
    """Run every order, and print the number of orders and the findings."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    wanted = [order for order in list_orders() if order[0] in (sys.argv[1:] or EVENTS)]
    with running_deployment() as cloud:
        orders = EventOrders(cloud)
        failures = {order: findings for order in wanted if (findings := orders.run(order))}
    for order, findings in failures.items():
        print(", ".join(order), findings)
    print(f"{len(wanted)} orders, {len(failures)} with findings")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
