"""The OpenAPI document, made from the declarations of the routes."""

import inspect
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec

from chalicelib import __version__
from chalicelib.domain import errors
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp
from chalicelib.domain.listing import Page
from chalicelib.domain.requests import ID_PATTERN, PageQuery, Query
from chalicelib.http.files import CONTENT_TYPES
from chalicelib.http.headers import Header
from chalicelib.http.operation import Operation, members
from chalicelib.http.responses import File, Redirect
from chalicelib.renditions import Refused

Schema = dict[str, Any]
Error = type[errors.PhotoshareError]

_ABOUT = """\
A photo-sharing backend. Every error has one shape, and every list another. Every path answers preflights (`OPTIONS`).
A parameter that a route does not know, that is empty or given twice, is refused, and so is an unknown field."""
_REF = "#/components/schemas/{name}"
_TEXT: Schema = {"type": "string"}
_ID: Schema = _TEXT | {"format": "uuid", "pattern": ID_PATTERN}
_TIME: Schema = _TEXT | {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"}
_FORMS = {PhotoId: _ID, AlbumId: _ID, LinkId: _ID, Timestamp: _TIME}
_CAPTURES = {"token": _TEXT | {"pattern": r"^[A-Za-z0-9_-]{86}$"}, "name": _TEXT}
_IF_NONE_MATCH = Header("If-None-Match", "The ETag of an earlier answer.")
_LOCATION = {"Location": {"required": True, "schema": _TEXT}}
_FILES = {"/": (CONTENT_TYPES[".html"],), "/openapi.json": ("application/json",)}
_TAG = {"ETag": {"required": True, "schema": _TEXT}}
_RETRY = {"Retry-After": {"required": True, "description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
_ERROR: Schema = {
    "type": "object",
    "description": "Every error.",
    "properties": {
        "error": {"type": "string", "pattern": "^[A-Za-z]+$"},
        "message": _TEXT | {"description": "One sentence."},
        "details": {"type": "object", "description": "Which field, or which limit."},
        "requestId": _TEXT,
    },
    "required": ["error", "message", "requestId"],
}


def document(routes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes of a Chalice app. `@api` declares every view but `OPTIONS`."""
    entries = {
        (path, method.lower()): entry
        for path, methods in sorted(routes.items())
        for method, entry in sorted(methods.items())
        if method != "OPTIONS"
    }
    operations = [entry.view_function.operation for methods in routes.values() for entry in _declared(methods)]
    responses: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for (path, method), entry in entries.items():
        name = re.sub(r"\{(\w+)\}", lambda capture: f"{{{_camel(capture[1])}}}", path)
        paths.setdefault(name, {})[method] = _operation(path, entry.view_function, responses)
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
            "schemas": _schemas(operations),
            "responses": dict(sorted(responses.items())),
            "securitySchemes": {"bearer": bearer},
        },
    }


def _declared(methods: Mapping[str, Any]) -> Iterable[Any]:
    return (entry for method, entry in methods.items() if method != "OPTIONS")


def _operation(path: str, view: Any, responses: dict[str, Any]) -> dict[str, Any]:
    operation: Operation = view.operation
    said = " ".join((inspect.getdoc(view) or "").split())
    made: dict[str, Any] = {"operationId": _camel(view.__name__), "tags": [operation.tag]}
    summary = re.split(r"(?<=\w)[.:;] ", said)[0].rstrip(".")
    made |= {"summary": summary} | ({"description": said} if said != f"{summary}." else {})
    bearer: dict[str, list[str]] = {"bearer": []}
    made["security"] = {"required": [bearer], "optional": [{}, bearer], "public": []}[operation.access]
    if parameters := [*_captures(operation), *_parameters(operation.query_type), *_headers(operation)]:
        made["parameters"] = parameters
    if operation.body:
        content = {"application/json": {"schema": {"$ref": _REF.format(name=operation.body[1].__name__)}}}
        made["requestBody"] = {"required": not operation.is_body_optional, "content": content}
    made["responses"] = {str(status): _answer(status, kind, path) for status, kind in operation.answers.items()}
    by_status: dict[int, list[Error]] = {}
    for error in _refusals(operation):
        by_status.setdefault(error.status, []).append(error)
    for status, several in sorted(by_status.items()):
        name = "-".join(sorted(error.__name__ for error in several))
        responses[name] = _refusal(sorted(several, key=lambda error: error.__name__))
        made["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    return made


def _refusals(operation: Operation) -> set[Error]:
    """Return every error of a route: the declared ones, and the ones that its parameters imply."""
    # Every route checks the query and the content type.
    found: set[Error] = {
        errors.InvalidRequest,
        errors.UnknownParameter,
        errors.UnsupportedMediaType,
        errors.InternalError,
        *operation.raises,
    }
    if operation.body:
        found |= {errors.MalformedBody, errors.UnknownField, errors.TooLarge}
    if issubclass(operation.query_type, PageQuery):
        found |= {errors.InvalidCursor}
    if operation.caller:
        found |= {errors.InvalidToken, errors.AuthUnavailable, errors.TooManyRequests, errors.Busy}
    return found | ({errors.NotFound} if operation.captures else set())


def _refusal(several: list[Error]) -> dict[str, Any]:
    told = "\n".join(f"- `{error.__name__}`: {(error.__doc__ or '').partition(chr(10))[0]}" for error in several)
    codes = [code for error in several for code in _codes(error)]
    narrowed = {"$ref": _REF.format(name="Error"), "properties": {"error": {"enum": codes}}}
    made: dict[str, Any] = {"description": told, "content": {"application/json": {"schema": narrowed}}}
    return made | ({"headers": _RETRY} if several[0].status in (429, 503) else {})


def _codes(error: Error) -> list[str]:
    if error is not errors.ImageRejected:
        return [error.__name__]
    return sorted(each.__name__ for each in Refused.__subclasses__())


def _answer(status: int, kind: Any, path: str) -> dict[str, Any]:
    made: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if kind is File:
        kinds = _FILES.get(path, tuple(CONTENT_TYPES.values()))
        return made | {"headers": _TAG, "content": {each: {"schema": _file(each)} for each in kinds}}
    if kind is Redirect:
        return made | {"headers": _LOCATION}
    if kind is None:
        return made | ({"headers": _TAG} if status == 304 else {})
    return made | {"content": {"application/json": {"schema": _shown(kind)}}}


def _file(content_type: str) -> Schema:
    return {"type": "object"} if content_type == "application/json" else _TEXT


def _shown(shape: Any) -> Schema:
    if get_origin(shape) is Page:
        last_key = {"anyOf": [_TEXT, {"type": "null"}], "description": "Of the next page; null at the end."}
        items = {"type": "array", "items": _shown(get_args(shape)[0])}
        made = {"type": "object", "properties": {"items": items, "lastKey": last_key}}
        return made | {"required": ["items", "lastKey"]}
    several = _structs(shape)
    refs: list[Schema] = [{"$ref": _REF.format(name=each.__name__)} for each in several]
    return {"anyOf": refs} if len(refs) > 1 else refs[0]


def _structs(shape: Any) -> list[type[msgspec.Struct]]:
    """Return the view types that `shape` can be."""
    if get_origin(shape) is Page:
        return _structs(get_args(shape)[0])
    return [each for each in members(shape) if isinstance(each, type) and issubclass(each, msgspec.Struct)]


def _schemas(operations: list[Operation]) -> dict[str, Schema]:
    """Return the schema of every body, whether sent or returned."""
    bodies = [operation.body[1] for operation in operations if operation.body]
    shown = [struct for operation in operations for kind in operation.answers.values() for struct in _structs(kind)]
    every = list(dict.fromkeys([*bodies, *shown]))
    _, found = msgspec.json.schema_components(every, ref_template=_REF)
    for shape in every:
        _refine(shape, found[shape.__name__]["properties"])
    return dict(sorted((found | {"Error": _ERROR}).items()))


def _refine(shape: type[msgspec.Struct], properties: dict[str, Schema]) -> None:
    """Say of ids and times what they look like, which to msgspec are plain text."""
    for field in msgspec.structs.fields(shape):
        kinds = get_args(field.type) or (field.type,)
        form = next((_FORMS[kind] for kind in kinds if kind in _FORMS), None)
        if form:
            null = [{"type": "null"}] if type(None) in kinds else []
            properties[field.encode_name] = {"anyOf": [form, *null]} if null else form


def _captures(operation: Operation) -> Iterable[dict[str, Any]]:
    for name, kind in operation.captures.items():
        schema = _FORMS.get(kind) or _CAPTURES.get(name, _TEXT)
        yield {"name": _camel(name), "in": "path", "required": True, "schema": schema}


def _parameters(shape: type[Query]) -> Iterable[dict[str, Any]]:
    described = msgspec.json.schema_components([shape])[1][shape.__name__]
    for name, schema in described["properties"].items():
        # A parameter is left out, never null, and never empty.
        alone = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
        alone |= next((each for each in schema.get("anyOf", []) if each != {"type": "null"}), {})
        if alone.get("type") == "string":
            alone = {"minLength": 1} | alone
        yield {"name": name, "in": "query", "required": name in described["required"], "schema": alone}


def _headers(operation: Operation) -> Iterable[dict[str, Any]]:
    headers = [*operation.headers.values()]
    for group in operation.header_groups.values():
        headers += group.headers().values()
    if File in operation.answers.values():
        headers.append(_IF_NONE_MATCH)
    for each in sorted(headers, key=lambda each: not isinstance(each, Header)):
        if each.description:
            pattern = {"pattern": each.pattern} if isinstance(each, Header) and each.pattern else {}
            place = "header" if isinstance(each, Header) else "cookie"
            schema = _TEXT | pattern
            yield {
                "name": each.name,
                "in": place,
                "required": False,
                "description": each.description,
                "schema": schema,
            }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
