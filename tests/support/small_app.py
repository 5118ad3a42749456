"""A small Chalice app behind the local gateway, its user pool, and tokens for it."""

import json
import time
from http.server import SimpleHTTPRequestHandler
from typing import Any

import jwt
from chalice.app import Chalice, CognitoUserPoolAuthorizer, CORSConfig, Response
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from chalicelib.infra.settings import Settings, load_settings

POOL = "us-east-1_Tests"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL}"
ORIGIN = "http://localhost:8000"
SCOPE = "aws.cognito.signin.user.admin"
KEY = generate_private_key(65537, 2048)


class QuietFiles(SimpleHTTPRequestHandler):
    """Serve a folder over HTTP and log nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def public_jwk(key: RSAPrivateKey, kid: str) -> dict[str, Any]:
    """Return the public key as an entry of a JWKS document."""
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


def gateway_settings(jwks_url: str) -> Settings:
    """Return settings that trust the keys at `jwks_url`."""
    names = "PHOTO_TABLE ACCOUNT_TABLE TERM_TABLE ALBUM_TABLE ENTRY_TABLE RATING_TABLE ORIGINALS_BUCKET"
    environment = dict.fromkeys(
        [*names.split(), "RENDITIONS_BUCKET", "JOB_QUEUE_URL", "SIGNING_KEYS", "USER_POOL_CLIENT_ID", "COGNITO_DOMAIN"],
        "unused",
    )
    environment |= {"USER_POOL_ID": POOL, "AWS_REGION": "us-east-1", "JWKS_URL": jwks_url}
    return load_settings(environment | {"BASE_URL": ORIGIN, "ALLOWED_ORIGINS": ORIGIN})


def signed_token(key: Any = KEY, algorithm: str | None = "RS256", kid: str = "ours", **changes: Any) -> str:
    """Return an access token with `changes` to its claims. None removes a claim."""
    claims = {"iss": ISSUER, "exp": int(time.time()) + 60, "sub": "someone", "token_use": "access", "scope": SCOPE}
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(kept, key, algorithm, {"kid": kid})


def small_app() -> Chalice:
    """Return an app whose routes tell what reached them."""
    app = Chalice("small")
    _add_locked_routes(app)
    _add_photo_routes(app)

    @app.route("/echo", methods=["POST"], content_types=["text/plain"])
    def echo() -> Any:
        request = app.current_request
        assert request
        query = request.to_original_event()["multiValueQueryStringParameters"]
        return {"size": len(request.raw_body), "query": query, "agent": request.headers.get("USER-AGENT")}

    @app.route("/pause/{name}")
    def pause(name: str) -> Any:
        before = app.lambda_context.aws_request_id
        time.sleep(0.05)
        request = app.current_request
        assert request
        assert request.uri_params
        return [request.uri_params["name"] == name, app.lambda_context.aws_request_id == before]

    return app


def _add_locked_routes(app: Chalice) -> None:
    signed_in = CognitoUserPoolAuthorizer("people", provider_arns=["arn:people"], scopes=[SCOPE])
    known = CognitoUserPoolAuthorizer("identities", provider_arns=["arn:people"])

    @app.route("/locked", authorizer=signed_in, cors=CORSConfig(allow_origin=ORIGIN))
    def locked() -> Any:
        assert app.current_request
        return app.current_request.context["authorizer"]["claims"]

    @app.route("/known", authorizer=known)
    def identity() -> Any:
        return {}


def _add_photo_routes(app: Chalice) -> None:
    @app.route("/photos/{photo_id}")
    def photo(photo_id: str) -> Any:
        return {"photoId": photo_id}

    @app.route("/photos/mine")
    def mine() -> Any:
        return {"photoId": None}

    @app.route("/photos/{photo_id}", methods=["DELETE"])
    def delete(photo_id: str) -> Response:
        assert photo_id
        return Response(None, status_code=204)
