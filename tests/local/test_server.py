"""The local server survives malformed requests, and passes valid ones to the gateway unchanged."""

import json
import socket
import threading
import time
from typing import Any

import pytest

from local.gateway import BODY_LIMIT
from local.server import Server
from tests.support.local_server import ask, connected, get, raw, status


def test_client_cannot_forge_its_address(server: Server) -> None:
    forged = {"Content-Type": "text/plain", "X-Forwarded-For": "192.0.2.1"}
    with connected(server) as connection:
        assert ask(connection, "POST", "/echo", forged).json["peer"] == "127.0.0.1"


def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    with connected(server) as connection:  # A stray body would corrupt the second response.
        head, body = ask(connection, "HEAD", "/photos/1"), ask(connection, "GET", "/photos/1")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "15", b"")
    assert (body.status, len(body.body)) == (200, 15)


def test_no_content_response_has_neither_body_nor_length(server: Server) -> None:
    with connected(server) as connection:  # A stray body would corrupt the second response.
        empty, body = ask(connection, "DELETE", "/photos/1"), ask(connection, "GET", "/photos/1")
    assert (empty.status, empty.body, empty.headers["Content-Length"]) == (204, b"", None)
    assert body.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: abc"],
        ["Content-Length: -1"],
        ["Content-Length: +1"],
        ["Content-Length: 1_0"],
        ["Content-Length: \xb2"],
        [f"Content-Length: {10**30}"],
        ["Content-Length: " + "9" * 5000],
        ["Content-Length: 1", "Content-Length: 2"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: identity"],
    ],
)
def test_ambiguous_body_length_is_400_and_closes_the_connection(server: Server, headers: list[str]) -> None:
    answer = raw(server, "POST /echo HTTP/1.1", "Host: x", *headers, body=b"aGET /photos/1 HTTP/1.1\r\n\r\n")
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1
    assert get(server, "/photos/1").status == 200


@pytest.mark.parametrize(
    ("header", "start"),
    [
        (f"Content-Length: {BODY_LIMIT + 1}", b""),
        (f"Content-Length: {10**12}", b""),
        ("Transfer-Encoding: chunked", b"fffffffff\r\n"),
    ],
)
def test_body_over_the_limit_is_413(server: Server, header: str, start: bytes) -> None:
    answer = raw(server, "POST /echo HTTP/1.1", "Host: x", header, body=start + b"x" * (BODY_LIMIT + 1))
    assert status(answer) == 413
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "TooLarge"


def test_body_at_the_limit_arrives_completely(server: Server) -> None:
    with connected(server) as connection:
        answer = ask(connection, "POST", "/echo", {"Content-Type": "text/plain"}, b"x" * BODY_LIMIT)
    assert answer.json["size"] == BODY_LIMIT


def send_chunked(server: Server, body: bytes) -> bytes:
    return raw(
        server, "POST /echo HTTP/1.1", "Host: x", "Content-Type: text/plain", "Transfer-Encoding: Chunked", body=body
    )


def test_chunked_body_arrives_completely(server: Server) -> None:
    answer = send_chunked(server, b"3\r\nabc\r\nA;why=not\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 13


@pytest.mark.parametrize("body", [b"x\r\n", b"3\r\nabcd\r\n", b"-3\r\n", b"f" * 30 + b"\r\n"])
def test_invalid_chunks_are_400(server: Server, body: bytes) -> None:
    assert status(send_chunked(server, body)) == 400
    assert get(server, "/photos/1").status == 200


def test_client_that_expects_100_continue_gets_it_at_once(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 100")


@pytest.mark.parametrize(
    "line",
    [
        "NONSENSE",
        "GET  HTTP/1.1 x y",
        "GET / HTTP/9.9",
        "GET /caf\xe9 HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "GET /" + "x" * 70_000 + " HTTP/1.1",
    ],
)
def test_malformed_request_line_is_4xx(server: Server, line: str) -> None:
    assert 400 <= status(raw(server, line, "Host: x")) < 500
    assert get(server, "/photos/1").status == 200


def test_clients_that_disconnect_early_cause_no_errors(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for start in (
        b"",
        b"GET",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3",
        b"GET /pause/1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(start)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert get(server, "/photos/1").status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_concurrent_requests_do_not_share_state(server: Server) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda name=name: answers.append(get(server, f"/pause/{name}").json))
        for name in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[True, True]] * 20


def test_keep_alive_connection_responds_without_delay(server: Server) -> None:
    seconds = []
    with connected(server) as connection:
        for _ in range(50):
            started = time.monotonic()
            assert ask(connection, "GET", "/photos/1").status == 200
            seconds.append(time.monotonic() - started)
    # Nagle's algorithm would delay each response by 40 ms, except the first ones. A busy machine delays only some.
    assert min(seconds[-20:]) < 0.04
