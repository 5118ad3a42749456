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
_JSON = re.compile(r'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)

# msgspec's lax mode accepts more spellings of these parameters than the contract allows.
_COUNT = (re.compile(r"[0-9]{1,3}"), "an integer from 1 to 100")
_SWITCH = (re.compile(r"true|false"), "true or false")
_TIME = (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+"), "a time with a UTC offset, such as 2026-01-31T12:00:00Z")
_SPELLINGS = {"limit": _COUNT, "permanent": _SWITCH, "redirect": _SWITCH, "from": _TIME, "to": _TIME}


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


def capture(kind: Any, text: str) -> str:
    """Return a path parameter of this type.

    Raises:
        NotFound: no id of this type has this form.
    """
    is_valid = _IDS.get(kind)
    if is_valid and not is_valid(text):
        raise errors.NotFound
    return text


def header(declared: Header | Cookie, request: HttpRequest) -> str | None:
    """Return a header or a cookie, or None if it is absent.

    Raises:
        InvalidRequest: the header has a pattern, and is sent twice or does not match.
    """
    if isinstance(declared, Cookie):
        return _cookie(request, declared.name)
    name = declared.name.lower()
    if name not in request.headers:
        return None
    value: str | None = request.headers[name] if declared.is_repeatable else sole_header(request, name)
    if not declared.is_valid(value):
        raise errors.InvalidRequest(declared.rule, details={"field": declared.name})
    return value


def sole_header(request: HttpRequest, name: str) -> str | None:
    """Return a header, or None if it is absent or sent twice.

    Chalice keeps the last of two values, and other readers keep the first. AWS contract APIGW-6.
    """
    headers = request.to_original_event().get("multiValueHeaders") or {}
    count = sum(len(values) for spelling, values in headers.items() if spelling.lower() == name)
    value: str | None = request.headers.get(name) if count < 2 else None
    return value


def body[Shape](shape: type[Shape], request: HttpRequest) -> Shape:
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


def query[Shape](shape: type[Shape], request: HttpRequest) -> Shape:
    """Return the request's query parameters as a `shape`.

    Raises:
        UnknownParameter, InvalidRequest: a parameter is unknown, empty, repeated, not UTF-8 or out of range.
    """
    values: dict[str, str] = {}
    # Chalice's own look-up keeps only the last value of a repeated parameter.
    for name in request.query_params or {}:
        value, *others = request.query_params.getlist(name)
        # API Gateway has replaced bytes that are not UTF-8 by this character.
        if others or not value or "\ufffd" in value:
            raise errors.InvalidRequest("The parameter is empty, repeated or not valid UTF-8.", details={"field": name})
        if name in _SPELLINGS and not _SPELLINGS[name][0].fullmatch(value):
            raise errors.InvalidRequest(f"`{name}` must be {_SPELLINGS[name][1]}.", details={"field": name})
        values[name] = value
    return _convert(values, shape, errors.UnknownParameter, strict=False)


def _convert[Shape](value: Any, shape: type[Shape], unknown: type[errors.InvalidRequest], *, strict: bool) -> Shape:
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        if stray := re.match(r"Object contains unknown field `(.*)`", message, re.DOTALL):
            raise unknown(details={"field": stray[1][:100]}) from error
        place = re.search(r" - at `\$\.?(.*)`$", message)
        details = {"field": place[1]} if place and place[1] else None
        if "matching regex" in message:
            message = "The value does not match the required format"
        raise errors.InvalidRequest(message.split(" - at ")[0] + ".", details=details) from error


def _cookie(request: HttpRequest, name: str) -> str | None:
    pairs = (pair.strip().partition("=") for pair in (request.headers.get("cookie") or "").split(";"))
    return next((value for key, _, value in pairs if key == name), None) or None
