"""A local identity provider that signs tokens and enforces PKCE. Tests can inject faults."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

POOL = "eu-central-1_Test"
CLIENT = "test-client"
ISSUER = f"https://cognito-idp.eu-central-1.amazonaws.com/{POOL}"
SCOPES = "openid email aws.cognito.signin.user.admin"

Fault = Callable[[BaseHTTPRequestHandler], None]


class IdentityProvider:
    """The keys, authorization codes and requests of the provider. `faults` maps a path to a fault."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.keys: dict[str, Any] = {"kid-1": self.key.public_key()}
        self.odd_keys: list[Any] = []
        self.faults: dict[str, Fault] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.requests: list[str] = []
        self.url = ""

    def reset(self) -> None:
        """Return to the initial state."""
        self.keys = {"kid-1": self.key.public_key()}
        self.faults, self.codes, self.requests, self.odd_keys = {}, {}, [], []

    def claims(self, user_id: str, use: str = "access", **changes: Any) -> dict[str, Any]:
        """Return the claims of a valid token with `changes`. None removes a claim."""
        now = int(time.time())
        claims = {"sub": user_id, "iss": ISSUER, "token_use": use, "iat": now, "exp": now + 3600}
        claims |= {"client_id": CLIENT, "scope": SCOPES} if use == "access" else {"aud": CLIENT}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(self, user_id: str, use: str = "access", *, kid: str = "kid-1", **changes: Any) -> str:
        """Sign a token."""
        return jwt.encode(self.claims(user_id, use, **changes), self.key, "RS256", headers={"kid": kid})

    def authorize(self, url: str, user_id: str, **changes: Any) -> dict[str, str]:
        """Sign in on the hosted UI. Return the query of the callback.

        `changes` are changes of the ID token's claims.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = query | {"user": user_id, "changes": json.dumps(changes)}
        return {"code": code, "state": query["state"]}

    def jwks(self) -> bytes:
        """Return the document with the public keys (JWKS)."""
        keys = [{**json.loads(RSAAlgorithm.to_jwk(key)), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]
        return json.dumps({"keys": [*keys, *self.odd_keys]}).encode()

    def exchange(self, form: dict[str, str]) -> tuple[int, bytes]:
        """Handle a request to the token endpoint. Return the status and the body."""
        code = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            code is None
            or code.get("code_challenge_method") != "S256"
            or code.get("code_challenge") != challenge.rstrip(b"=").decode()
            or any(form.get(name) != code[name] for name in ("client_id", "redirect_uri"))
        ):
            return 400, b'{"error": "invalid_grant"}'
        identity = {"nonce": code["nonce"]} | json.loads(code["changes"])
        tokens = {
            "access_token": self.token(code["user"]),
            "id_token": self.token(code["user"], "id", **identity),
            "refresh_token": f"refresh-{code['user']}",
            "expires_in": 3600,
        }
        return 200, json.dumps(tokens).encode()


class _QuietServer(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Log nothing when a client closes the connection."""


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """Serve an identity provider on a free loopback port."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(lambda: (200, provider.jwks()))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(lambda: provider.exchange({name: values[0] for name, values in parse_qs(raw).items()}))

        def _answer(self, handle: Callable[[], tuple[int, bytes]]) -> None:
            path = urlsplit(self.path).path
            provider.requests.append(path)
            if path in provider.faults:
                provider.faults[path](self)
                return
            status, content = handle()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = _QuietServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
