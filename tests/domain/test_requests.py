"""Bodies and query parameters are what the contract says, and nothing beside it."""

import json
from typing import Any

import msgspec
import pytest
from chalice.app import CaseInsensitiveMapping, MultiDict
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import errors, requests
from chalicelib.http import parsing
from tests.support.cloud import Client, Cloud
from tests.support.routes import ROUTES, Route

SHAPES: dict[type[requests.Input], dict[str, Any]] = {
    requests.UploadRequest: {"filename": "a.jpg", "contentType": "image/jpeg"},
    requests.PhotoChanges: {},
    requests.Credentials: {"email": "ann@example.com", "password": "x"},
    requests.Confirmation: {"email": "ann@example.com", "code": "123456"},
    requests.Address: {"email": "ann@example.com"},
    requests.RefreshRequest: {"refreshToken": "x"},
    requests.NewAlbum: {"name": "Sea"},
    requests.AlbumChanges: {},
    requests.Placing: {},
    requests.NewLink: {},
}
PHOTO = "0190b7b4-7d8c-7cc3-98c4-dc0c0c07398f"
TAKING = [route for route in ROUTES if "body" in route.asks]
ASKED = [route for route in ROUTES if route.method != "OPTIONS"]


class Sent(msgspec.Struct):
    """A request, without a gateway before it."""

    raw_body: bytes = b""
    query: dict[str, list[str]] = {}
    sent_headers: dict[str, str] = {}

    @property
    def headers(self) -> Any:
        return CaseInsensitiveMapping(self.sent_headers)

    @property
    def query_params(self) -> Any:
        return MultiDict(self.query)

    def to_original_event(self) -> Any:
        return {}


def spelt(value: Any) -> bytes:
    return json.dumps(value).encode()


def refusal(client: Client, route: Route, body: bytes, **headers: str) -> tuple[int, str]:
    answer = client.call(route.method, route.path, body, headers)
    return answer.status, answer.json["error"]


@pytest.mark.parametrize("shape", SHAPES)
def test_body_is_read_as_its_shape(shape: type[requests.Input]) -> None:
    assert isinstance(parsing.body(shape, Sent(spelt(SHAPES[shape]))), shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "field", ["userId", "photoId", "status", "s3Key", "uploadedAt", "rating", "sha512", "__class__", "", "Email", "a`b"]
)
def test_unknown_field_is_refused_by_name(shape: type[requests.Input], field: str) -> None:
    with pytest.raises(errors.UnknownField) as refused:
        parsing.body(shape, Sent(spelt(SHAPES[shape] | {field: 1})))
    assert refused.value.details == {"field": field}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("body", [b"null", b"[]", b"1", b'"a"', b"true"])
def test_body_of_another_kind_is_refused(shape: type[requests.Input], body: bytes) -> None:
    with pytest.raises(errors.InvalidRequest):
        parsing.body(shape, Sent(body))


WRONG: list[tuple[type[requests.Input], dict[str, Any], str]] = [
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
    (requests.UploadRequest, {"albumId": PHOTO.upper()}, "albumId"),
    (requests.UploadRequest, {"albumId": f"{PHOTO}\n"}, "albumId"),
    (requests.NewAlbum, {"name": ""}, "name"),
    (requests.NewAlbum, {"name": "x" * 201}, "name"),
    (requests.NewAlbum, {"years": 1999}, "years"),
    (requests.NewAlbum, {"continent": "x" * 101}, "continent"),
    (requests.AlbumChanges, {"name": None}, "name"),
    (requests.AlbumChanges, {"visibility": "open"}, "visibility"),
    (requests.AlbumChanges, {"coverPhotoId": ""}, "coverPhotoId"),
    (requests.Placing, {"position": -1}, "position"),
    (requests.Placing, {"position": 2**53 + 1}, "position"),
    (requests.Placing, {"position": 1.5}, "position"),
    (requests.Placing, {"position": True}, "position"),
    (requests.Placing, {"position": "1"}, "position"),
]


@pytest.mark.parametrize(("shape", "change", "field"), WRONG)
def test_wrong_value_is_refused_and_its_field_named(
    shape: type[requests.Input], change: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        parsing.body(shape, Sent(spelt(SHAPES[shape] | change)))
    assert str((refused.value.details or {})["field"]).replace("[...]", field[-3:]) == field


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_never_an_error_of_ours(raw: bytes) -> None:
    with pytest.raises(errors.InvalidRequest):
        parsing.body(requests.Credentials, Sent(raw))


def test_body_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(errors.MalformedBody):
        parsing.body(requests.PhotoChanges, Sent(b'{"title": "\xff"}'))


BODIES: dict[str, tuple[bytes, tuple[int, str]]] = {
    "nothing": (b"", (400, "MalformedBody")),
    "not JSON": (b"a=1", (400, "MalformedBody")),
    "NaN": (b'{"a": NaN}', (400, "MalformedBody")),
    "Infinity": (b'{"a": Infinity}', (400, "MalformedBody")),
    "infinite": (b'{"a": 1e999}', (400, "MalformedBody")),
    "duplicate": (b'{"a": 1, "a": 1}', (400, "MalformedBody")),
    "lone surrogate": (rb'{"a": "\ud800"}', (400, "MalformedBody")),
    "33 levels": (b"[" * 33 + b"]" * 33, (413, "TooLarge")),
    "30,000 levels": (b"[" * 30_000, (413, "TooLarge")),
    "over 64 KB": (b'{"a": "' + b"x" * 65_536 + b'"}', (413, "TooLarge")),
    "unknown field": (b'{"surprise": 1}', (400, "UnknownField")),
}


@pytest.mark.parametrize("fault", BODIES)
def test_every_route_that_takes_a_body_refuses_a_bad_one(shared_cloud: Cloud, fault: str) -> None:
    body, expected = BODIES[fault]
    ann = shared_cloud.person("ann")
    assert len(TAKING) >= 6
    assert {str(route): refusal(ann, route, body) for route in TAKING} == {str(route): expected for route in TAKING}


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", f"/albums/{PHOTO}/photos/{PHOTO}"), ("POST", f"/albums/{PHOTO}/links")]
)
def test_body_that_may_be_left_out_is_refused_where_it_is_bad(shared_cloud: Cloud, method: str, path: str) -> None:
    ann = shared_cloud.person("ann")
    for body, expected in list(BODIES.values())[1:]:
        answer = ann.call(method, path, body)
        assert (answer.status, answer.json["error"]) == expected
    assert ann.call(method, path).status == ann.call(method, path, {}).status == 404


@pytest.mark.parametrize("path", ["/token", "/logout"])
def test_refresh_token_in_a_bad_body_is_refused(shared_cloud: Cloud, path: str) -> None:
    for body, expected in list(BODIES.values())[1:]:
        answer = shared_cloud.visitor.call("POST", path, body)
        assert (answer.status, answer.json["error"]) == expected


@pytest.mark.parametrize("padding", [0, 1])
def test_body_may_have_64_kb(padding: int) -> None:
    start = b'{"title": "a"'
    raw = start + b" " * (parsing.MAX_BODY_BYTES - len(start) - 1 + padding) + b"}"
    if padding:
        with pytest.raises(errors.TooLarge):
            parsing.body(requests.PhotoChanges, Sent(raw))
    else:
        assert parsing.body(requests.PhotoChanges, Sent(raw)).title == "a"


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
    refused = {refusal(ann, route, b"{}", **{"Content-Type": content_type}) for route in TAKING}
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
def test_json_is_known_by_its_media_type_or_assumed(headers: dict[str, str]) -> None:
    assert parsing.body(requests.PhotoChanges, Sent(b"{}", {}, headers)) == requests.PhotoChanges()


def test_method_cannot_be_overridden(shared_cloud: Cloud) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"}
    assert shared_cloud.person("ann").call("GET", "/photos", headers=headers).json == {"items": [], "lastKey": None}
    assert shared_cloud.visitor.call("POST", "/health", b"_method=GET", headers).status == 405


def test_every_route_refuses_a_parameter_that_it_does_not_know(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    for route in ASKED:
        answer = ann.call(route.method, route.path.partition("?")[0], surprise=1)
        assert (answer.status, answer.json["error"]) == (400, "UnknownParameter"), route
        assert answer.json["details"] == {"field": "surprise"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/photos", "limit="),
        ("/photos", "limit"),
        ("/photos", "limit=1&limit=1"),
        ("/photos", "limit=1&limit=2"),
        ("/photos", "order=newest&tag=%ff"),
        ("/photos", "order=newest&tag=%ed%a0%80"),
        ("/photos", "%ff=1"),
        ("/photos", "limit[]=1"),
        ("/photos", "Limit=1"),
        *(
            ("/photos", f"limit={spelling}")
            for spelling in ("0", "-1", "101", "1000", "1e1", "1.0", "0x1", "%2B1", "%201", "1%0A", "１", "true", "NaN")
        ),
        ("/photos", "order=best"),
        ("/photos", "order=Newest"),
        ("/photos", "scope=all"),
        ("/photos", "order=newest&from=2026-07-01"),
        ("/photos", "order=newest&from=2026-07-01T12:00:00"),
        ("/photos", "order=newest&from=1782900000"),
        ("/photos", "order=newest&to=2026-13-01T12:00:00Z"),
        ("/photos", "tag=" + "x" * 51),
        ("/trash", "limit=0"),
        ("/trash", "order=newest"),
        ("/albums", "scope=all"),
        ("/albums", "order=random"),
        (f"/albums/{PHOTO}/photos", "order=newest"),
        (f"/albums/{PHOTO}/photos", "limit=0"),
        ("/login", "returnTo="),
        ("/login", "returnTo=/&returnTo=//evil.example"),
        ("/callback", "state=a&state=b"),
    ],
)
def test_parameter_out_of_the_contract_is_refused(shared_cloud: Cloud, path: str, query: str) -> None:
    answer = shared_cloud.person("ann").get(f"{path}?{query}")
    assert answer.status == 400, answer
    assert answer.json["error"] in ("InvalidRequest", "UnknownParameter")


@pytest.mark.parametrize(
    "query",
    ["limit=1", "limit=100", "order=newest&from=2026-07-01T12:00:00Z&to=2026-07-01T14:00:00%2B02:00", "order=top"],
)
def test_parameter_of_the_contract_is_taken(shared_cloud: Cloud, query: str) -> None:
    assert shared_cloud.visitor.get(f"/photos?{query}").status == 200


@pytest.mark.parametrize("value", ["1", "True", "yes", "0", "on"])
def test_flag_is_true_or_false(value: str) -> None:
    for shape, name in ((requests.DeleteQuery, "permanent"), (requests.DownloadQuery, "redirect")):
        with pytest.raises(errors.InvalidRequest):
            parsing.query(shape, Sent(query={name: [value]}))
        assert getattr(parsing.query(shape, Sent(query={name: ["true"]})), name) is True
        assert getattr(parsing.query(shape, Sent(query={name: ["false"]})), name) is False


@given(st.dictionaries(st.text(max_size=12), st.lists(st.text(max_size=12), min_size=1, max_size=2), min_size=1))
def test_parameters_of_any_kind_are_never_an_error_of_ours(query: dict[str, list[str]]) -> None:
    with pytest.raises(errors.InvalidRequest):
        parsing.query(requests.NoQuery, Sent(query=query))
