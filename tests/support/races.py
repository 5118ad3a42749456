"""Run many calls concurrently, on stores whose transactions exclude each other."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.support.cloud import Cloud


def run_concurrently[Result](calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run each call in its own thread. Return the results in the order of the calls."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: call(), calls))


def run_concurrently_on[Result](cloud: Cloud, calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run each call in its own thread, while the transactions on `cloud` exclude each other as in production."""
    with cloud.stored.isolated():
        return run_concurrently(calls)
