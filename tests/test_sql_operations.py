"""Count the SQL statements and rows of each operation, and check the table in docs/reference/costs.md."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.conftest import deployment
from tests.support.chosen_store import opened_store
from tests.support.cloud import Answer, Cloud
from tests.support.faults import hooked
from tests.support.idp import IdentityProvider
from tests.support.operations import LARGE_GALLERY, Operations
from tests.support.paths import ROOT
from tests.support.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres")

Cells = tuple[str, str, str]
DOCUMENT = ROOT / "docs" / "reference" / "costs.md"


class Meter:
    """The statements by their first word, and the rows that they return and change."""

    def __init__(self) -> None:
        self.statements: Counter[str] = Counter()
        self.read, self.written = 0, 0

    @property
    def cells(self) -> Cells:
        """The cells of the table: statements, rows that are returned, and rows that are changed."""
        names = [f"{name} {count}" if count > 1 else name for name, count in sorted(self.statements.items())]
        return ", ".join(names) or "none", str(self.read), str(self.written)

    def count(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        """Handle the event of a statement."""
        self.statements[model.name] += 1
        if model.name == "SELECT":
            self.read += context["rows"]
        else:
            self.written += context["rows"]


def read_table() -> dict[str, Cells]:
    """Return the rows of the table in the document, by operation."""
    section = DOCUMENT.read_text().partition("## SQL statements of each operation")[2].partition("\n## ")[0]
    lines = [re.split(r" *\| *", line.strip("| \n")) for line in section.splitlines() if line.startswith("| `")]
    return {name.replace("`", ""): (statements, read, written) for name, statements, read, written in lines}


@pytest.fixture(scope="module")
def counted(provider: IdentityProvider, postgres_server: PostgresServer) -> Iterator[dict[str, Cells]]:
    """The statements and rows of each operation, in a gallery of fifteen photos and one album."""
    provider.reset()
    with opened_store("postgres", lambda: postgres_server) as empty, deployment(provider, empty()) as cloud:
        yield {name: _count(cloud, call) for name, call in Operations(cloud).all()}


def _count(cloud: Cloud, call: Callable[[], Any]) -> Cells:
    meter = Meter()
    with ExitStack() as stack:
        stack.enter_context(hooked("after-call", lambda _: meter.count, cloud.stored.client))
        answer = call()
    assert not isinstance(answer, Answer) or answer.status < 400, answer
    return meter.cells


def test_table_matches_the_statements_of_each_operation(counted: dict[str, Cells]) -> None:
    documented = read_table()
    small = {name: cells for name, cells in counted.items() if not name.startswith(LARGE_GALLERY)}
    wrong = [f"| `{name}` | {' | '.join(cells)} |" for name, cells in small.items() if documented.get(name) != cells]
    assert not wrong, "the correct rows of the table are\n" + "\n".join(wrong)
    assert list(documented) == list(small)


def test_page_needs_the_same_statements_in_a_gallery_of_any_size(counted: dict[str, Cells]) -> None:
    large = {name.removeprefix(LARGE_GALLERY): cells[0] for name, cells in counted.items() if LARGE_GALLERY in name}
    assert large == {name: counted[name][0] for name in large}
