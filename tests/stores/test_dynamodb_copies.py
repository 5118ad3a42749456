"""Copies to DynamoDB: batches, retries, and photos with many rows."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import AlbumId, UserId
from chalicelib.domain.photos import Membership, Photo
from chalicelib.infra import retry
from chalicelib.stores.copies import PhotoCopy, RatingCopy
from chalicelib.stores.dynamodb.copies import DynamoCopyStore
from tests.support.copies import Copied, Tables, copy, open_tables, two_stages
from tests.support.dynamodb_rows import counted_calls
from tests.support.rows import START, Backend, pending


@pytest.fixture(scope="module")
def stages() -> Iterator[list[Tables]]:
    with two_stages() as stages:
        yield stages


class Proxy:
    """A client that passes all calls on. Subclasses change some."""

    def __init__(self, client: Any) -> None:
        self.client, self.sizes = client, list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


class Slow(Proxy):
    """A client that processes at most ten requests of each batch, or none."""

    processed = 10

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:
        ((table, requests),) = RequestItems.items()
        self.sizes.append(len(requests))
        if self.processed:
            self.client.batch_write_item(RequestItems={table: requests[: self.processed]})
        remaining = requests[self.processed :]
        return {"UnprocessedItems": {table: remaining} if remaining else {}}


def add_raters(backend: Backend, count: int) -> Photo:
    photo = backend.ready("ann")
    for number in range(count):
        assert backend.ratings.rate(backend.now(photo), UserId(f"user-{number}"), None, 1 + number % 5)
    return photo


def test_unprocessed_records_are_written_again(stages: list[Tables]) -> None:
    first, second = map(open_tables, stages)
    photo = add_raters(first.backend, 60)
    client: Any = Slow(stages[1].client)
    slow = Copied(second.backend, DynamoCopyStore(stages[1].settings, client, START.timestamp, threads=1))
    assert copy(first.side, slow.side).report.verified
    assert max(client.sizes) == 25
    assert [second.backend.ratings.get_rating(photo.photo_id, UserId(f"user-{number}")) for number in range(60)] == [
        1 + number % 5 for number in range(60)
    ]


def test_batch_that_is_never_processed_is_busy(stages: list[Tables], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_LONGEST_PAUSE_SECONDS", 0)
    client: Any = Slow(stages[1].client)
    client.processed = 0
    copies = DynamoCopyStore(stages[1].settings, client, START.timestamp)
    record = RatingCopy(photo_id=pending().photo_id, user_id=UserId("ann"), rating=1)
    with pytest.raises(Busy):
        copies.write("ratings", [record])
    assert client.sizes == [1] * 8


def test_busy_database_is_tried_again_and_the_copy_goes_on(stages: list[Tables]) -> None:
    first, second = map(open_tables, stages)
    add_raters(first.backend, 1)

    class Throttled(Proxy):
        failures = 3

        def transact_write_items(self, **arguments: Any) -> Any:
            self.failures -= 1
            if self.failures >= 0:
                raise Busy
            return self.client.transact_write_items(**arguments)

    client: Any = Throttled(stages[1].client)
    pauses: list[float] = []
    throttled = Copied(second.backend, DynamoCopyStore(stages[1].settings, client, START.timestamp, threads=1))
    run = copy(first.side, throttled.side, pause=pauses.append, replace=True)
    assert run.report.verified
    assert pauses == [1, 2, 4]


def build_photo(kind: str, number: int) -> PhotoCopy:
    """Return a photo with as many rows as a photo can have. Those of two kinds differ."""
    members = [AlbumId(pending(minute=number + index).photo_id) for index in range(8)]
    memberships = {album_id: Membership(name=kind, public=True, position=1) for album_id in members}
    photo = pending("max", entropy=7, title=" ".join(f"{kind}{index}" for index in range(45)), sha256=kind[0] * 64)
    return PhotoCopy(
        photo=photo.with_(status="ready", memberships=memberships, taken_local=f"20{number}-01-01T00:00:00")
    )


def test_photo_that_changes_all_of_its_rows_needs_two_transactions(stages: list[Tables]) -> None:
    _, second = map(open_tables, stages)
    before, after = build_photo("a", 11), build_photo("b", 22)
    second.copies.write("photos", [before])
    with counted_calls(second.backend) as calls:
        second.copies.write("photos", [after])
    assert calls.count("TransactWriteItems") == 2
    assert [*second.copies.read("photos", UserId("max"))] == [after]
    assert second.backend.timeline.count_by_month(UserId("max")) == {"2022-01": 1}
    second.copies.remove("photos", [after])
    assert second.backend.store.get_photo(after.photo.photo_id) is None
    assert second.backend.timeline.count_by_month(UserId("max")) == {}


def test_photo_that_another_process_changes_is_not_overwritten(stages: list[Tables]) -> None:
    _, second = map(open_tables, stages)
    photo = second.backend.ready("zoe")
    copies: Any = second.copies
    changed = second.backend.put(photo, title="changed")
    with pytest.raises(Busy, match="Another process"):
        copies._photos.replace(photo, photo, PhotoCopy(photo=photo))
    assert second.backend.now(photo) == changed
