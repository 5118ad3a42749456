"""The gateway of a local run lets through what API Gateway lets through, and outlives whatever a client sends."""

import json
import socket
import threading
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from local.server import BODY_LIMIT, Server, serve
from tests.support.gateway_client import connect, send, send_chunked, send_on, send_raw, status_of
from tests.support.small_app import ISSUER, ORIGIN, gateway_settings, signed_token, small_app

FOREIGN_KEY = generate_private_key(65537, 2048)


def test_access_token_opens_a_locked_route(server: Server) -> None:
    answer = send(server, "/locked", Authorization=f"Bearer {signed_token()}")
    assert answer.status == 200
    assert answer.json["sub"] == "someone"


def test_id_token_opens_a_route_without_scopes(server: Server) -> None:
    assert send(server, "/known", Authorization=f"Bearer {signed_token(token_use='id')}").status == 200
    assert send(server, "/known", Authorization=f"Bearer {signed_token()}").status == 401


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
        f"Bearer {signed_token()[:-8]}",
        f"Bearer {signed_token(FOREIGN_KEY)}",
        f"Bearer {signed_token(kid='unknown')}",
        f"Bearer {signed_token('s' * 32, 'HS256')}",
        f"Bearer {signed_token(None, 'none')}",
        f"Bearer {signed_token(exp=1)}",
        f"Bearer {signed_token(exp=None)}",
        f"Bearer {signed_token(exp='soon')}",
        f"Bearer {signed_token(iss=ISSUER + '2')}",
        f"Bearer {signed_token(iss=None)}",
        f"Bearer {signed_token(token_use='id')}",
        f"Bearer {signed_token(token_use=None)}",
        f"Bearer {signed_token(scope='openid')}",
        f"Bearer {signed_token(scope=None)}",
        f"Bearer {signed_token(scope=7)}",
    ],
)
def test_any_other_token_is_401_in_the_services_shape(server: Server, bad: str) -> None:
    answer = send(server, "/locked", Authorization=bad, Origin=ORIGIN)
    error = answer.json
    assert (answer.status, error["error"]) == (401, "InvalidToken")
    assert {"message", "requestId"} <= error.keys()
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_no_token_or_two_tokens_are_401(server: Server) -> None:
    assert send(server, "/locked").status == 401
    good = f"Authorization: Bearer {signed_token()}"
    assert status_of(send_raw(server, "GET /locked HTTP/1.1", "Host: x", good)) == 200
    assert status_of(send_raw(server, "GET /locked HTTP/1.1", "Host: x", good, good)) == 401


def test_header_names_are_case_insensitive(server: Server) -> None:
    assert send(server, "/locked", AUTHORIZATION=f"Bearer {signed_token()}").status == 200


def test_tokens_that_cannot_be_verified_are_503() -> None:
    keyless = serve(small_app(), gateway_settings("http://127.0.0.1:1/jwks.json"), 0)
    answer = send(keyless, "/locked", Authorization=f"Bearer {signed_token()}")
    keyless.close()
    assert (answer.status, answer.json["error"]) == (503, "AuthUnavailable")
    assert answer.headers["Retry-After"]


def test_foreign_origin_gets_no_cors_headers(server: Server) -> None:
    assert "Access-Control-Allow-Origin" not in send(server, "/locked", Origin="http://evil.example").headers


def test_preflight_is_answered_without_a_token(server: Server) -> None:
    answer = send(server, "/locked", "OPTIONS", Origin=ORIGIN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("path", ["/nothing", "/photos", "/photos//", "/photos/a/b", "*", "http://x/locked", "/%"])
def test_unknown_path_is_404_in_the_services_shape(server: Server, path: str) -> None:
    answer = send(server, path)
    error = answer.json
    assert (answer.status, error["error"]) == (404, "NotFound")
    assert {"message", "requestId"} <= error.keys()


@pytest.mark.parametrize("method", ["PUT", "TRACE", "BREW"])
def test_unknown_method_is_405(server: Server, method: str) -> None:
    answer = send(server, "/photos/1", method)
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
    assert send(server, path).json == {"photoId": photo_id}


def test_query_strings_of_any_kind_reach_the_app(server: Server) -> None:
    answer = send_raw(
        server,
        "POST /echo?a=1&a=2&b=&%zz=%ff&caf\xc3\xa9=1 HTTP/1.1",
        "Host: x",
        "Content-Type: text/plain",
        "user-agent: me",
    )
    echoed = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert echoed == {
        "size": 0,
        "query": {"a": ["1", "2"], "b": [""], "%zz": ["\ufffd"], "caf\xe9": ["1"]},
        "agent": "me",
    }


def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    with connect(server) as connection:  # One: a stray body would spoil the second answer.
        head, body = send_on(connection, "HEAD", "/photos/1"), send_on(connection, "GET", "/photos/1")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "15", b"")
    assert (body.status, len(body.body)) == (200, 15)


def test_no_content_has_neither_body_nor_length(server: Server) -> None:
    answer = send(server, "/photos/1", "DELETE")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (204, b"", None)


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: abc"],
        ["Content-Length: -1"],
        ["Content-Length: +1"],
        ["Content-Length: 1_0"],
        ["Content-Length: \xb2"],
        ["Content-Length: 1", "Content-Length: 2"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: identity"],
    ],
)
def test_unclear_body_length_is_400_and_the_end(server: Server, headers: list[str]) -> None:
    answer = send_raw(server, "POST /echo HTTP/1.1", "Host: x", *headers, body=b"aGET /photos/1 HTTP/1.1\r\n\r\n")
    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "InvalidRequest"


@pytest.mark.parametrize("length", [BODY_LIMIT + 1, 10**30, "9" * 5000])
def test_body_over_the_limit_is_413(server: Server, length: object) -> None:
    answer = send_raw(server, "POST /echo HTTP/1.1", "Host: x", f"Content-Length: {length}", body=b"x" * 100_000)
    assert status_of(answer) == 413
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "TooLarge"


def test_body_at_the_limit_arrives_whole(server: Server) -> None:
    with connect(server) as connection:
        answer = send_on(connection, "POST", "/echo", {"Content-Type": "text/plain"}, b"x" * BODY_LIMIT)
    assert answer.json["size"] == BODY_LIMIT


def test_chunked_body_arrives_whole(server: Server) -> None:
    answer = send_chunked(server, b"3\r\nabc\r\nA;why=not\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 13


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"x\r\n", 400), (b"3\r\nabcd\r\n", 400), (b"3", 400), (b"-3\r\n", 400), (b"fffffffff\r\n", 413)],
)
def test_broken_chunks_are_refused(server: Server, body: bytes, expected: int) -> None:
    assert status_of(send_chunked(server, body)) == expected


def test_client_that_waits_for_100_continue_is_told_at_once(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 100")


@pytest.mark.parametrize(
    "line", ["NONSENSE", "GET  HTTP/1.1 x y", "GET / HTTP/9.9", "GET /" + "x" * 70_000 + " HTTP/1.1"]
)
def test_unreadable_request_is_4xx_in_the_services_shape(server: Server, line: str) -> None:
    answer = send_raw(server, line, "Host: x")
    assert 400 <= status_of(answer) < 500
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "InvalidRequest"


def test_clients_that_leave_in_mid_sentence_do_no_harm(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for start in (
        b"",
        b"GET",
        b"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
        b"GET /pause/1 HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.server_port)) as client:
            client.sendall(start)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert send(server, "/photos/1").status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_requests_at_once_do_not_see_each_other(server: Server) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda name=name: answers.append(send(server, f"/pause/{name}").json))
        for name in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[True, True]] * 20


def test_kept_alive_connection_answers_without_delay(server: Server) -> None:
    started = time.monotonic()
    with connect(server) as connection:
        for _ in range(50):
            assert send_on(connection, "GET", "/photos/1").status == 200
    assert time.monotonic() - started < 1  # 40 ms each with Nagle's algorithm in the way
