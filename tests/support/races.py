"""Many calls at once, on stores whose transactions exclude each other."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from chalicelib import wiring
from tests.support.cloud import Cloud
from tests.support.rows import OneAtATime


def at_once[Result](cloud: Cloud, calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """What these calls give, each in a thread of its own."""
    with _isolated(cloud), ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]


@contextmanager
def _isolated(cloud: Cloud) -> Any:
    shared = OneAtATime(cloud.dynamodb)
    built = (wiring.store, wiring.album_store, wiring.rating_store, wiring.repeats, wiring.search_index)
    stores: list[Any] = [build() for build in built]
    for store in stores:
        store._calls._client = shared
    try:
        yield
    finally:
        for store in stores:
            store._calls._client = cloud.dynamodb
