"""The reference of errors: every code with its status and its message, and no other code."""

import re
from collections.abc import Iterator
from inspect import getdoc
from typing import NamedTuple

import pytest

from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES
from chalicelib.domain import errors
from chalicelib.renditions import Rejection
from tests.support import contract
from tests.support.paths import ROOT

DOCUMENT = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (\d{3}) \| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$")


class Row(NamedTuple):
    """The columns of a table that follow from the code."""

    status: int
    code: str
    message: str


def test_table_has_every_error_with_its_status_and_message() -> None:
    # The code of `ImageRejected` is a rejection reason.
    kinds = {*find_subclasses(errors.PhotoshareError)} - {errors.ImageRejected}
    expected = [Row(kind.status, kind.__name__, kind().message) for kind in kinds]
    assert sorted(read_table("Error codes")) == sorted(expected)


def test_table_has_every_rejection_reason() -> None:
    status = errors.ImageRejected.status
    expected = [Row(status, kind.__name__, getdoc(kind) or "") for kind in find_subclasses(Rejection)]
    assert sorted(read_table("Rejection reasons")) == sorted(expected)


def test_tables_have_every_code_of_the_openapi_document() -> None:
    documented = {
        (int(status), code)
        for methods in contract.document()["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for code in read_codes(response)
    }
    # Chalice rejects a method before a route runs, so no route declares this code.
    assert documented | {(405, "MethodNotAllowed")} == read_statuses_and_codes()


@pytest.mark.parametrize("kind", sorted(GATEWAY_RESPONSES))
def test_table_has_every_code_of_api_gateway(kind: str) -> None:
    response = GATEWAY_RESPONSES[kind]
    code = re.findall(r'"error": "(\w+)"', response["responseTemplates"]["application/json"])[0]
    assert (int(response.get("statusCode", 400)), code) in read_statuses_and_codes()


def read_codes(response: contract.Schema) -> list[str]:
    """Return the error codes of a response in the OpenAPI document."""
    resolve = contract.resolve(response) or {}
    codes: list[str] = resolve["content"]["application/json"]["schema"]["properties"]["error"]["enum"]
    return codes


def read_statuses_and_codes() -> set[tuple[int, str]]:
    """Return the status and the code of each row."""
    return {(row.status, row.code) for title in ("Error codes", "Rejection reasons") for row in read_table(title)}


def read_table(title: str) -> list[Row]:
    """Return the rows of the table under this heading. Fail if a row has no code or no text in a column."""
    section = DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    matches = [(line, _ROW.match(line)) for line in lines]
    assert [line for line, match in matches if match is None] == []
    return [Row(int(match[1]), match[2], match[3]) for _, match in matches if match]


def find_subclasses[Kind](base: type[Kind]) -> Iterator[type[Kind]]:
    """Yield every direct and indirect subclass."""
    for kind in base.__subclasses__():
        yield kind
        yield from find_subclasses(kind)
