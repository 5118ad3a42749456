"""The cost of every order of photos on DynamoDB is bounded."""

from collections.abc import Callable

import pytest

from chalicelib.domain import feed
from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.domain.queries import Order, PhotoQuery
from chalicelib.domain.requests import Scope
from chalicelib.photos.lists import PhotoLists
from chalicelib.stores.dynamodb import items
from tests.support import row_sizes
from tests.support.moto_data import put_row
from tests.support.presenters import RowPresenter
from tests.support.read_meter import metered
from tests.support.rows import Backend

KEYS, ANN = ["key"], UserId("ann")
Empty = Callable[[], Backend]


def build_lists(backend: Backend) -> PhotoLists:
    return PhotoLists(backend.store, backend.timeline, RowPresenter(), KEYS)


def write_row(backend: Backend, photo: Photo) -> None:
    """Write the row of a photo without a transaction and without a client, which are slow on moto."""
    put_row(backend.client, "photoshare-test-PhotoMetadata", items.encode_photo(photo))


def add_typical_photos(backend: Backend, count: int) -> None:
    """Add `count` typical photos that Ann owns."""
    for number in range(count):
        write_row(backend, row_sizes.typical_photo(number, user_id=ANN))


@pytest.mark.parametrize(
    ("count", "scope", "limits"),
    [
        (100, "public", {10: (16, 8), 50: (24, 20), 100: (34, 34)}),
        (100, "mine", {10: (16, 8), 50: (12, 20), 100: (20, 34)}),
        (1_000, "public", {10: (16, 8), 50: (12, 20), 100: (20, 34)}),
        (10_000, "public", {50: (12, 20), 100: (20, 34)}),
    ],
)
def test_page_in_random_order_takes_few_queries_and_no_other_calls(
    empty_backend: Empty, count: int, scope: Scope, limits: dict[int, tuple[int, int]]
) -> None:
    # A query on moto takes time that grows with the table.
    backend, pages = empty_backend(), 3 if count == 10_000 else 12
    add_typical_photos(backend, count)
    for limit, (most_queries, most_units) in limits.items():
        last_key = None
        with metered(backend.client) as meter:
            for number in range(pages):
                query = PhotoQuery(scope=scope, limit=limit, last_key=last_key if number % 4 else None)
                page = build_lists(backend).list_page(query, by=Caller(ANN))
                assert query.last_key or len(page.items) == limit
                last_key = page.last_key
        assert set(meter.calls) == {"Query"}, "a page must not scan, describe the table or read a counter"
        assert meter.calls.total() / pages <= most_queries
        assert meter.units / pages <= most_units


@pytest.mark.parametrize(
    ("order", "scope"), [("newest", "public"), ("oldest", "public"), ("top", "public"), ("taken", "mine")]
)
def test_page_of_another_order_takes_one_query(empty_backend: Empty, order: Order, scope: Scope) -> None:
    backend = empty_backend()
    add_typical_photos(backend, 30)
    with metered(backend.client) as meter:
        page = build_lists(backend).list_page(PhotoQuery(order=order, scope=scope), by=Caller(ANN))
    assert len(page.items) == 10
    assert meter.calls == {"Query": 1}


def test_row_sizes_are_computed_as_by_dynamodb() -> None:
    item = {"name": {"S": "é"}, "count": {"N": "1234"}, "tags": {"L": [{"S": "a"}]}, "gone": {"NULL": True}}
    assert row_sizes.item_size(item) == (4 + 2) + (5 + 3) + (4 + 3 + 1 + 1) + (4 + 1)
    assert [row_sizes.read_units(size) for size in (0, 4096, 4097)] == [0.5, 0.5, 1.0]
    assert feed.compute_rank(row_sizes.typical_photo(1).photo_id) == int(
        items.encode_photo(row_sizes.typical_photo(1))["rank"]["S"], 16
    )
