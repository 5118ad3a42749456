"""The OpenAPI document: read off the routes, the shapes that views take and show, and `operations`."""

import inspect
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from chalicelib import __version__
from chalicelib.domain import errors, requests
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp
from chalicelib.domain.listing import Page
from chalicelib.http import parsing
from chalicelib.http.operations import OPERATIONS, Operation, Redirect, Text
from chalicelib.renditions import Refused
from chalicelib.uploads import confirmation

Schema = dict[str, Any]
Error = type[errors.PhotoshareError]

_ABOUT = """\
A photo-sharing backend. Every error has one shape, and every list another. Every path answers preflights (`OPTIONS`).
A parameter that a route does not know, that is empty or given twice, is refused, and so is an unknown field."""
_REF = "#/components/schemas/{name}"
_TEXT: Schema = {"type": "string"}
_ID: Schema = _TEXT | {"format": "uuid", "pattern": requests.ID_PATTERN}
_TIME: Schema = _TEXT | {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"}
_FORMS = {PhotoId: _ID, AlbumId: _ID, LinkId: _ID, Timestamp: _TIME}
_CAPTURES = {"token": _TEXT | {"pattern": r"^[A-Za-z0-9_-]{86}$"}, "name": _TEXT}
_HEADERS: dict[str, tuple[Schema, str]] = {
    "Idempotency-Key": (
        _TEXT | {"pattern": parsing.KEY_PATTERN},
        "Lets the request be repeated: for 24 hours it is answered as the first one under this key was.",
    ),
    "X-Link-Password": (_TEXT, "The share link's password, where it has one."),
    "X-Requested-With": (_TEXT, "Any value. Needed where the refresh token comes in the cookie."),
    "If-None-Match": (_TEXT, "The ETag of the answer before."),
    "__Host-refresh": (_TEXT, "The refresh token of a browser, where there is no body."),
    "__Host-login": (_TEXT, "The sign-in that this browser has begun."),
}
_LOCATION = {"Location": {"required": True, "schema": _TEXT}}
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
    """The document of a Chalice app's `routes`, by OpenAPI 3.1.

    Raises:
        KeyError: `operations` does not know a view.
    """
    responses: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for path, methods in sorted(routes.items()):
        found = {
            method.lower(): _operation(path, entry, responses)
            for method, entry in sorted(methods.items())
            if method != "OPTIONS"
        }
        paths[re.sub(r"\{(\w+)\}", lambda capture: f"{{{_camel(capture[1])}}}", path)] = found
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
        "tags": [{"name": tag} for tag in dict.fromkeys(known.tag for known in OPERATIONS.values())],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": dict(sorted(responses.items())),
            "securitySchemes": {"bearer": bearer},
        },
    }


def _operation(path: str, entry: Any, responses: dict[str, Any]) -> dict[str, Any]:
    view = entry.view_function
    known, query = OPERATIONS[view.__name__], getattr(view, "query_shape", requests.NoQuery)
    said = " ".join((inspect.getdoc(view) or "").split())
    made: dict[str, Any] = {"operationId": _camel(view.__name__), "tags": [known.tag]}
    summary = re.split(r"(?<=\w)[.:;] ", said)[0].rstrip(".")
    made |= {"summary": summary} | ({"description": said} if said != f"{summary}." else {})
    made["security"] = [{"bearer": []}] if entry.authorizer else [{}, {"bearer": []}] if known.visitors else []
    if parameters := [*_captures(path), *_parameters(query), *_sent(known)]:
        made["parameters"] = parameters
    if known.body:
        content = {"application/json": {"schema": {"$ref": _REF.format(name=known.body.__name__)}}}
        made["requestBody"] = {"required": not known.body_optional, "content": content}
    made["responses"] = {str(status): _answer(status, shown) for status, shown in known.answers.items()}
    by_status: dict[int, list[Error]] = {}
    for error in _refusals(path, entry, known, query):
        by_status.setdefault(error.status, []).append(error)
    for status, several in sorted(by_status.items()):
        name = "-".join(sorted(error.__name__ for error in several))
        responses[name] = _refusal(sorted(several, key=lambda error: error.__name__))
        made["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    return made


def _refusals(path: str, entry: Any, known: Operation, query: type) -> set[Error]:
    """What can go wrong."""
    # The query is looked at on every route, and so is a content type, whether or not there is a body.
    found: set[Error] = {
        errors.InvalidRequest,
        errors.UnknownParameter,
        errors.UnsupportedMediaType,
        errors.InternalError,
        *known.refuses,
    }
    if known.body:
        found |= {errors.MalformedBody, errors.UnknownField, errors.TooLarge}
    if issubclass(query, requests.PageQuery):
        found |= {errors.InvalidCursor}
    if entry.authorizer or known.visitors:
        found |= {errors.InvalidToken, errors.AuthUnavailable, errors.TooManyRequests, errors.Busy}
    return found | ({errors.NotFound} if "{" in path else set())


def _refusal(several: list[Error]) -> dict[str, Any]:
    told = "\n".join(f"- `{error.__name__}`: {(error.__doc__ or '').partition(chr(10))[0]}" for error in several)
    codes = [code for error in several for code in _codes(error)]
    narrowed = {"$ref": _REF.format(name="Error"), "properties": {"error": {"enum": codes}}}
    made: dict[str, Any] = {"description": told, "content": {"application/json": {"schema": narrowed}}}
    return made | ({"headers": _RETRY} if several[0].status in (429, 503) else {})


def _codes(error: Error) -> list[str]:
    if error is not errors.ImageRejected:
        return [error.__name__]
    return sorted(
        each.__name__ for each in (*Refused.__subclasses__(), confirmation.SizeMismatch, confirmation.ChecksumMismatch)
    )


def _answer(status: int, shown: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(shown, Text):
        return made | {"headers": _TAG, "content": {kind: {"schema": _file(kind)} for kind in shown.content_types}}
    if isinstance(shown, Redirect):
        return made | {"headers": _LOCATION}
    if shown is None:
        return made | ({"headers": _TAG} if status == 304 else {})
    return made | {"content": {"application/json": {"schema": _shown(shown)}}}


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
    """The structs that `shape` can be."""
    if get_origin(shape) is Page:
        return _structs(get_args(shape)[0])
    several = get_args(shape) if get_origin(shape) in (UnionType, Union) else (shape,)
    return [each for each in several if isinstance(each, type) and issubclass(each, msgspec.Struct)]


def _schemas() -> dict[str, Schema]:
    """Every body, whether sent or shown."""
    bodies = [known.body for known in OPERATIONS.values() if known.body]
    shown = [struct for known in OPERATIONS.values() for each in known.answers.values() for struct in _structs(each)]
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


def _captures(path: str) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": _camel(name), "in": "path", "required": True, "schema": _CAPTURES.get(name, _ID)}


def _parameters(shape: type[requests.Input]) -> Iterable[dict[str, Any]]:
    described = msgspec.json.schema_components([shape])[1][shape.__name__]
    for name, schema in described["properties"].items():
        # A parameter is left out, never null, and never empty.
        alone = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
        alone |= next((each for each in schema.get("anyOf", []) if each != {"type": "null"}), {})
        if alone.get("type") == "string":
            alone = {"minLength": 1} | alone
        yield {"name": name, "in": "query", "required": name in described["required"], "schema": alone}


def _sent(known: Operation) -> Iterable[dict[str, Any]]:
    for place, names in (("header", known.headers), ("cookie", known.cookies)):
        for name in names:
            schema, said = _HEADERS[name]
            yield {"name": name, "in": place, "required": False, "description": said, "schema": schema}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
