"""The local gateway accepts what API Gateway accepts, and malformed requests do not stop the server."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing
from email.message import Message
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import jwt
import pytest
from chalice.app import Chalice, CognitoUserPoolAuthorizer, CORSConfig, Response
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from chalicelib.infra.settings import Settings, load_settings
from local.server import BODY_LIMIT, Server, serve

POOL = "us-east-1_Tests"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
ORIGIN = "http://localhost:8000"
SCOPE = "aws.cognito.signin.user.admin"
KEY = generate_private_key(65537, 2048)
FOREIGN_KEY = generate_private_key(65537, 2048)


def small_app() -> Chalice:
    """Routes that tell what reached them."""
    app = Chalice("small")
    signed_in = CognitoUserPoolAuthorizer("people", provider_arns=["arn:people"], scopes=[SCOPE])
    known = CognitoUserPoolAuthorizer("identities", provider_arns=["arn:people"])
    cors = CORSConfig(allow_origin=ORIGIN)

    @app.route("/locked", authorizer=signed_in, cors=cors)
    def locked() -> Any:
        assert app.current_request
        return app.current_request.context["authorizer"]["claims"]

    @app.route("/known", authorizer=known)
    def identity() -> Any:
        return {}

    @app.route("/echo", methods=["POST"], content_types=["text/plain"])
    def echo() -> Any:
        request = app.current_request
        assert request
        query = request.to_original_event()["multiValueQueryStringParameters"]
        peer = request.context["identity"]["sourceIp"]
        agent = request.headers.get("USER-AGENT")
        return {"size": len(request.raw_body), "query": query, "agent": agent, "peer": peer}

    @app.route("/photos/{photo_id}")
    def photo(photo_id: str) -> Any:
        return {"photoId": photo_id}

    @app.route("/photos/mine")
    def mine() -> Any:
        return {"photoId": None}

    @app.route("/photos/{photo_id}", methods=["DELETE"])
    def delete(photo_id: str) -> Response:
        return Response({"photoId": photo_id}, status_code=204)

    @app.route("/pause/{name}")
    def pause(name: str) -> Any:
        before = app.lambda_context.aws_request_id
        time.sleep(0.05)
        request = app.current_request
        assert request
        assert request.uri_params
        return [request.uri_params["name"] == name, app.lambda_context.aws_request_id == before]

    return app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pool")
    (folder / "jwks.json").write_text(json.dumps({"keys": [public_jwk(KEY, "ours")]}))
    pool = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=pool.serve_forever, daemon=True).start()
    running = serve(small_app(), settings(f"http://127.0.0.1:{pool.server_port}/jwks.json"), 0)
    yield running
    running.close()
    pool.shutdown()
    pool.server_close()


class Files(SimpleHTTPRequestHandler):
    """A folder over HTTP, in silence."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def public_jwk(key: RSAPrivateKey, kid: str) -> dict[str, Any]:
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


def settings(jwks_url: str) -> Settings:
    names = "PHOTO_TABLE ACCOUNT_TABLE TERM_TABLE ALBUM_TABLE ENTRY_TABLE RATING_TABLE ORIGINALS_BUCKET"
    environment = dict.fromkeys(
        [*names.split(), "RENDITIONS_BUCKET", "JOB_QUEUE_URL", "SIGNING_KEYS", "USER_POOL_CLIENT_ID", "COGNITO_DOMAIN"],
        "unused",
    )
    environment |= {"USER_POOL_ID": POOL, "AWS_REGION": "us-east-1", "JWKS_URL": jwks_url}
    return load_settings(environment | {"BASE_URL": ORIGIN, "ALLOWED_ORIGINS": ORIGIN})


def token(key: Any = KEY, algorithm: str | None = "RS256", kid: str = "ours", **changes: Any) -> str:
    claims = {"iss": ISSUER, "exp": int(time.time()) + 60, "sub": "someone", "token_use": "access", "scope": SCOPE}
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(kept, key, algorithm, {"kid": kid})


class Reply(NamedTuple):
    """An answer, read to its end."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def get(server: Server, path: str, method: str = "GET", **headers: str) -> Reply:
    with connected(server) as connection:
        return ask(connection, method, path, headers)


def connected(server: Server) -> AbstractContextManager[HTTPConnection]:
    return closing(HTTPConnection("127.0.0.1", server.port, timeout=30))


def ask(
    connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes | None = None
) -> Reply:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return Reply(answer.status, answer.headers, answer.read())


def raw(server: Server, *lines: str, body: bytes = b"") -> bytes:
    """Send these lines as a request and read until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
        return b"".join(iter(lambda: client.recv(65536), b""))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_access_token_opens_a_locked_route(server: Server) -> None:
    answer = get(server, "/locked", Authorization=f"Bearer {token()}")
    assert answer.status == 200
    assert answer.json["sub"] == "someone"


def test_id_token_opens_a_route_without_scopes(server: Server) -> None:
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
def test_any_other_token_is_401_in_the_services_shape(server: Server, bad: str) -> None:
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


def test_tokens_that_cannot_be_verified_are_503() -> None:
    keyless = serve(small_app(), settings("http://127.0.0.1:1/jwks.json"), 0)
    answer = get(keyless, "/locked", Authorization=f"Bearer {token()}")
    keyless.close()
    assert (answer.status, answer.json["error"]) == (503, "AuthUnavailable")
    assert answer.headers["Retry-After"]


def test_foreign_origin_gets_no_cors_headers(server: Server) -> None:
    assert "Access-Control-Allow-Origin" not in get(server, "/locked", Origin="http://evil.example").headers


def test_preflight_is_answered_without_a_token(server: Server) -> None:
    answer = get(server, "/locked", "OPTIONS", Origin=ORIGIN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("path", ["/nothing", "/photos", "/photos//", "/photos/a/b", "*", "http://x/locked", "/%"])
def test_unknown_path_is_404_in_the_services_shape(server: Server, path: str) -> None:
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


def test_query_strings_of_any_kind_reach_the_app(server: Server) -> None:
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


def test_client_cannot_choose_its_address(server: Server) -> None:
    forged = {"Content-Type": "text/plain", "X-Forwarded-For": "192.0.2.1"}
    with connected(server) as connection:
        assert ask(connection, "POST", "/echo", forged).json["peer"] == "127.0.0.1"


def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    with connected(server) as connection:  # One: a stray body would spoil the second answer.
        head, body = ask(connection, "HEAD", "/photos/1"), ask(connection, "GET", "/photos/1")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "15", b"")
    assert (body.status, len(body.body)) == (200, 15)


def test_no_content_has_neither_body_nor_length(server: Server) -> None:
    with connected(server) as connection:  # A stray body would spoil the second response.
        nothing, body = ask(connection, "DELETE", "/photos/1"), ask(connection, "GET", "/photos/1")
    assert (nothing.status, nothing.body, nothing.headers["Content-Length"]) == (204, b"", None)
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
def test_unclear_body_length_is_400_and_the_end(server: Server, headers: list[str]) -> None:
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


def test_body_at_the_limit_arrives_whole(server: Server) -> None:
    with connected(server) as connection:
        answer = ask(connection, "POST", "/echo", {"Content-Type": "text/plain"}, b"x" * BODY_LIMIT)
    assert answer.json["size"] == BODY_LIMIT


def chunked(server: Server, body: bytes) -> bytes:
    return raw(
        server, "POST /echo HTTP/1.1", "Host: x", "Content-Type: text/plain", "Transfer-Encoding: Chunked", body=body
    )


def test_chunked_body_arrives_whole(server: Server) -> None:
    answer = chunked(server, b"3\r\nabc\r\nA;why=not\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 13


@pytest.mark.parametrize("body", [b"x\r\n", b"3\r\nabcd\r\n", b"-3\r\n", b"f" * 30 + b"\r\n"])
def test_invalid_chunks_are_400(server: Server, body: bytes) -> None:
    assert status(chunked(server, body)) == 400
    assert get(server, "/photos/1").status == 200


def test_client_that_waits_for_100_continue_is_told_at_once(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
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


def test_clients_that_disconnect_early_do_no_harm(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
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


def test_requests_at_once_do_not_see_each_other(server: Server) -> None:
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


def test_kept_alive_connection_answers_without_delay(server: Server) -> None:
    started = time.monotonic()
    with connected(server) as connection:
        for _ in range(50):
            assert ask(connection, "GET", "/photos/1").status == 200
    assert time.monotonic() - started < 1  # 40 ms each with Nagle's algorithm in the way
