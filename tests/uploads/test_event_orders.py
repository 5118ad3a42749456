"""A sample of the orders of one photo's events. `make event-orders` runs all of them."""

import pytest

from tests.support.cloud import Cloud
from tests.support.event_orders import EventOrders, list_orders

EACH = 16
"""Run one order of this number."""


@pytest.fixture(scope="module")
def orders(deployed: Cloud) -> EventOrders:
    """A photo with two versions and no event yet."""
    return EventOrders(deployed)


def test_every_order_of_events_ends_in_one_state(orders: EventOrders) -> None:
    sample = list(list_orders())[::EACH]
    assert {len(order) for order in sample} == {1, 2, 3, 4, 5}
    failures = {order: findings for order in sample if (findings := orders.run(order))}
    assert failures == {}
