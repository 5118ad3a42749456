"""Operations are read from the annotations of views, and mistakes in annotations fail at import."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.accounts import Caller
from chalicelib.domain.errors import Conflict
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Empty, Health
from chalicelib.domain.requests import PageQuery, PhotoChanges, Query
from chalicelib.http.headers import IdempotencyKey
from chalicelib.http.operation import Operation
from chalicelib.http.responses import File, Redirect, WithCookies


def read_operation(view: Callable[..., Any], status: Any = 200) -> Operation:
    return Operation.read(view, "Tests", status, (Conflict,))


def test_operation_is_read_from_the_annotations_of_the_view() -> None:
    def view(
        photo_id: PhotoId, changes: PhotoChanges | None, query: PageQuery, key: IdempotencyKey, by: Caller
    ) -> Empty:
        raise NotImplementedError

    operation = read_operation(view)
    assert operation.path_parameters == {"photo_id": PhotoId}
    assert (operation.body, operation.is_body_optional) == (("changes", PhotoChanges), True)
    assert operation.query == ("query", PageQuery)
    assert [header.name for header in operation.headers.values()] == ["Idempotency-Key"]
    assert (operation.caller, operation.access) == ("by", "required")
    assert (operation.tag, operation.raises, operation.responses) == ("Tests", (Conflict,), {200: Empty})


def test_view_without_parameters_expects_nothing() -> None:
    def view() -> None:
        raise NotImplementedError

    operation = read_operation(view)
    assert (operation.body, operation.query, operation.query_type, operation.access) == (None, None, Query, "public")
    assert operation.responses == {204: None}


def test_view_with_an_optional_caller_is_open_to_visitors() -> None:
    def view(caller: Caller | None) -> Page[Empty]:
        raise NotImplementedError

    assert read_operation(view).access == "optional"


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [
        (Empty, 201, {201: Empty}),
        (Empty | Redirect, 200, {200: Empty, 302: Redirect}),
        (Empty | Health, {Empty: 201}, {200: Health, 201: Empty}),
        (Empty | Health, 200, {200: Empty | Health}),
        (WithCookies[Empty], 202, {202: Empty}),
        (File, 200, {200: File, 304: None}),
    ],
)
def test_responses_are_read_from_the_return_type(answer: Any, status: Any, expected: dict[int, Any]) -> None:
    def view() -> None:
        raise NotImplementedError

    view.__annotations__["return"] = answer
    assert read_operation(view, status).responses == expected


@pytest.mark.parametrize("annotation", [int, dict[str, str], bytes, str | None])
def test_parameter_of_an_unsupported_type_fails_at_import(annotation: Any) -> None:
    def view(value: str) -> None:
        raise NotImplementedError(value)

    view.__annotations__["value"] = annotation
    with pytest.raises(TypeError, match="value"):
        read_operation(view)


def test_missing_annotation_fails_at_import() -> None:
    def view(photo_id: PhotoId) -> None:
        raise NotImplementedError(photo_id)

    del view.__annotations__["photo_id"], view.__annotations__["return"]
    with pytest.raises(TypeError, match=r"\['photo_id', 'return'\]"):
        read_operation(view)
