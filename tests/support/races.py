"""Run many calls concurrently, on stores whose transactions exclude each other."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from chalicelib import wiring
from tests.support.cloud import Cloud
from tests.support.rows import OneAtATime


def run_concurrently[Result](calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run each call in its own thread. Return the results in the order of the calls."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: call(), calls))


def run_concurrently_on[Result](cloud: Cloud, calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run each call in its own thread, while DynamoDB transactions on `cloud` exclude each other."""
    with _isolated(cloud):
        return run_concurrently(calls)


@contextmanager
def _isolated(cloud: Cloud) -> Any:
    shared = OneAtATime(cloud.dynamodb)
    stores: list[Any] = [
        *(wiring.stores().photos, wiring.stores().accounts, wiring.stores().albums, wiring.stores().links),
        *(wiring.stores().ratings, wiring.stores().idempotency, wiring.stores().search),
        wiring.stores().timeline,
    ]
    for store in stores:
        store._calls._client = shared
    try:
        yield
    finally:
        for store in stores:
            store._calls._client = cloud.dynamodb
