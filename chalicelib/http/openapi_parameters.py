"""The parameters of the OpenAPI document: path and query parameters, headers and cookies."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.domain.ids import AlbumId, LinkId, LocalTime, PhotoId, Timestamp, UtcOffset
from chalicelib.domain.requests import ID_PATTERN, LOCAL_TIME_PATTERN, OFFSET_PATTERN, Query
from chalicelib.http.headers import Header
from chalicelib.http.operation import Operation
from chalicelib.http.responses import File

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
_ID: Schema = TEXT | {"format": "uuid", "pattern": ID_PATTERN}
_TIME: Schema = TEXT | {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"}
_LOCAL_TIME: Schema = TEXT | {"pattern": LOCAL_TIME_PATTERN}
_OFFSET: Schema = TEXT | {"pattern": OFFSET_PATTERN}
SCHEMAS_BY_TYPE: dict[Any, Schema] = {
    **dict.fromkeys((PhotoId, AlbumId, LinkId), _ID),
    Timestamp: _TIME,
    LocalTime: _LOCAL_TIME,
    UtcOffset: _OFFSET,
}
_PATH_PARAMETER_SCHEMAS = {"token": TEXT | {"pattern": r"^[A-Za-z0-9_-]{86}$"}, "name": TEXT}
_IF_NONE_MATCH = Header("If-None-Match", "The ETag of an earlier response.")


def describe_parameters(path: str, operation: Operation) -> list[dict[str, Any]]:
    """Return the parameters of an operation at this path."""
    return [
        *_describe_path_parameters(path, operation),
        *_describe_query(operation.query_type),
        *_describe_headers(operation),
    ]


def to_camel_case(name: str) -> str:
    """Return a name with underscores in camel case."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _describe_path_parameters(path: str, operation: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", path):
        # A view that does not declare the parameter accepts any text.
        kind = operation.path_parameters.get(name)
        schema = SCHEMAS_BY_TYPE.get(kind) or (_PATH_PARAMETER_SCHEMAS.get(name, TEXT) if kind else TEXT)
        yield {"name": to_camel_case(name), "in": "path", "required": True, "schema": schema}


def _describe_query(shape: type[Query]) -> Iterable[dict[str, Any]]:
    openapi_object = msgspec.json.schema_components([shape])[1][shape.__name__]
    for name, schema in openapi_object["properties"].items():
        # A client can leave a parameter out, but cannot send null or an empty text.
        option: Schema = next((option for option in schema.get("anyOf", []) if option != {"type": "null"}), {})
        parameter_schema = option | {
            key: value for key, value in schema.items() if key != "anyOf" and value is not None
        }
        if parameter_schema.get("type") == "string":
            parameter_schema = {"minLength": 1} | parameter_schema
        yield {"name": name, "in": "query", "required": name in openapi_object["required"], "schema": parameter_schema}


def _describe_headers(operation: Operation) -> Iterable[dict[str, Any]]:
    headers = [*operation.headers.values()]
    for group in operation.header_groups.values():
        headers += group.headers().values()
    if File in operation.responses.values():
        headers.append(_IF_NONE_MATCH)
    for header in sorted(headers, key=lambda header: not isinstance(header, Header)):
        if header.description:
            pattern = {"pattern": header.pattern} if isinstance(header, Header) and header.pattern else {}
            yield {
                "name": header.name,
                "in": "header" if isinstance(header, Header) else "cookie",
                "required": False,
                "description": header.description,
                "schema": TEXT | pattern,
            }
