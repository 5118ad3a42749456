"""The run of the reconciliation is kept, and at most one process has its lease."""

from datetime import timedelta

import pytest

from chalicelib.domain.ids import format_timestamp
from chalicelib.stores.reconciliations import Run
from tests.support.rows import START, Backend


def seconds(minutes: int) -> int:
    return int((START + timedelta(minutes=minutes)).timestamp())


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_lease_has_one_holder_until_it_ends_or_is_given_back(backend: Backend, first: str, second: str) -> None:
    store, run = backend.runs, Run(options="{}", started_at=format_timestamp(START), found={"usage": 2})
    assert store.get_run() is None
    assert store.acquire(first, seconds(20))
    assert not store.acquire(second, seconds(20))
    assert not store.store(run, second, seconds(20))
    assert store.store(run, first, seconds(20))
    assert store.acquire(first, seconds(20)), "the holder may extend the lease"
    assert store.get_run() == run
    store.release(second)
    assert not store.acquire(second, seconds(20))
    store.release(first)
    assert store.acquire(second, seconds(0))
    assert not store.acquire(first, seconds(20)), "the lease holds until its last second"
    assert store.acquire(second, seconds(-1))
    assert store.acquire(first, seconds(20)), "the lease of the second process has ended"
    assert store.get_run() == run
