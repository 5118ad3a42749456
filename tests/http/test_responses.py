"""Every response has security headers, and CORS headers for allowed origins. All errors have one format."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

import app as service
from tests.support.cloud import Answer, Client, Cloud
from tests.support.cognito import Cognito
from tests.support.routes import LOCKED, ROUTES, Route

ORIGIN, PARTNER = "http://localhost:8000", "https://app.example.com"
PATHS = sorted({route.path for route in ROUTES})
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


def call_route(client: Client, route: Route, **headers: str) -> Answer:
    body: Any = None if route.method in ("GET", "HEAD", "DELETE", "OPTIONS") else {}
    return client.call(route.method, route.path, body, headers)


def provoke_errors(cloud: Cloud, **headers: str) -> dict[int, Answer]:
    """Provoke each kind of error that needs no upload. Return the responses by status."""
    cognito, ann = Cognito(cloud), cloud.person(f"ann-{uuid.uuid4()}")
    credentials = {"email": "ann@example.com", "password": "x"}
    answers = [
        ann.call("PATCH", "/photos/1", b"{", headers),
        cloud.visitor.call("GET", "/trash", None, headers),
        ann.call("GET", "/photos/1", None, headers),
        ann.call("GET", "/nowhere", None, headers),
        ann.call("PUT", "/photos", None, headers),
        ann.call("PATCH", "/photos/1", b"[" * 40, headers),
        ann.call("PATCH", "/photos/1", b"{}", {"Content-Type": "text/plain"} | headers),
        cloud.visitor.call("POST", "/token", None, {"Cookie": "__Host-refresh=x"} | headers),
    ]
    for refusal in ("UsernameExists", "LimitExceeded", "ResourceNotFound", "Throttling"):
        cognito.refuse("SignUp", code=f"{refusal}Exception")
        answers.append(cloud.visitor.call("POST", "/signup", credentials, headers))
    return {answer.status: answer for answer in answers}


def has_security_headers(answer: Answer) -> bool:
    policy = dict(
        directive.strip().partition(" ")[::2] for directive in answer.headers["Content-Security-Policy"].split(";")
    )
    return (
        SECURITY_HEADERS.items() <= answer.headers.items()
        and "Origin" in answer.headers["Vary"]
        and policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        and policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        and "unsafe" not in answer.headers["Content-Security-Policy"]
        and "*" not in answer.headers["Content-Security-Policy"]
    )


@pytest.mark.provokes_500
def test_every_response_has_security_headers(shared_cloud: Cloud) -> None:
    Cognito(shared_cloud)
    callers = [shared_cloud.visitor, shared_cloud.person("ann"), shared_cloud.bearing("x", unguarded=True)]
    answers = {
        f"{route} {number}": call_route(caller, route) for route in ROUTES for number, caller in enumerate(callers)
    }
    assert [name for name, answer in answers.items() if not has_security_headers(answer)] == []
    assert {200, 204, 302, 400, 401, 404} <= {answer.status for answer in answers.values()}


@pytest.mark.provokes_500
def test_every_error_has_security_headers(shared_cloud: Cloud) -> None:
    answers = provoke_errors(shared_cloud)
    assert set(answers) == {400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503}
    assert [status for status, answer in answers.items() if not has_security_headers(answer)] == []


@pytest.mark.provokes_500
def test_every_error_has_the_same_format(shared_cloud: Cloud) -> None:
    for status, answer in provoke_errors(shared_cloud).items():
        assert answer.headers["Content-Type"] == "application/json"
        assert {"error", "message", "requestId"} <= set(answer.json) <= {"error", "message", "requestId", "details"}
        assert answer.json["error"].isalpha()
        assert answer.json["message"].endswith(".")
        assert uuid.UUID(answer.json["requestId"])
        assert "Traceback" not in answer.body
        assert ("Retry-After" in answer.headers) is (status in (429, 503))


@pytest.mark.provokes_500
@pytest.mark.parametrize("origin", [ORIGIN, PARTNER])
def test_allowed_origin_can_read_every_response(shared_cloud: Cloud, origin: str) -> None:
    Cognito(shared_cloud)
    ann = shared_cloud.person("ann")
    answers = [call_route(ann, route, Origin=origin) for route in ROUTES]
    for answer in [*answers, *provoke_errors(shared_cloud, Origin=origin).values()]:
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.provokes_500
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "*",
        "https://evil.example",
        f"{PARTNER}.evil.example",
        "https://evil-app.example.com",
        "https://sub.app.example.com",
        "https://example.com",
        "http://app.example.com",
        "https://APP.example.com",
        f"{PARTNER}/",
        f"{PARTNER}:443",
        f"{PARTNER}, https://evil.example",
        f"https://evil.example {PARTNER}",
        "http://localhost:80001",
    ],
)
def test_other_origins_cannot_read_any_response(shared_cloud: Cloud, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    Cognito(shared_cloud)
    ann = shared_cloud.person("ann")
    answers = [call_route(ann, route, **headers) for route in ROUTES]
    for answer in [*answers, *provoke_errors(shared_cloud, **headers).values()]:
        assert not [name for name in answer.headers if name.startswith("Access-Control-Allow-Origin")]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("query", ["", "?limit=5&order=random"])
@pytest.mark.parametrize("path", PATHS)
def test_preflight_succeeds_on_every_route(shared_cloud: Cloud, path: str, query: str) -> None:
    headers = {
        "Origin": PARTNER,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = shared_cloud.visitor.call("OPTIONS", path + query, None, headers)
    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == PARTNER
    methods = {route.method for route in ROUTES if route.path == path}
    assert set(answer.headers["Access-Control-Allow-Methods"].split(",")) == methods
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(",")
    assert {"authorization", "content-type", "idempotency-key", "x-link-password", "x-requested-with"} <= set(allowed)
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_preflight_needs_no_token_and_makes_no_aws_call(shared_cloud: Cloud) -> None:
    for route in LOCKED:
        assert shared_cloud.bearing("", unguarded=True).call("OPTIONS", route.path).status == 204
    assert shared_cloud.all_calls == []


def test_app_rejects_an_unknown_method_and_lists_the_allowed_ones() -> None:
    event: dict[str, Any] = {
        "requestContext": {"httpMethod": "PUT", "resourcePath": "/health"},
        "headers": {},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "body": None,
        "stageVariables": None,
    }
    answer = service.app(event, SimpleNamespace(aws_request_id="r"))
    assert answer["statusCode"] == 405
    assert set(answer["headers"]["Allow"].split(", ")) == {"GET", "OPTIONS"}
