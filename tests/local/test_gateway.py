"""The local gateway accepts what API Gateway accepts."""

import json

import pytest

from local.server import Server, serve
from tests.support.local_server import FOREIGN_KEY, ISSUER, ORIGIN, get, raw, settings, small_app, status, token


def test_access_token_is_accepted_on_a_protected_route(server: Server) -> None:
    answer = get(server, "/locked", Authorization=f"Bearer {token()}")
    assert answer.status == 200
    assert answer.json["sub"] == "someone"


def test_id_token_is_accepted_on_a_route_without_scopes(server: Server) -> None:
    assert get(server, "/known", Authorization=f"Bearer {token(token_use='id')}").status == 200
    assert get(server, "/known", Authorization=f"Bearer {token()}").status == 401


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        "Basic dXNlcjpwYXNz",
        "Bearer " + "." * 5000,
        "Bearer \xe9.\xe9.\xe9",
        f"Bearer {token()[:-8]}",
        f"Bearer {token(FOREIGN_KEY)}",
        f"Bearer {token(kid='unknown')}",
        f"Bearer {token('s' * 32, 'HS256')}",
        f"Bearer {token(None, 'none')}",
        f"Bearer {token(exp=1)}",
        f"Bearer {token(exp=None)}",
        f"Bearer {token(exp='soon')}",
        f"Bearer {token(iss=ISSUER + '2')}",
        f"Bearer {token(iss=None)}",
        f"Bearer {token(token_use='id')}",
        f"Bearer {token(token_use=None)}",
        f"Bearer {token(scope='openid')}",
        f"Bearer {token(scope=None)}",
        f"Bearer {token(scope=7)}",
    ],
)
def test_invalid_token_is_401_in_the_services_error_format(server: Server, bad: str) -> None:
    answer = get(server, "/locked", Authorization=bad, Origin=ORIGIN)
    error = answer.json
    assert (answer.status, error["error"]) == (401, "InvalidToken")
    assert {"message", "requestId"} <= error.keys()
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_no_token_or_two_tokens_are_401(server: Server) -> None:
    assert get(server, "/locked").status == 401
    good = f"Authorization: Bearer {token()}"
    assert status(raw(server, "GET /locked HTTP/1.1", "Host: x", good)) == 200
    assert status(raw(server, "GET /locked HTTP/1.1", "Host: x", good, good)) == 401


def test_header_names_are_case_insensitive(server: Server) -> None:
    assert get(server, "/locked", AUTHORIZATION=f"Bearer {token()}").status == 200


def test_token_is_503_if_the_pools_keys_are_unavailable() -> None:
    keyless = serve(small_app(), settings("http://127.0.0.1:1/jwks.json"), 0)
    answer = get(keyless, "/locked", Authorization=f"Bearer {token()}")
    keyless.close()
    assert (answer.status, answer.json["error"]) == (503, "AuthUnavailable")
    assert answer.headers["Retry-After"]


def test_unknown_origin_gets_no_cors_headers(server: Server) -> None:
    assert "Access-Control-Allow-Origin" not in get(server, "/locked", Origin="http://evil.example").headers


def test_preflight_succeeds_without_a_token(server: Server) -> None:
    answer = get(server, "/locked", "OPTIONS", Origin=ORIGIN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("path", ["/nothing", "/photos", "/photos//", "/photos/a/b", "*", "http://x/locked", "/%"])
def test_unknown_path_is_404_in_the_services_error_format(server: Server, path: str) -> None:
    answer = get(server, path)
    error = answer.json
    assert (answer.status, error["error"]) == (404, "NotFound")
    assert {"message", "requestId"} <= error.keys()


@pytest.mark.parametrize("method", ["PUT", "TRACE", "BREW"])
def test_unknown_method_is_405(server: Server, method: str) -> None:
    answer = get(server, "/photos/1", method)
    assert (answer.status, answer.json["error"]) == (405, "MethodNotAllowed")
    assert answer.headers["Allow"] == "DELETE, GET, OPTIONS"


@pytest.mark.parametrize(
    ("path", "photo_id"),
    [
        ("/photos/1/", "1"),
        ("/photos/a%20b", "a b"),
        ("/photos/a%2Fb", "a/b"),
        ("/photos/%zz", "%zz"),
        ("/photos/mine", None),
    ],
)
def test_path_parameters_are_decoded_once(server: Server, path: str, photo_id: str | None) -> None:
    assert get(server, path).json == {"photoId": photo_id}


def test_unusual_query_strings_reach_the_app(server: Server) -> None:
    answer = raw(
        server,
        "POST /echo?a=1&a=2&b=&%zz=%ff&caf%C3%A9=1 HTTP/1.1",
        "Host: x",
        "Content-Type: text/plain",
        "user-agent: me",
    )
    echoed = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert echoed == {
        "size": 0,
        "query": {"a": ["1", "2"], "b": [""], "%zz": ["\ufffd"], "caf\xe9": ["1"]},
        "agent": "me",
        "peer": "127.0.0.1",
    }
