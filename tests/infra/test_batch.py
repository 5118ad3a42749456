"""A batch returns a result for each item, even if other items fail."""

import threading
import time

import pytest

from chalicelib.domain.errors import Busy, NotFound, PhotoshareError
from chalicelib.infra import batch
from chalicelib.infra.batch import THREADS, run_each


def test_results_are_in_the_order_of_the_items() -> None:
    def act(number: int) -> int:
        time.sleep((THREADS - number) * 0.002)
        if number % 3 == 1:
            raise NotFound
        return number

    results = run_each(act, range(THREADS))
    assert [result.code if isinstance(result, PhotoshareError) else result for result in results] == [
        "NotFound" if number % 3 == 1 else number for number in range(THREADS)
    ]


def test_items_run_at_the_same_time_unless_one_thread_is_requested() -> None:
    barrier = threading.Barrier(THREADS, timeout=5)
    assert len({*run_each(lambda _: barrier.wait(), range(THREADS))}) == THREADS
    order: list[int] = []
    run_each(order.append, range(20), threads=1)
    assert order == [*range(20)]


def test_items_that_the_time_budget_does_not_reach_get_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "TIME_BUDGET_SECONDS", 0.02)
    started: list[int] = []

    def act(number: int) -> int:
        started.append(number)
        time.sleep(0.03)
        return number

    first, *others = run_each(act, range(5), threads=1)
    assert first == 0
    assert started == [0]
    assert all(isinstance(result, Busy) for result in others)


def test_error_of_the_program_is_raised_after_all_items_have_ended() -> None:
    ended: list[int] = []

    def act(number: int) -> None:
        if number == 0:
            raise KeyError(number)
        ended.append(number)

    with pytest.raises(KeyError):
        run_each(act, range(20))
    assert sorted(ended) == [*range(1, 20)]
