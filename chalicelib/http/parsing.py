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

# Parameters are text: msgspec's lax mode would take more spellings of these than the contract does.
_COUNT = (re.compile(r"[0-9]{1,3}"), "a number from 1 to 100")
_SWITCH = (re.compile(r"true|false"), "true or false")
_TIME = (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+"), "a time with its offset, such as 2026-01-31T12:00:00Z")
_SPELLINGS = {"limit": _COUNT, "permanent": _SWITCH, "redirect": _SWITCH, "from": _TIME, "to": _TIME}


class HttpRequest(Protocol):
    """What is read of a Chalice request."""

    @property
    def headers(self) -> Any:
        """A mapping that takes names in any case."""

    @property
    def query_params(self) -> Any:
        """Names, each with a `getlist`; None where there are none."""

    @property
    def raw_body(self) -> Any:
        """Bytes, empty where there is no body."""

    def to_original_event(self) -> Any:
        """The gateway's event."""


def capture(kind: Any, text: str) -> str:
    """Return a path parameter of this type.

    Raises:
        NotFound: no id of this type has this form.
    """
    is_valid = _IDS.get(kind)
    if is_valid and not is_valid(text):
        raise errors.NotFound
    return text


def header(wanted: Header | Cookie, request: HttpRequest) -> str | None:
    """Return a header or a cookie, or None if it is absent.

    Raises:
        InvalidRequest: the header has a pattern, and is sent twice or does not match.
    """
    if isinstance(wanted, Cookie):
        return _cookie(request, wanted.name)
    name = wanted.name.lower()
    if name not in request.headers:
        return None
    value = sole_header(request, name)
    if not wanted.is_valid(value):
        raise errors.InvalidRequest(wanted.rule, details={"field": wanted.name})
    return value


def sole_header(request: HttpRequest, name: str) -> str | None:
    """Return a header, or None if it is absent or sent twice: Chalice keeps the last value, others the first."""
    every = request.to_original_event().get("multiValueHeaders") or {}
    given = [value for spelling, values in every.items() if spelling.lower() == name for value in values]
    only: str | None = request.headers.get(name) if len(given) < 2 else None
    return only


def body[Shape](shape: type[Shape], request: HttpRequest) -> Shape:
    """The request's body as `shape`.

    Raises:
        UnsupportedMediaType: not said to be JSON in UTF-8.
        TooLarge: over 64 KB, or nested over 32 levels.
        MalformedBody: not UTF-8, not JSON, NaN, Infinity, a duplicate key or a lone surrogate.
        UnknownField, InvalidRequest: JSON of another shape; `details` names the field.
    """
    # Chalice takes a type that only holds the words, and any charset.
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
    return _shaped(value, shape, errors.UnknownField, strict=True)


def query[Shape](shape: type[Shape], request: HttpRequest) -> Shape:
    """The request's query parameters as `shape`.

    Raises:
        UnknownParameter, InvalidRequest: unknown, empty, repeated, not UTF-8 or out of range.
    """
    values: dict[str, str] = {}
    # Chalice's own look-up keeps only the last value of a repeated parameter.
    for name in request.query_params or {}:
        given = request.query_params.getlist(name)
        # The gateway has replaced what was not UTF-8 by this character.
        if len(given) != 1 or not given[0] or "\ufffd" in given[0]:
            raise errors.InvalidRequest("A parameter is empty, repeated or not UTF-8.", details={"field": name})
        if name in _SPELLINGS and not _SPELLINGS[name][0].fullmatch(given[0]):
            raise errors.InvalidRequest(f"{name} must be {_SPELLINGS[name][1]}.", details={"field": name})
        values[name] = given[0]
    return _shaped(values, shape, errors.UnknownParameter, strict=False)


def _shaped[Shape](value: Any, shape: type[Shape], unknown: type[errors.InvalidRequest], *, strict: bool) -> Shape:
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        if stray := re.match(r"Object contains unknown field `(.*)`", message, re.DOTALL):
            raise unknown(details={"field": stray[1][:100]}) from error
        place = re.search(r" - at `\$\.?(.*)`$", message)
        details = {"field": place[1]} if place and place[1] else None
        if "matching regex" in message:
            message = "The value has not the form that this field asks for"
        raise errors.InvalidRequest(message.split(" - at ")[0] + ".", details=details) from error


def _cookie(request: HttpRequest, name: str) -> str | None:
    pairs = (pair.strip().partition("=") for pair in (request.headers.get("cookie") or "").split(";"))
    return next((value for key, _, value in pairs if key == name), None) or None
