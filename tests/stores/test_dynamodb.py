"""DynamoDB's limits and half answers, which its store hides."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain import errors, feed
from chalicelib.domain.accounts import Account
from chalicelib.domain.ids import PhotoId, UserId, timestamp
from chalicelib.domain.listing import Listing
from chalicelib.stores.dynamodb import items
from tests.support.dynamodb_rows import counted_calls, write_rows
from tests.support.faults import Answer, hooked, refusal
from tests.support.rows import NO_LIMITS, START, Backend, ids, pending

PUBLIC, SEA = Listing(scope="public"), Listing(scope="public", tag="sea")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the store waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(random, "uniform", lambda _, most: most)
    return waited


def answering(client: Any, operation: str, answers: Iterator[Answer | None]) -> Any:
    """Have the calls of `operation` answered so, None by DynamoDB itself."""

    def before(**_: Any) -> Answer | None:
        return next(answers, None)

    return hooked(f"before-call.dynamodb.{operation}", lambda _: before, client)


# --- Transactions


def cancelled(*reasons: str) -> Answer:
    return refusal(400, "TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_conflicting_transactions_are_retried_after_increasing_delays(
    backend: Backend, pauses: list[float], reason: str
) -> None:
    photo = pending()
    with answering(backend.client, "TransactWriteItems", iter([cancelled("None", reason)] * 7)):
        backend.store.grant(photo, NO_LIMITS)
    assert backend.now(photo) == photo
    assert pauses == sorted(pauses)
    assert len(pauses) == 7


def test_transaction_that_always_conflicts_raises_busy(backend: Backend) -> None:
    photo = pending()
    always = itertools.repeat(cancelled("TransactionConflict", "None"))
    with answering(backend.client, "TransactWriteItems", always), pytest.raises(errors.Busy):
        backend.store.grant(photo, NO_LIMITS)
    assert backend.store.photo(photo.photo_id) is None


@pytest.mark.parametrize("reason", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_transaction_that_can_never_succeed_is_not_retried(backend: Backend, pauses: list[float], reason: str) -> None:
    always = itertools.repeat(cancelled(reason, "None"))
    with answering(backend.client, "TransactWriteItems", always), pytest.raises(ClientError):
        backend.store.grant(pending(), NO_LIMITS)
    assert pauses == []


def test_transaction_still_in_progress_raises_busy(backend: Backend) -> None:
    under_way = itertools.repeat(refusal(400, "TransactionInProgressException"))
    with answering(backend.client, "TransactWriteItems", under_way), pytest.raises(errors.Busy):
        backend.store.grant(pending(), NO_LIMITS)


def test_opening_an_account_is_retried_if_it_conflicts_with_a_grant(backend: Backend) -> None:
    account = Account(user_id=UserId("ann"), created_at=timestamp(START))
    met = [cancelled("TransactionConflict")]
    plain = [refusal(400, "TransactionConflictException")]
    with (
        answering(backend.client, "TransactWriteItems", iter(met)),
        answering(backend.client, "PutItem", iter(plain)),
    ):
        assert backend.accounts.open_account(account) == account


# --- Reading by tag, which takes a batch


class HalfAnswered:
    """Puts what DynamoDB found back among the unprocessed, all but `kept` of it, `times` times."""

    def __init__(self, kept: int, times: int) -> None:
        self.kept, self.times, self.batches = kept, times, list[int]()

    def before(self, params: Any, **_: Any) -> None:
        self.batches.append(params["body"].count(b'"photoId"'))

    def after(self, parsed: dict[str, Any], **_: Any) -> None:
        if len(self.batches) > self.times:
            return
        for table, found in parsed["Responses"].items():
            keys = [{name: row[name] for name in ("photoId", "uploadedAt")} for row in found[self.kept :]]
            parsed["UnprocessedKeys"] = {table: {"Keys": keys}} if keys else {}
            del found[self.kept :]

    def on(self, client: Any) -> Any:
        return hooked("after-call.dynamodb.BatchGetItem", lambda _: self.after, client)

    def counted(self, client: Any) -> Any:
        return hooked("before-call.dynamodb.BatchGetItem", lambda _: self.before, client)


@pytest.mark.parametrize(("kept", "times"), [(0, 1), (5, 1), (0, 7), (1, 12)])
def test_unprocessed_keys_are_requested_again(backend: Backend, kept: int, times: int) -> None:
    made = [backend.ready(minute=minute, tags=("sea",)) for minute in range(12)]
    half = HalfAnswered(kept, times)
    with half.counted(backend.client), half.on(backend.client):
        assert ids(backend.store.by_tag(SEA, 12, newest=False)) == ids(made)
    assert len(half.batches) > 1


def test_keys_that_stay_unprocessed_raise_busy(backend: Backend, pauses: list[float]) -> None:
    backend.ready(tags=("sea",))
    half = HalfAnswered(0, 1000)
    with half.counted(backend.client), half.on(backend.client), pytest.raises(errors.Busy):
        backend.store.by_tag(SEA, 9, newest=True)
    assert 1 < len(half.batches) < 20
    assert len(pauses) == len(half.batches) - 1


@pytest.mark.parametrize(("count", "batches"), [(99, [99]), (100, [100]), (101, [100, 1])])
def test_batches_have_at_most_a_hundred_keys_and_no_delay_between_them(
    backend: Backend, pauses: list[float], count: int, batches: list[int]
) -> None:
    photos = [pending(minute=minute, status="ready", tags=("sea",)) for minute in range(count)]
    for photo in photos:
        write_rows(backend, photo)
    half = HalfAnswered(0, 0)
    with half.counted(backend.client):
        assert ids(backend.store.by_tag(SEA, 200, newest=False)) == ids(photos)
    assert half.batches == batches
    assert pauses == []


# --- Shards of the public ranks


def test_no_bucket_of_a_public_walk_crosses_a_shard() -> None:
    assert items.PUBLIC_SHARD_BITS <= feed.PUBLIC_MIN_DEPTH


def test_span_of_ranks_takes_one_query_per_shard_until_the_limit_is_reached(backend: Backend) -> None:
    photos = sorted((backend.ready(minute=minute) for minute in range(8)), key=lambda photo: feed.rank(photo.photo_id))
    width = feed.RANKS >> items.PUBLIC_SHARD_BITS
    everything = feed.Span(0, feed.RANKS - 1)
    third = int(items.shard(feed.rank(photos[2].photo_id)))
    assert read_by_rank(backend, [everything]) == ([ids(photos)], 1 << items.PUBLIC_SHARD_BITS)
    assert read_by_rank(backend, [everything], 3) == ([ids(photos[:3])], third + 1)
    shards = [feed.Span(width, 2 * width - 1), feed.Span(5 * width + 1, 5 * width + 9)]
    assert read_by_rank(backend, shards)[1] == 2
    assert read_by_rank(backend, [feed.Span(width - 1, width)])[1] == 2


def read_by_rank(backend: Backend, spans: list[feed.Span], limit: int | None = None) -> tuple[list[list[PhotoId]], int]:
    """Return the ids in each span, and the number of queries."""
    with counted_calls(backend) as names:
        found = backend.store.by_rank(PUBLIC, spans, limit)
    assert set(names) == {"Query"}
    return [ids(each) for each in found], len(names)


# --- Pages of one megabyte


@pytest.mark.parametrize(
    "read",
    [
        lambda store: store.by_time(PUBLIC, 9, newest=False),
        lambda store: store.by_score(Listing(scope="owner", owner=UserId("ann")), 9)[::-1],
        lambda store: store.by_tag(SEA, 9, newest=False),
    ],
)
def test_list_over_one_megabyte_is_complete(backend: Backend, read: Callable[[Any], Any]) -> None:
    made = [backend.ready(minute=minute, description="x" * 300_000, tags=("sea",)) for minute in range(5)]
    assert ids(read(backend.store)) == ids(made)
