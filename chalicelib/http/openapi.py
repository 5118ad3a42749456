"""The OpenAPI document, built from the declarations of the routes."""

import inspect
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec

from chalicelib import __version__
from chalicelib.domain import errors
from chalicelib.domain.listing import Page
from chalicelib.domain.requests import PageQuery
from chalicelib.http.files import CONTENT_TYPES
from chalicelib.http.openapi_parameters import SCHEMAS_BY_TYPE, TEXT, Schema, describe_parameters, to_camel_case
from chalicelib.http.operation import Operation, list_union_members
from chalicelib.http.responses import File, Redirect
from chalicelib.renditions import Rejection

Error = type[errors.PhotoshareError]

_ABOUT = """\
A photo-sharing backend. All errors have the same JSON shape. All lists have the same JSON shape. Every path answers
CORS preflight requests (`OPTIONS`). Requests with unknown, empty or repeated query parameters are rejected, except
by the web page. Requests with unknown body fields are rejected too."""
_REF = "#/components/schemas/{name}"
_LOCATION_HEADER = {"Location": {"required": True, "schema": TEXT}}
_FILES = {"/openapi.json": ("application/json",), "/sw.js": (CONTENT_TYPES[".js"],)}
_ETAG_HEADER = {"ETag": {"required": True, "schema": TEXT}}
_RETRY_AFTER_HEADER = {
    "Retry-After": {
        "required": True,
        "description": "Seconds to wait before a retry.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_ERROR: Schema = {
    "type": "object",
    "description": "The body of every error.",
    "properties": {
        "error": {"type": "string", "pattern": "^[A-Za-z]+$"},
        "message": TEXT | {"description": "A human-readable explanation. Programs should use `error` instead."},
        "details": {"type": "object", "description": "The field or the limit that caused the error."},
        "requestId": TEXT,
    },
    "required": ["error", "message", "requestId"],
}


def build_document(routes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes of a Chalice app. `@api` declares every view except `OPTIONS`."""
    entries = {
        (path, method.lower()): entry
        for path, methods in sorted(routes.items())
        for method, entry in sorted(methods.items())
        if method != "OPTIONS"
    }
    operations = [
        entry.view_function.operation
        for methods in routes.values()
        for method, entry in methods.items()
        if method != "OPTIONS"
    ]
    responses: dict[str, Any] = {}
    paths = _describe_paths(entries, responses)
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A Cognito access token."}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Photoshare",
            "version": __version__,
            "description": " ".join(_ABOUT.split()),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": _build_schemas(operations),
            "responses": dict(sorted(responses.items())),
            "securitySchemes": {"bearer": bearer},
        },
    }


def _describe_paths(entries: Mapping[tuple[str, str], Any], responses: dict[str, Any]) -> dict[str, Any]:
    """Return the description of each path. Add the responses that the paths refer to."""
    paths: dict[str, Any] = {}
    for (path, method), entry in entries.items():
        name = re.sub(r"\{(\w+)\}", lambda match: f"{{{to_camel_case(match[1])}}}", path)
        paths_of_view = {path for (path, _), other in entries.items() if other.view_function is entry.view_function}
        described = _describe_operation(path, entry, responses, is_shared=len(paths_of_view) > 1)
        paths.setdefault(name, {})[method] = _describe_head(described) if method == "head" else described
    return paths


def _describe_operation(path: str, entry: Any, responses: dict[str, Any], *, is_shared: bool) -> dict[str, Any]:
    """Return the description of a route. `is_shared` is True if the view also serves other paths."""
    view, media_type = entry.view_function, entry.content_types[0]
    operation: Operation = view.operation
    text = _join_lines(inspect.getdoc(view))
    if operation.page:
        text += " A client whose `Accept` header names `text/html` is redirected to the web page."
    openapi_object: dict[str, Any] = {
        "operationId": _build_operation_id(path, view, is_shared),
        "tags": [operation.tag],
    }
    summary = re.split(r"(?<=\w)[.:;] ", text)[0].rstrip(".")
    openapi_object |= {"summary": summary} | ({"description": text} if text != f"{summary}." else {})
    bearer: dict[str, list[str]] = {"bearer": []}
    openapi_object["security"] = {"required": [bearer], "optional": [{}, bearer], "public": []}[operation.access]
    if parameters := describe_parameters(path, operation):
        openapi_object["parameters"] = parameters
    if operation.body:
        content = {"application/json": {"schema": {"$ref": _REF.format(name=operation.body[1].__name__)}}}
        openapi_object["requestBody"] = {"required": not operation.is_body_optional, "content": content}
    elif media_type != "application/json":
        openapi_object["requestBody"] = {"required": True, "content": {media_type: {"schema": {"type": "object"}}}}
    openapi_object["responses"] = {
        str(status): _describe_response(status, kind, path) for status, kind in operation.responses.items()
    }
    by_status: dict[int, list[Error]] = {}
    for error in _collect_errors(operation):
        by_status.setdefault(error.status, []).append(error)
    for status, kinds in sorted(by_status.items()):
        kinds.sort(key=lambda error: error.__name__)
        name = "-".join(error.__name__ for error in kinds)
        responses[name] = _describe_error_response(kinds)
        openapi_object["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    return openapi_object


def _build_operation_id(path: str, view: Any, is_shared: bool) -> str:
    """Return an id that is unique for the path, even if the view serves several paths."""
    words = re.findall(r"\w+", path) if is_shared else []
    return to_camel_case("_".join([view.__name__, *words]))


def _describe_head(get: dict[str, Any]) -> dict[str, Any]:
    """Return the description of the HEAD method of a route, from that of its GET method."""
    responses = {
        status: {name: value for name, value in response.items() if name != "content"}
        for status, response in get["responses"].items()
    }
    summary = f"{get['summary']}, without the body"
    return get | {"operationId": f"{get['operationId']}Headers", "summary": summary, "responses": responses}


def _collect_errors(operation: Operation) -> set[Error]:
    """Return every error of a route: the declared errors and the errors that its parameters imply."""
    # Every route checks the query and the content type.
    error_types: set[Error] = {
        errors.InvalidRequest,
        errors.UnsupportedMediaType,
        errors.InternalError,
        *operation.raises,
    }
    if operation.query_type.__struct_config__.forbid_unknown_fields:
        error_types |= {errors.UnknownParameter}
    if operation.body:
        error_types |= {errors.MalformedBody, errors.UnknownField, errors.TooLarge}
    if issubclass(operation.query_type, PageQuery):
        error_types |= {errors.InvalidCursor}
    if operation.caller:
        error_types |= {errors.InvalidToken, errors.AuthUnavailable, errors.TooManyRequests, errors.Busy}
    return error_types | ({errors.NotFound} if operation.path_parameters else set())


def _describe_error_response(kinds: list[Error]) -> dict[str, Any]:
    lines = [f"- `{error.__name__}`: {(error.__doc__ or '').partition(chr(10))[0]}" for error in kinds]
    codes = [code for error in kinds for code in _list_codes(error)]
    schema = {"$ref": _REF.format(name="Error"), "properties": {"error": {"enum": codes}}}
    openapi_object = {"description": "\n".join(lines), "content": {"application/json": {"schema": schema}}}
    return openapi_object | ({"headers": _RETRY_AFTER_HEADER} if kinds[0].status in (429, 503) else {})


def _list_codes(error: Error) -> list[str]:
    if error is not errors.ImageRejected:
        return [error.__name__]
    return sorted(rejection.__name__ for rejection in Rejection.__subclasses__())


def _describe_response(status: int, kind: Any, path: str) -> dict[str, Any]:
    openapi_object: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if kind is File:
        page_types = tuple(CONTENT_TYPES.values()) if path.startswith("/web/") else (CONTENT_TYPES[".html"],)
        types = _FILES.get(path, page_types)
        return openapi_object | {
            "headers": _ETAG_HEADER,
            "content": {name: {"schema": _build_file_schema(name)} for name in types},
        }
    if kind is Redirect:
        return openapi_object | {"headers": _LOCATION_HEADER}
    if kind is None:
        return openapi_object | ({"headers": _ETAG_HEADER} if status == 304 else {})
    return openapi_object | {"content": {"application/json": {"schema": _build_view_schema(kind)}}}


def _build_file_schema(content_type: str) -> Schema:
    return {"type": "object"} if content_type == "application/json" else TEXT


def _build_view_schema(shape: Any) -> Schema:
    if get_origin(shape) is Page:
        last_key = {
            "anyOf": [TEXT, {"type": "null"}],
            "description": "The cursor of the next page. Null on the last page.",
        }
        items = {"type": "array", "items": _build_view_schema(get_args(shape)[0])}
        properties = {"items": items, "lastKey": last_key}
        return {"type": "object", "properties": properties, "required": ["items", "lastKey"]}
    refs: list[Schema] = [{"$ref": _REF.format(name=struct.__name__)} for struct in _list_structs(shape)]
    return {"anyOf": refs} if len(refs) > 1 else refs[0]


def _list_structs(shape: Any) -> list[type[msgspec.Struct]]:
    """Return the view types that `shape` can be."""
    if get_origin(shape) is Page:
        return _list_structs(get_args(shape)[0])
    return [kind for kind in list_union_members(shape) if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]


def _build_schemas(operations: list[Operation]) -> dict[str, Schema]:
    """Return the schema of every request and response body."""
    bodies = [operation.body[1] for operation in operations if operation.body]
    views = [
        struct for operation in operations for kind in operation.responses.values() for struct in _list_structs(kind)
    ]
    shapes = list(dict.fromkeys([*bodies, *views]))
    _, schemas = msgspec.json.schema_components(shapes, ref_template=_REF)
    for shape in _find_nested_structs(shapes):
        _add_formats(shape, schemas[shape.__name__]["properties"])
    for schema in schemas.values():
        if "description" in schema:
            # The lines of a docstring are indented, and Markdown would show them as code.
            schema["description"] = _join_lines(schema["description"])
    return dict(sorted((schemas | {"Error": _ERROR}).items()))


def _find_nested_structs(kinds: Iterable[Any]) -> Iterable[type[msgspec.Struct]]:
    """Return the structs among these types and in their fields. A struct can occur several times."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield kind
            yield from _find_nested_structs(field.type for field in msgspec.structs.fields(kind))
        yield from _find_nested_structs(get_args(kind))


def _add_formats(shape: type[msgspec.Struct], properties: dict[str, Schema]) -> None:
    """Add the format and pattern of ids and times, which msgspec describes as plain text."""
    for field in msgspec.structs.fields(shape):
        kinds = get_args(field.type) or (field.type,)
        schema = next((SCHEMAS_BY_TYPE[kind] for kind in kinds if kind in SCHEMAS_BY_TYPE), None)
        if schema:
            null = [{"type": "null"}] if type(None) in kinds else []
            properties[field.encode_name] = {"anyOf": [schema, *null]} if null else schema


def _join_lines(text: str | None) -> str:
    return " ".join((text or "").split())
