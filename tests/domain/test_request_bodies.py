"""Request bodies that do not match the API contract exactly are refused."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import batches, errors, requests
from chalicelib.http import parsing
from tests.support.bare_requests import BareRequest, encode_json
from tests.support.cloud import Client, Cloud
from tests.support.paths import ROOT
from tests.support.routes import PHOTO_ID, ROUTES, Route

SHAPES: dict[type[requests.Input], dict[str, Any]] = {
    requests.UploadRequest: {"filename": "a.jpg", "contentType": "image/jpeg"},
    requests.PhotoChanges: {},
    requests.Credentials: {"email": "ann@example.com", "password": "x"},
    requests.Confirmation: {"email": "ann@example.com", "code": "123456"},
    requests.Address: {"email": "ann@example.com"},
    requests.RefreshRequest: {"refreshToken": "x"},
    requests.NewAlbum: {"name": "Sea"},
    requests.AlbumChanges: {},
    requests.PositionRequest: {},
    requests.NewLink: {},
    batches.PhotoIdBatch: {"photoIds": [PHOTO_ID]},
    batches.PhotoChangeBatch: {"items": [{"photoId": PHOTO_ID, "changes": {}}]},
    batches.EntryBatch: {"items": [{"photoId": PHOTO_ID}]},
}
BODY_ROUTES = [route for route in ROUTES if route.has_body]


def send_body(client: Client, route: Route, body: bytes, **headers: str) -> tuple[int, str]:
    """Send a body. Return the status and the error code of the response."""
    answer = client.call(route.method, route.path, body, headers)
    return answer.status, answer.json["error"]


@pytest.mark.parametrize("shape", SHAPES)
def test_valid_body_is_parsed_into_its_shape(shape: type[requests.Input]) -> None:
    assert isinstance(parsing.parse_body(shape, BareRequest(encode_json(SHAPES[shape]))), shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "field", ["userId", "photoId", "status", "s3Key", "uploadedAt", "rating", "sha512", "__class__", "", "Email", "a`b"]
)
def test_unknown_field_is_refused_by_name(shape: type[requests.Input], field: str) -> None:
    with pytest.raises(errors.UnknownField) as raised:
        parsing.parse_body(shape, BareRequest(encode_json(SHAPES[shape] | {field: 1})))
    assert raised.value.details == {"field": field}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("body", [b"null", b"[]", b"1", b'"a"', b"true"])
def test_body_that_is_not_an_object_is_refused(shape: type[requests.Input], body: bytes) -> None:
    with pytest.raises(errors.InvalidRequest):
        parsing.parse_body(shape, BareRequest(body))


def create_ids(count: int) -> list[str]:
    """Return different ids of photos."""
    return [f"{PHOTO_ID[:-3]}{number:03}" for number in range(count)]


INVALID_VALUES: list[tuple[type[requests.Input], dict[str, Any], str]] = [
    (requests.Credentials, {"email": "ann"}, "email"),
    (requests.Credentials, {"email": "a b@example.com"}, "email"),
    (requests.Credentials, {"email": "ann@example.com\r\nBcc: x@example.com"}, "email"),
    (requests.Credentials, {"email": "ann@example.com\n"}, "email"),
    (requests.Credentials, {"email": "ann\x1d@example.com"}, "email"),
    (requests.Credentials, {"email": "ann@example.com\ufeff"}, "email"),
    (requests.Credentials, {"email": "ann@" + "x" * 254}, "email"),
    (requests.Credentials, {"email": ["ann@example.com"]}, "email"),
    (requests.Credentials, {"password": ""}, "password"),
    (requests.Credentials, {"password": "x" * 257}, "password"),
    (requests.Credentials, {"password": 1}, "password"),
    (requests.Credentials, {"password": None}, "password"),
    (requests.Confirmation, {"code": 123456}, "code"),
    (requests.Confirmation, {"code": "12a"}, "code"),
    (requests.Confirmation, {"code": "１２３"}, "code"),
    (requests.Confirmation, {"code": "123456\n"}, "code"),
    (requests.RefreshRequest, {"refreshToken": ""}, "refreshToken"),
    (requests.RefreshRequest, {"refreshToken": "x" * 8193}, "refreshToken"),
    (requests.UploadRequest, {"filename": ""}, "filename"),
    (requests.UploadRequest, {"size": 0}, "size"),
    (requests.UploadRequest, {"size": 1.5}, "size"),
    (requests.UploadRequest, {"size": "1"}, "size"),
    (requests.UploadRequest, {"size": True}, "size"),
    (requests.UploadRequest, {"sha256": "A" * 64}, "sha256"),
    (requests.UploadRequest, {"sha256": "a" * 64 + "\n"}, "sha256"),
    (requests.UploadRequest, {"method": "put"}, "method"),
    (requests.UploadRequest, {"visibility": "secret"}, "visibility"),
    (requests.UploadRequest, {"tags": ["x"] * 33}, "tags"),
    (requests.UploadRequest, {"tags": ["x", ""]}, "tags[1]"),
    (requests.UploadRequest, {"tags": ["x" * 51]}, "tags[0]"),
    (requests.PhotoChanges, {"title": "x" * 201}, "title"),
    (requests.PhotoChanges, {"title": None}, "title"),
    (requests.PhotoChanges, {"description": "x" * 2001}, "description"),
    (requests.UploadRequest, {"albumId": "nonsense"}, "albumId"),
    (requests.UploadRequest, {"albumId": PHOTO_ID.upper()}, "albumId"),
    (requests.UploadRequest, {"albumId": f"{PHOTO_ID}\n"}, "albumId"),
    (requests.NewAlbum, {"name": ""}, "name"),
    (requests.NewAlbum, {"name": "x" * 201}, "name"),
    *(
        (requests.NewAlbum, {"years": years}, "years")
        for years in (1999, None, "the nineties", "19999", "\n", "x" * 101)
    ),
    *((requests.NewAlbum, {"years": [year]}, "years[0]") for year in (0, 10000, -1999, 1999.5, "1999", True, None)),
    (requests.AlbumChanges, {"years": [1999] * 101}, "years"),
    (requests.AlbumChanges, {"years": "0999"}, "years"),
    (requests.NewAlbum, {"continent": "x" * 101}, "continent"),
    (requests.AlbumChanges, {"name": None}, "name"),
    (requests.AlbumChanges, {"visibility": "open"}, "visibility"),
    (requests.AlbumChanges, {"coverPhotoId": ""}, "coverPhotoId"),
    (requests.PositionRequest, {"position": -1}, "position"),
    (requests.PositionRequest, {"position": 2**53 + 1}, "position"),
    (requests.PositionRequest, {"position": 1.5}, "position"),
    (requests.PositionRequest, {"position": True}, "position"),
    (requests.PositionRequest, {"position": "1"}, "position"),
    (requests.PhotoChanges, {"addTags": ["x"] * 33}, "addTags"),
    (requests.PhotoChanges, {"removeTags": ["x", " "]}, "removeTags[1]"),
    (batches.PhotoIdBatch, {"photoIds": []}, "photoIds"),
    (batches.PhotoIdBatch, {"photoIds": create_ids(51)}, "photoIds"),
    (batches.PhotoIdBatch, {"photoIds": ["nonsense"]}, "photoIds[0]"),
    (
        batches.PhotoChangeBatch,
        {"items": [{"photoId": PHOTO_ID, "changes": {"title": None}}]},
        "items[0].changes.title",
    ),
    (batches.PhotoChangeBatch, {"items": []}, "items"),
    (batches.EntryBatch, {"items": [{"photoId": PHOTO_ID, "position": -1}]}, "items[0].position"),
]


@pytest.mark.parametrize(("shape", "changes", "field"), INVALID_VALUES)
def test_invalid_value_is_refused_and_the_error_names_its_field(
    shape: type[requests.Input], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.InvalidRequest) as raised:
        parsing.parse_body(shape, BareRequest(encode_json(SHAPES[shape] | changes)))
    assert str((raised.value.details or {})["field"]).replace("[...]", field[-3:]) == field


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.__module__ == batches.__name__])
def test_batch_with_a_photo_twice_is_refused(shape: type[requests.Input]) -> None:
    ((name, items),) = SHAPES[shape].items()
    with pytest.raises(errors.InvalidRequest) as raised:
        parsing.parse_body(shape, BareRequest(encode_json({name: [*items, *items]})))
    assert raised.value.message == "The batch contains a photo twice."


def test_no_request_type_makes_msgspec_corrupt_memory() -> None:
    script = """
import gc, msgspec
from chalicelib.domain import batches, requests
kinds = [*vars(batches).values(), *vars(requests).values()]
for shape in [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]:
    try:
        msgspec.convert({}, shape)
    except msgspec.ValidationError:
        pass
    gc.collect()
"""
    environment = {"PYTHONMALLOC": "debug"}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, capture_output=True)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_cause_a_server_error(raw: bytes) -> None:
    with pytest.raises(errors.InvalidRequest):
        parsing.parse_body(requests.Credentials, BareRequest(raw))


def test_body_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(errors.MalformedBody):
        parsing.parse_body(requests.PhotoChanges, BareRequest(b'{"title": "\xff"}'))


INVALID_BODIES: dict[str, tuple[bytes, tuple[int, str]]] = {
    "empty": (b"", (400, "MalformedBody")),
    "not JSON": (b"a=1", (400, "MalformedBody")),
    "NaN": (b'{"a": NaN}', (400, "MalformedBody")),
    "Infinity": (b'{"a": Infinity}', (400, "MalformedBody")),
    "number too large": (b'{"a": 1e999}', (400, "MalformedBody")),
    "duplicate name": (b'{"a": 1, "a": 1}', (400, "MalformedBody")),
    "lone surrogate": (rb'{"a": "\ud800"}', (400, "MalformedBody")),
    "33 levels": (b"[" * 33 + b"]" * 33, (413, "TooLarge")),
    "30,000 levels": (b"[" * 30_000, (413, "TooLarge")),
    "over 64 KB": (b'{"a": "' + b"x" * 65_536 + b'"}', (413, "TooLarge")),
    "unknown field": (b'{"surprise": 1}', (400, "UnknownField")),
}


@pytest.mark.parametrize("fault", INVALID_BODIES)
def test_every_route_with_a_body_refuses_an_invalid_body(shared_cloud: Cloud, fault: str) -> None:
    body, expected = INVALID_BODIES[fault]
    ann = shared_cloud.person("ann")
    assert len(BODY_ROUTES) >= 6
    assert {str(route): send_body(ann, route, body) for route in BODY_ROUTES} == {
        str(route): expected for route in BODY_ROUTES
    }


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", f"/albums/{PHOTO_ID}/photos/{PHOTO_ID}"), ("POST", f"/albums/{PHOTO_ID}/links")]
)
def test_optional_body_is_refused_if_it_is_invalid(shared_cloud: Cloud, method: str, path: str) -> None:
    ann = shared_cloud.person("ann")
    for body, expected in list(INVALID_BODIES.values())[1:]:
        answer = ann.call(method, path, body)
        assert (answer.status, answer.json["error"]) == expected
    assert ann.call(method, path).status == ann.call(method, path, {}).status == 404


@pytest.mark.parametrize("path", ["/token", "/logout"])
def test_refresh_token_in_an_invalid_body_is_refused(shared_cloud: Cloud, path: str) -> None:
    for body, expected in list(INVALID_BODIES.values())[1:]:
        answer = shared_cloud.visitor.call("POST", path, body)
        assert (answer.status, answer.json["error"]) == expected


@pytest.mark.parametrize("padding", [0, 1])
def test_body_can_have_at_most_64_kb(padding: int) -> None:
    start = b'{"title": "a"'
    raw = start + b" " * (parsing.MAX_BODY_BYTES - len(start) - 1 + padding) + b"}"
    if padding:
        with pytest.raises(errors.TooLarge):
            parsing.parse_body(requests.PhotoChanges, BareRequest(raw))
    else:
        assert parsing.parse_body(requests.PhotoChanges, BareRequest(raw)).title == "a"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain;a=*/*",
        "text/plain;application/json",
        "text/plain, application/json",
        "*/*",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8, text/plain",
    ],
)
def test_body_of_another_media_type_is_refused(shared_cloud: Cloud, content_type: str) -> None:
    ann = shared_cloud.person("ann")
    refused = {send_body(ann, route, b"{}", **{"Content-Type": content_type}) for route in BODY_ROUTES}
    assert refused == {(415, "UnsupportedMediaType")}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        *(
            {"content-type": spelling}
            for spelling in (
                "application/json",
                "Application/JSON",
                "application/json;charset=utf-8",
                'application/json; charset="UTF-8"',
            )
        ),
    ],
)
def test_body_is_json_if_its_media_type_is_json_or_missing(headers: dict[str, str]) -> None:
    assert parsing.parse_body(requests.PhotoChanges, BareRequest(b"{}", {}, headers)) == requests.PhotoChanges()


def test_method_cannot_be_overridden(shared_cloud: Cloud) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"}
    assert shared_cloud.person("ann").call("GET", "/photos", headers=headers).json == {"items": [], "lastKey": None}
    assert shared_cloud.visitor.call("POST", "/health", b"_method=GET", headers).status == 405
