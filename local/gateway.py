"""Emulate API Gateway: match routes, verify tokens, and build the events for the app."""

import base64
import json
import logging
import threading
import uuid
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
from chalice.app import Chalice, CognitoUserPoolAuthorizer, RouteEntry
from chalice.config import Config
from chalice.local import LambdaContext, LocalChalice, LocalGateway

from chalicelib.domain.errors import AuthUnavailable, InvalidToken, MethodNotAllowed, NotFound, PhotoshareError
from chalicelib.http.responses import build_security_headers
from chalicelib.infra.settings import Settings
from local.compression import decompress

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a request's body, before and after decompression. API Gateway has the same limit."""

_CONFIG = Path(__file__).parent.parent / ".chalice" / "config.json"

log = logging.getLogger("local")

ProxyResponse = dict[str, Any]


class Gateway(LocalGateway):
    """Extend Chalice's local gateway to handle routes, tokens and events as API Gateway does.

    Chalice's local gateway accepts any token for a Cognito authorizer and fails on a malformed header.
    """

    def __init__(self, app: Chalice, settings: Settings) -> None:
        config = Config("local", config_from_disk=json.loads(_CONFIG.read_text()))
        super().__init__(_isolate_threads(app), config)
        self.minimum_compression_size: int | None = config.minimum_compression_size
        self._app = app
        self._settings = settings
        self._pool = PoolAuthorizer(settings.jwks_url, settings.issuer)
        # "{" sorts after every letter, so a fixed path is matched before a path with parameters.
        self._routes = [(route, route.split("/")) for route in sorted(app.routes)]

    def handle(self, method: str, target: str, headers: Message, body: bytes, peer: str) -> ProxyResponse:
        """Return the response to an HTTP request in Lambda's proxy format."""
        context = self._generate_lambda_context()
        route = "-"
        path, _, query = target.partition("?")
        try:
            # Keep the header Content-Encoding: API Gateway passes it on too.
            body = decompress(body, ", ".join(headers.get_all("content-encoding", [])), BODY_LIMIT)
            route, path_parameters = self._match(path)
            event = self._build_event(method, path, query, headers, body)
            event |= {"resource": route, "pathParameters": path_parameters or None}
            event["requestContext"] = {
                "requestId": context.aws_request_id,
                "httpMethod": method,
                "resourcePath": route,
                "path": path,
                "stage": "api",
                "identity": {"sourceIp": peer, "userAgent": headers.get("user-agent")},
            }
            return self._invoke(event, headers, context)
        except PhotoshareError as error:
            response = self.build_error_response(error, headers.get("origin"), context.aws_request_id)
            if isinstance(error, MethodNotAllowed):
                response["headers"]["Allow"] = ", ".join(sorted({*self._app.routes[route], "OPTIONS"}))
            # The app does not log this request. Do not log the path: it may contain the token of a share link.
            fields = {"method": method, "route": route, "status": error.status, "request_id": context.aws_request_id}
            log.info("rejected", extra=fields)
            return response

    def build_error_response(self, error: PhotoshareError, origin: str | None, request_id: str = "") -> ProxyResponse:
        """Return an error in the format of the app's own errors."""
        body = error.to_body(request_id or str(uuid.uuid4()))
        headers = {"Content-Type": "application/json"} | build_security_headers(self._settings, origin)
        if error.retry_after:
            headers["Retry-After"] = str(error.retry_after)
        return {"statusCode": error.status, "headers": headers, "multiValueHeaders": {}, "body": json.dumps(body)}

    def _match(self, path: str) -> tuple[str, dict[str, str]]:
        parts = [unquote(part) for part in (path.rstrip("/") or "/").split("/")]
        for route, pattern in self._routes:
            if len(parts) == len(pattern) and all(
                (part and segment.startswith("{")) or part == segment
                for part, segment in zip(parts, pattern, strict=True)
            ):
                pairs = zip(pattern, parts, strict=True)
                return route, {name[1:-1]: value for name, value in pairs if name.startswith("{")}
        raise NotFound("This path does not exist.")

    def _build_event(self, method: str, path: str, query: str, headers: Message, body: bytes) -> dict[str, Any]:
        parameters = parse_qs(query, keep_blank_values=True)
        is_binary = headers.get_content_type() in self._app.api.binary_types
        return {
            "path": path,
            "httpMethod": method,
            "headers": dict(headers.items()),
            "multiValueHeaders": {name: headers.get_all(name) for name in headers},
            "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
            "multiValueQueryStringParameters": parameters or None,
            "stageVariables": None,
            "body": (base64.b64encode(body) if is_binary else body).decode("utf-8", "replace") if body else None,
            "isBase64Encoded": is_binary,
        }

    def _invoke(self, event: dict[str, Any], headers: Message, context: LambdaContext) -> ProxyResponse:
        methods: dict[str, RouteEntry] = self._app.routes[event["resource"]]
        method = event["httpMethod"]
        if method == "OPTIONS" and method not in methods:
            preflight = self._autogen_options_headers(event)
            return {"statusCode": 200, "headers": preflight, "multiValueHeaders": {}, "body": None}
        if method == "HEAD" and method not in methods:
            method = event["httpMethod"] = event["requestContext"]["httpMethod"] = "GET"
        if method not in methods:
            raise MethodNotAllowed
        authorizer = methods[method].authorizer
        if isinstance(authorizer, CognitoUserPoolAuthorizer):
            claims = self._pool.verify(headers.get_all("authorization", []), authorizer.scopes)
            event["requestContext"]["authorizer"] = {"claims": {name: str(value) for name, value in claims.items()}}
        response: ProxyResponse = self._app(event, context)
        return response


class PoolAuthorizer:
    """A Cognito authorizer. With scopes it accepts the pool's access tokens, without scopes its ID tokens."""

    def __init__(self, jwks_url: str, issuer: str) -> None:
        self._keys = jwt.PyJWKClient(jwks_url, timeout=3)
        self._issuer = issuer

    def verify(self, authorization: list[str], scopes: list[str]) -> Mapping[str, Any]:
        """Return the claims of a valid token.

        Raises:
            InvalidToken: the token is missing, malformed or expired, or its pool, its use or its scope is wrong.
            AuthUnavailable: the pool's keys cannot be fetched.
        """
        if len(authorization) != 1:
            raise InvalidToken
        token = authorization[0].removeprefix("Bearer ").strip()
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token, key, ["RS256"], {"require": ["exp", "iss"], "verify_aud": False}, issuer=self._issuer
            )
            token_scopes = set(str(claims.get("scope")).split())
        except jwt.PyJWKClientConnectionError as error:
            raise AuthUnavailable from error
        except Exception as error:  # The response to any invalid token is 401.
            raise InvalidToken from error
        if claims.get("token_use") != ("access" if scopes else "id") or (scopes and token_scopes.isdisjoint(scopes)):
            raise InvalidToken
        return claims


def _isolate_threads(app: Chalice) -> Chalice:
    """Give each thread its own current request and context. Unlike Lambda, this server serves many at a time."""
    if not isinstance(app, _PerThread):
        app.__class__ = type("LocalApp", (_PerThread, type(app)), {})
    return app


class _PerThread(LocalChalice):
    _contexts = threading.local()

    @property
    def lambda_context(self) -> LambdaContext:
        context: LambdaContext = self._contexts.value
        return context

    @lambda_context.setter
    def lambda_context(self, value: LambdaContext) -> None:
        self._contexts.value = value
