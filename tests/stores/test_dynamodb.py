"""The DynamoDB store hides the limits, conflicts and partial responses of DynamoDB."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain import errors, feed
from chalicelib.domain.accounts import Account
from chalicelib.domain.ids import LinkId, PhotoId, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.stores.dynamodb import items
from tests.support.album_rows import add_album, new_link
from tests.support.dynamodb_rows import counted_calls, write_rows
from tests.support.faults import Answer, hooked, refusal
from tests.support.rows import NO_LIMITS, START, Backend, ids, pending

PUBLIC, SEA = Listing(scope="public"), Listing(scope="public", tag="sea")


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays of the store between retries. The store does not really wait."""
    delays: list[float] = []
    monkeypatch.setattr(time, "sleep", delays.append)
    monkeypatch.setattr(random, "uniform", lambda _, high: high)
    return delays


def with_responses(client: Any, operation: str, responses: Iterator[Answer | None]) -> Any:
    """Return `responses` to the calls of `operation`. For None, DynamoDB itself responds."""

    def before(**_: Any) -> Answer | None:
        return next(responses, None)

    return hooked(f"before-call.dynamodb.{operation}", lambda _: before, client)


# --- Transactions


def cancellation(*reasons: str) -> Answer:
    return refusal(400, "TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_conflicting_transactions_are_retried_after_increasing_delays(
    backend: Backend, delays: list[float], reason: str
) -> None:
    photo = pending()
    with with_responses(backend.client, "TransactWriteItems", iter([cancellation("None", reason)] * 7)):
        backend.store.add_pending(photo, NO_LIMITS)
    assert backend.now(photo) == photo
    assert delays == sorted(delays)
    assert len(delays) == 7


def test_transaction_that_always_conflicts_raises_busy(backend: Backend) -> None:
    photo = pending()
    endless = itertools.repeat(cancellation("TransactionConflict", "None"))
    with with_responses(backend.client, "TransactWriteItems", endless), pytest.raises(errors.Busy):
        backend.store.add_pending(photo, NO_LIMITS)
    assert backend.store.get_photo(photo.photo_id) is None


@pytest.mark.parametrize("reason", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_transaction_that_can_never_succeed_is_not_retried(backend: Backend, delays: list[float], reason: str) -> None:
    endless = itertools.repeat(cancellation(reason, "None"))
    with with_responses(backend.client, "TransactWriteItems", endless), pytest.raises(ClientError):
        backend.store.add_pending(pending(), NO_LIMITS)
    assert delays == []


def test_transaction_still_in_progress_raises_busy(backend: Backend) -> None:
    in_progress = itertools.repeat(refusal(400, "TransactionInProgressException"))
    with with_responses(backend.client, "TransactWriteItems", in_progress), pytest.raises(errors.Busy):
        backend.store.add_pending(pending(), NO_LIMITS)


def test_opening_an_account_is_retried_if_it_conflicts_with_a_grant(backend: Backend) -> None:
    account = Account(user_id=UserId("ann"), created_at=format_timestamp(START))
    cancellations = [cancellation("TransactionConflict")]
    conflicts = [refusal(400, "TransactionConflictException")]
    with (
        with_responses(backend.client, "TransactWriteItems", iter(cancellations)),
        with_responses(backend.client, "PutItem", iter(conflicts)),
    ):
        assert backend.accounts.open_account(account) == account


def test_wrong_password_is_counted_if_another_one_begins_the_window_meanwhile(backend: Backend) -> None:
    link = new_link(add_album(backend))
    backend.links.add_link(link, 9)
    acts: list[Callable[[], bool]] = [lambda: True, partial(backend.links.count_wrong_password, link, 7, 5)]

    def before(**_: Any) -> None:
        assert not acts or acts.pop(0)()

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: before, backend.client):
        assert backend.links.count_wrong_password(link, 7, 5)
    stored = backend.links.read_with_link(link.album_id, LinkId(link.link_id))[1]
    assert stored
    assert stored.wrong_attempts == 2


# --- Batches of reads by tag


class PartialBatches:
    """Return only `count` rows and leave the other keys unprocessed, in the first `times` batches."""

    def __init__(self, count: int, times: int) -> None:
        self.count, self.times, self.batches = count, times, list[int]()

    def count_keys(self, params: Any, **_: Any) -> None:
        self.batches.append(params["body"].count(b'"photoId"'))

    def drop_rows(self, parsed: dict[str, Any], **_: Any) -> None:
        if len(self.batches) > self.times:
            return
        for table, rows in parsed["Responses"].items():
            keys = [{name: row[name] for name in ("photoId", "uploadedAt")} for row in rows[self.count :]]
            parsed["UnprocessedKeys"] = {table: {"Keys": keys}} if keys else {}
            del rows[self.count :]

    def truncate_responses(self, client: Any) -> Any:
        return hooked("after-call.dynamodb.BatchGetItem", lambda _: self.drop_rows, client)

    def record_batches(self, client: Any) -> Any:
        return hooked("before-call.dynamodb.BatchGetItem", lambda _: self.count_keys, client)


@pytest.mark.parametrize(("count", "times"), [(0, 1), (5, 1), (0, 7), (1, 12)])
def test_unprocessed_keys_are_requested_again(backend: Backend, count: int, times: int) -> None:
    photos = [backend.ready(minute=minute, tags=("sea",)) for minute in range(12)]
    partial_batches = PartialBatches(count, times)
    with partial_batches.record_batches(backend.client), partial_batches.truncate_responses(backend.client):
        assert ids(backend.store.list_by_tag(SEA, 12, newest_first=False)) == ids(photos)
    assert len(partial_batches.batches) > 1


def test_keys_that_stay_unprocessed_raise_busy(backend: Backend, delays: list[float]) -> None:
    backend.ready(tags=("sea",))
    partial_batches = PartialBatches(0, 1000)
    with (
        partial_batches.record_batches(backend.client),
        partial_batches.truncate_responses(backend.client),
        pytest.raises(errors.Busy),
    ):
        backend.store.list_by_tag(SEA, 9, newest_first=True)
    assert 1 < len(partial_batches.batches) < 20
    assert len(delays) == len(partial_batches.batches) - 1


@pytest.mark.parametrize(("count", "batches"), [(99, [99]), (100, [100]), (101, [100, 1])])
def test_batches_have_at_most_a_hundred_keys_and_no_delay_between_them(
    backend: Backend, delays: list[float], count: int, batches: list[int]
) -> None:
    photos = [pending(minute=minute, status="ready", tags=("sea",)) for minute in range(count)]
    for photo in photos:
        write_rows(backend, photo)
    partial_batches = PartialBatches(0, 0)
    with partial_batches.record_batches(backend.client):
        assert ids(backend.store.list_by_tag(SEA, 200, newest_first=False)) == ids(photos)
    assert partial_batches.batches == batches
    assert delays == []


# --- Shards of the public ranks


def test_no_bucket_of_a_public_walk_crosses_a_shard() -> None:
    assert items.PUBLIC_SHARD_BITS <= feed.PUBLIC_MIN_DEPTH


def test_span_of_ranks_takes_one_query_per_shard_until_the_limit_is_reached(backend: Backend) -> None:
    photos = sorted(
        (backend.ready(minute=minute) for minute in range(8)), key=lambda photo: feed.compute_rank(photo.photo_id)
    )
    width = feed.RANKS >> items.PUBLIC_SHARD_BITS
    all_ranks = feed.Span(0, feed.RANKS - 1)
    third_shard = int(items.choose_shard(feed.compute_rank(photos[2].photo_id)))
    assert read_by_rank(backend, [all_ranks]) == ([ids(photos)], 1 << items.PUBLIC_SHARD_BITS)
    assert read_by_rank(backend, [all_ranks], 3) == ([ids(photos[:3])], third_shard + 1)
    shards = [feed.Span(width, 2 * width - 1), feed.Span(5 * width + 1, 5 * width + 9)]
    assert read_by_rank(backend, shards)[1] == 2
    assert read_by_rank(backend, [feed.Span(width - 1, width)])[1] == 2


def read_by_rank(backend: Backend, spans: list[feed.Span], limit: int | None = None) -> tuple[list[list[PhotoId]], int]:
    """Return the ids in each span, and the number of queries."""
    with counted_calls(backend) as names:
        photos_by_span = backend.store.list_by_rank(PUBLIC, spans, limit)
    assert set(names) == {"Query"}
    return [ids(photos) for photos in photos_by_span], len(names)


# --- Pages of one megabyte


@pytest.mark.parametrize(
    "read",
    [
        lambda store: store.list_by_time(PUBLIC, 9, newest_first=False),
        lambda store: store.list_by_score(Listing(scope="owner", owner=UserId("ann")), 9)[::-1],
        lambda store: store.list_by_tag(SEA, 9, newest_first=False),
    ],
)
def test_list_over_one_megabyte_is_complete(backend: Backend, read: Callable[[Any], Any]) -> None:
    photos = [backend.ready(minute=minute, placeholder="x" * 300_000, tags=("sea",)) for minute in range(5)]
    assert ids(read(backend.store)) == ids(photos)
