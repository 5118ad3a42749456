"""The rate limit throttles only the client that exceeds it, and no header bypasses it."""

import threading
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.auth import rate_limit
from chalicelib.auth.rate_limit import BUCKET_SIZE, REFILL_PER_SECOND, Limiter
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.ids import UserId
from tests.support.cloud import Cloud

ANN, BOB = UserId("ann"), UserId("bob")


class Clock:
    """A clock that moves only when a test changes `now`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def count_passed(limiter: Limiter, user_id: UserId, times: int) -> int:
    """Send `times` requests and return how many were not throttled."""
    passed = 0
    for _ in range(times):
        try:
            limiter.count_request(user_id)
            passed += 1
        except TooManyRequests:
            pass
    return passed


def test_requests_after_the_burst_are_throttled() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    assert count_passed(limiter, ANN, BUCKET_SIZE + 500) == BUCKET_SIZE
    assert count_passed(limiter, BOB, 10) == 10
    clock.now += 1
    assert count_passed(limiter, ANN, 500) == REFILL_PER_SECOND
    clock.now += 1_000_000
    assert count_passed(limiter, ANN, BUCKET_SIZE + 500) == BUCKET_SIZE


def test_next_request_passes_after_retry_after_seconds() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    count_passed(limiter, ANN, BUCKET_SIZE)
    with pytest.raises(TooManyRequests) as throttled:
        limiter.count_request(ANN)
    assert throttled.value.retry_after == 1
    clock.now += throttled.value.retry_after
    limiter.count_request(ANN)


def test_throttled_requests_do_not_delay_the_next_request() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    count_passed(limiter, ANN, BUCKET_SIZE)
    passed = 0
    for _ in range(100):
        clock.now += 1 / 64
        passed += count_passed(limiter, ANN, 5)
    assert passed == 100 * REFILL_PER_SECOND // 64


def test_concurrent_requests_are_all_counted() -> None:
    limiter, passed = Limiter(Clock()), []
    threads = [
        threading.Thread(target=lambda: passed.append(count_passed(limiter, ANN, 200)))
        for _ in range(BUCKET_SIZE // 200 + 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == BUCKET_SIZE


def test_number_of_tracked_users_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_MAX_USERS", 100)
    limiter = Limiter(Clock())
    for number in range(1000):
        limiter.count_request(UserId(str(number)))
    assert len(limiter._buckets) == 100


def test_only_the_runaway_client_gets_429(shared_cloud: Cloud) -> None:
    ann, bob = (shared_cloud.person(f"{name}-{uuid4()}") for name in ("ann", "bob"))
    wiring.limiter()._clock = Clock()
    count_passed(wiring.limiter(), UserId(ann.user_id), BUCKET_SIZE)
    shared_cloud.all_calls.clear()
    answer = ann.get("/trash")
    assert (answer.status, answer.json["error"]) == (429, "TooManyRequests")
    assert int(answer.headers["Retry-After"]) >= 1
    assert shared_cloud.all_calls == []
    for spoofed in ({"X-Forwarded-For": "198.51.100.7"}, {"X-Real-IP": "198.51.100.7"}, {"Forwarded": "for=1"}):
        assert ann.call("GET", "/trash", headers=spoofed).status == 429
    assert bob.get("/trash").status == 200
    assert shared_cloud.visitor.get("/photos").status == 200


def test_request_with_an_invalid_token_is_not_counted(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person(f"ann-{uuid4()}")
    for _ in range(3):
        assert shared_cloud.bearing(f"{ann.token}x", unguarded=True).get("/trash").status == 401
    assert wiring.limiter()._buckets == {}


def test_batch_counts_as_one_request_for_each_five_photos() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    for size, cost in ((1, 1), (5, 1), (6, 2), (50, 10)):
        limiter._buckets.clear()
        limiter.count_request(ANN)
        limiter.count_batch(ANN, size)
        assert count_passed(limiter, ANN, BUCKET_SIZE) == BUCKET_SIZE - cost


def test_batch_that_exceeds_the_limit_takes_no_token_and_passes_after_retry_after_seconds() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    count_passed(limiter, ANN, BUCKET_SIZE - 1)
    with pytest.raises(TooManyRequests) as throttled:
        limiter.count_batch(ANN, 5 * 50)
    assert throttled.value.retry_after == 3
    clock.now += throttled.value.retry_after
    limiter.count_batch(ANN, 5 * 50)
