"""Measure the cost of each operation, and check the table in docs/reference/costs.md."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import deployment
from tests.support.cloud import Answer, Cloud
from tests.support.idp import IdentityProvider
from tests.support.meter import metered
from tests.support.operations import LARGE_GALLERY, Operations
from tests.support.permissions import PAGE_ADDRESSES, PAGE_FILES
from tests.support.routes import DECLARED

DOCUMENT = Path(__file__).parent.parent / "docs" / "reference" / "costs.md"
STATIC_ADDRESSES = {*PAGE_ADDRESSES} - {"/p/{photo_id}"}
UNMEASURED = {
    *("GET /login", "GET /callback", "POST /login", "POST /token", "POST /logout"),
    *("POST /signup", "POST /signup/confirm", "POST /signup/resend"),
    *("POST /password/forgot", "POST /password/reset", "POST /share"),
    *(f"{method} {path}" for method in ("GET", "HEAD") for path in (*STATIC_ADDRESSES, *PAGE_FILES, "/openapi.json")),
    "HEAD /p/{photo_id}",
    "HEAD /p/{photo_id}/preview",
    "GET /health",
}
"""Routes that call only Cognito, or no AWS service, and HEAD requests."""


def read_table() -> dict[str, tuple[str, ...]]:
    """Return the rows of the table in the document, by operation."""
    section = DOCUMENT.read_text().partition("## Cost of each operation")[2].partition("\n## ")[0]
    lines = [re.split(r" *\| *", line.strip("| \n")) for line in section.splitlines() if line.startswith("| `")]
    return {operation.replace("`", ""): tuple(rest) for operation, *rest in lines}


@pytest.fixture(scope="module")
def measured_costs(provider: IdentityProvider) -> Iterator[dict[str, tuple[str, ...]]]:
    """The cost of each operation, in a gallery of fifteen photos and one album."""
    provider.reset()
    with deployment(provider) as cloud:
        yield {name: _measure(cloud, call) for name, call in Operations(cloud).all()}


def _measure(cloud: Cloud, call: Callable[[], Any]) -> tuple[str, ...]:
    with metered(cloud) as meter:
        answer = call()
    assert not isinstance(answer, Answer) or answer.status < 400, answer
    return meter.line


def test_table_has_a_row_for_each_route_that_calls_dynamodb_or_s3() -> None:
    documented = {" ".join(operation.split("?")[0].split(" ")[:2]).rstrip(",") for operation in read_table()}
    assert DECLARED - documented == UNMEASURED


def test_table_matches_the_measured_cost_of_each_operation(measured_costs: dict[str, tuple[str, ...]]) -> None:
    documented = read_table()
    measured = {name: line for name, line in measured_costs.items() if not name.startswith(LARGE_GALLERY)}
    wrong = [f"| `{name}` | {' | '.join(line)} |" for name, line in measured.items() if documented.get(name) != line]
    assert not wrong, "the correct rows of the table are\n" + "\n".join(wrong)
    assert list(documented) == list(measured)


def test_page_needs_the_same_number_of_requests_in_a_gallery_of_any_size(
    measured_costs: dict[str, tuple[str, ...]],
) -> None:
    large = {
        name.removeprefix(LARGE_GALLERY): count_requests(calls)
        for name, (calls, *_) in measured_costs.items()
        if LARGE_GALLERY in name
    }
    assert large == {name: count_requests(measured_costs[name][0]) for name in large}


@pytest.mark.parametrize(
    ("operation", "limit"),
    [
        ("GET /search of one word as a visitor", 4),
        ("GET /albums/{album_id}/photos as a visitor", 2),
        ("GET /photos/{photo_id}", 2),
        ("GET /photos/{photo_id} as a visitor", 1),
    ],
)
def test_read_needs_at_most_the_documented_number_of_requests(operation: str, limit: int) -> None:
    assert count_requests(read_table()[operation][0]) <= limit


def test_rating_a_photo_needs_exactly_one_transaction() -> None:
    assert read_table()["PUT /photos/{photo_id}/rating"][0].split(", ").count("TransactWriteItems") == 1


def count_requests(calls: str) -> int:
    """Return the number of requests in a cell of the table."""
    return sum(int(call.partition(" ")[2] or 1) for call in calls.split(", "))
