"""A small app behind the local server, and a client that can send malformed requests."""

import json
import socket
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from email.message import Message
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler
from typing import Any, NamedTuple

import jwt
from chalice.app import Chalice, CognitoUserPoolAuthorizer, CORSConfig, Response
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from chalicelib.http.files import load_web_file
from chalicelib.http.responses import build_response
from chalicelib.infra.settings import Settings, load_settings
from local.server import Server

POOL = "us-east-1_Tests"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
ORIGIN = "http://localhost:8000"
SCOPE = "aws.cognito.signin.user.admin"
KEY = generate_private_key(65537, 2048)
FOREIGN_KEY = generate_private_key(65537, 2048)


def small_app() -> Chalice:
    """Build an app whose routes return parts of their request."""
    app = Chalice("small")
    signed_in = CognitoUserPoolAuthorizer("users", provider_arns=["arn:users"], scopes=[SCOPE])
    with_id_token = CognitoUserPoolAuthorizer("identities", provider_arns=["arn:users"])
    cors = CORSConfig(allow_origin=ORIGIN)

    @app.route("/locked", authorizer=signed_in, cors=cors)
    def locked() -> Any:
        assert app.current_request
        return app.current_request.context["authorizer"]["claims"]

    @app.route("/known", authorizer=with_id_token)
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

    _add_photo_routes(app)
    _add_file_routes(app)
    return app


def _add_photo_routes(app: Chalice) -> None:
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


def _add_file_routes(app: Chalice) -> None:
    @app.route("/mirror", methods=["POST"], content_types=["application/octet-stream"])
    def mirror() -> Response:
        assert app.current_request
        return Response(app.current_request.raw_body, {"Content-Type": "application/octet-stream"})

    @app.route("/page")
    def page() -> Response:
        assert app.current_request
        return build_response(load_web_file("index.html"), {}, app.current_request)

    @app.route("/encoded")
    def encoded() -> Response:
        return Response("x" * 5000, {"Content-Type": "text/plain", "Content-Encoding": "br"})


class Files(SimpleHTTPRequestHandler):
    """Serve a folder over HTTP, without a log."""

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


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
    payload = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(payload, key, algorithm, {"kid": kid})


class Reply(NamedTuple):
    """A response with its complete body."""

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
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
        return b"".join(iter(lambda: client.recv(65536), b""))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
