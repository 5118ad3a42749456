"""Parse requests strictly: path parameters, headers, cookies, bodies and query parameters."""

import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from chalicelib.domain import errors, strict_json
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, is_album_id, is_photo_id
from chalicelib.http.headers import Cookie, Header

MAX_BODY_BYTES = 64 * 1024
_IDS: dict[Any, Callable[[str], bool]] = {PhotoId: is_photo_id, AlbumId: is_album_id, LinkId: is_album_id}
_ENTITY_TAG = re.compile(r'"[^"\s]*"')
_ZERO_QUALITY = re.compile(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)", re.IGNORECASE)
_JSON = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)

# msgspec's lax mode accepts more forms of these parameters than the contract allows.
_COUNT = (re.compile(r"[0-9]{1,3}"), "an integer from 1 to 100")
_BOOLEAN = (re.compile(r"true|false"), "true or false")
_TIME = (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+"), "a time with a UTC offset, such as 2026-01-31T12:00:00Z")
_FORMATS = {"limit": _COUNT, "permanent": _BOOLEAN, "redirect": _BOOLEAN, "from": _TIME, "to": _TIME}


class HttpRequest(Protocol):
    """The parts of a Chalice request that this module reads."""

    @property
    def headers(self) -> Any:
        """Return the headers. Names are case-insensitive."""

    @property
    def query_params(self) -> Any:
        """Return the query parameters, a mapping with `getlist`, or None if there are none."""

    @property
    def raw_body(self) -> Any:
        """Return the bytes of the body, which are empty if there is no body."""

    def to_original_event(self) -> Any:
        """Return API Gateway's event."""


def parse_path_parameter(kind: Any, text: str) -> str:
    """Return a path parameter of this type.

    Raises:
        NotFound: no id of this type has this form.
    """
    is_valid = _IDS.get(kind)
    if is_valid and not is_valid(text):
        raise errors.NotFound
    return text


def parse_header(declaration: Header | Cookie, request: HttpRequest) -> str | None:
    """Return a header or a cookie, or None if it is absent.

    Raises:
        InvalidRequest: the header has a pattern, and is sent twice or does not match.
    """
    if isinstance(declaration, Cookie):
        return _read_cookie(request, declaration.name)
    name = declaration.name.lower()
    if name not in request.headers:
        return None
    value: str | None = request.headers[name] if declaration.is_repeatable else get_single_header(request, name)
    if not declaration.is_valid(value):
        raise errors.InvalidRequest(declaration.rule, details={"field": declaration.name})
    return value


def get_single_header(request: HttpRequest, name: str) -> str | None:
    """Return a header, or None if it is absent or sent twice.

    Chalice keeps the last of two values, and other readers keep the first. AWS contract APIGW-6.
    """
    value: str | None = request.headers.get(name) if len(_read_fields(request, name)) < 2 else None
    return value


def matches_etag(request: HttpRequest, etag: str) -> bool:
    """Return whether `If-None-Match` contains the ETag or `*`, by weak comparison (RFC 9110, section 13.1.2)."""
    fields = _read_fields(request, "if-none-match")
    # A weak tag only has the prefix `W/`. CloudFront and API Gateway can add the prefix when they compress a response.
    return any(field.strip() == "*" or etag in _ENTITY_TAG.findall(field) for field in fields)


def accepts_html(request: HttpRequest) -> bool:
    """Return whether `Accept` names `text/html` (RFC 9110, section 12.5.1). Browsers do.

    Many programs send `*/*`, so wildcards do not count. A type with the quality 0 is not accepted.
    """
    ranges = (item.partition(";") for field in _read_fields(request, "accept") for item in field.split(","))
    return any(
        name.strip().lower() == "text/html" and not _ZERO_QUALITY.search(parameters) for name, _, parameters in ranges
    )


def parse_body[Shape](shape: type[Shape], request: HttpRequest) -> Shape:
    """Return the request's body as a `shape`.

    Raises:
        UnsupportedMediaType: the content type is not JSON in UTF-8.
        TooLarge: the body is over 64 KB, or nested over 32 levels.
        MalformedBody: the body is not JSON in UTF-8, or has NaN, Infinity, a duplicate key or a lone surrogate.
        UnknownField, InvalidRequest: the body has another shape. `details` names the field.
    """
    # Chalice accepts types that only contain "application/json", and any charset.
    if not _JSON.fullmatch(request.headers.get("content-type", "application/json")):
        raise errors.UnsupportedMediaType
    raw: bytes = request.raw_body or b""
    if len(raw) > MAX_BODY_BYTES:
        raise errors.TooLarge(details={"limit": MAX_BODY_BYTES, "unit": "bytes"})
    try:
        value = strict_json.parse(raw)
    except strict_json.TooDeep as error:
        limit = {"limit": strict_json.MAX_DEPTH, "unit": "levels"}
        raise errors.TooLarge("The body is nested too deeply.", details=limit) from error
    except ValueError as error:
        raise errors.MalformedBody from error
    return _convert(value, shape, errors.UnknownField, strict=True)


def parse_query[Shape: msgspec.Struct](shape: type[Shape], request: HttpRequest) -> Shape:
    """Return the request's query parameters as a `shape`.

    Raises:
        UnknownParameter, InvalidRequest: a parameter is unknown, empty, repeated, not UTF-8 or out of range.
            A `shape` that does not forbid unknown fields ignores unknown parameters.
    """
    values: dict[str, str] = {}
    is_strict = shape.__struct_config__.forbid_unknown_fields
    # Chalice's own look-up keeps only the last value of a repeated parameter.
    for name in request.query_params or {}:
        if not is_strict and name not in shape.__struct_encode_fields__:
            continue
        value, *others = request.query_params.getlist(name)
        # API Gateway replaces bytes that are not UTF-8 with U+FFFD before the app sees them.
        if others or not value or "\ufffd" in value:
            raise errors.InvalidRequest("The parameter is empty, repeated or not valid UTF-8.", details={"field": name})
        if name in _FORMATS and not _FORMATS[name][0].fullmatch(value):
            raise errors.InvalidRequest(f"`{name}` must be {_FORMATS[name][1]}.", details={"field": name})
        values[name] = value
    return _convert(values, shape, errors.UnknownParameter, strict=False)


def _convert[Shape](
    value: Any, shape: type[Shape], unknown_error: type[errors.InvalidRequest], *, strict: bool
) -> Shape:
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        if unknown_field := re.match(r"Object contains unknown field `(.*)`", message, re.DOTALL):
            raise unknown_error(details={"field": unknown_field[1][:100]}) from error
        error_path = re.search(r" - at `\$\.?(.*)`$", message)
        details = {"field": error_path[1]} if error_path and error_path[1] else None
        if "matching regex" in message:
            message = "The value does not match the required format"
        raise errors.InvalidRequest(message.split(" - at ")[0] + ".", details=details) from error


def _read_fields(request: HttpRequest, name: str) -> list[str]:
    """Return every value of a header. `name` is in lower case."""
    headers = request.to_original_event().get("multiValueHeaders") or {}
    return [value for header_name, values in headers.items() if header_name.lower() == name for value in values]


def _read_cookie(request: HttpRequest, name: str) -> str | None:
    pairs = (pair.strip().partition("=") for pair in (request.headers.get("cookie") or "").split(";"))
    return next((value for key, _, value in pairs if key == name), None) or None
