"""Every route that reads the caller rejects an invalid token, with and without the gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from tests.support import idp_faults
from tests.support.cloud import Answer, Client, Cloud
from tests.support.cognito import Cognito
from tests.support.forged import FORGERIES, made
from tests.support.routes import LOCKED, OPTIONAL, ROUTES, Route

GUARDS = pytest.mark.parametrize("unguarded", [False, True], ids=["behind the gateway", "without the gateway"])
UNAUTHENTICATED = (401, "InvalidToken")


def call_route(client: Client, route: Route, **headers: str) -> Answer:
    body: Any = None if route.method in ("GET", "HEAD", "DELETE") else {}
    return client.call(route.method, route.path, body, headers)


def status_and_error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json.get("error", "")


def test_views_that_require_a_caller_are_those_with_a_gateway_authorizer() -> None:
    assert LOCKED
    assert OPTIONAL
    assert [route for route in ROUTES if route.access == "required"] == LOCKED
    assert not set(LOCKED) & set(OPTIONAL)


@GUARDS
def test_valid_token_is_accepted_on_every_route(shared_cloud: Cloud, unguarded: bool) -> None:
    Cognito(shared_cloud).answers["GetUser"] = {"UserAttributes": []}
    for route in [*LOCKED, *OPTIONAL]:
        # Each route gets its own user, because one of the routes cancels the account.
        token = shared_cloud.idp.token(f"ann-{uuid4()}")
        assert call_route(shared_cloud.bearing(token, unguarded=unguarded), route).status != 401, route


@GUARDS
def test_forged_token_is_rejected_on_every_route(shared_cloud: Cloud, unguarded: bool) -> None:
    client = shared_cloud.bearing("", unguarded=unguarded)
    for attack, forge in FORGERIES.items():
        header = f"Bearer {forge(shared_cloud.idp)}"
        outcomes = {
            str(route): status_and_error(call_route(client, route, Authorization=header))
            for route in [*LOCKED, *OPTIONAL]
        }
        assert set(outcomes.values()) == {UNAUTHENTICATED}, (attack, outcomes)
    assert shared_cloud.all_calls == []


@GUARDS
def test_request_without_a_token_reaches_only_optional_routes(shared_cloud: Cloud, unguarded: bool) -> None:
    client = shared_cloud.bearing("", unguarded=unguarded)
    assert {status_and_error(call_route(client, route)) for route in LOCKED} == {UNAUTHENTICATED}
    assert 401 not in {call_route(client, route).status for route in OPTIONAL}


@GUARDS
@pytest.mark.parametrize(
    "scheme", ["bearer {}", "BEARER {}", "Token {}", "Basic {}", "Bearer{}", "Bearer  {}", "{}", ""]
)
def test_authorization_scheme_must_be_exactly_bearer(shared_cloud: Cloud, unguarded: bool, scheme: str) -> None:
    client = shared_cloud.bearing("", unguarded=unguarded)
    header = scheme.format(made(shared_cloud.idp))
    assert {status_and_error(call_route(client, route, Authorization=header)) for route in [*LOCKED, *OPTIONAL]} == {
        UNAUTHENTICATED
    }


@GUARDS
@pytest.mark.parametrize("order", ["good first", "good last", "twice the same"])
def test_request_with_two_tokens_is_rejected(shared_cloud: Cloud, unguarded: bool, order: str) -> None:
    good = made(shared_cloud.idp)
    bad = good if order == "twice the same" else FORGERIES["unknown key"](shared_cloud.idp)
    first, second = (bad, good) if order == "good last" else (good, bad)
    client = shared_cloud.bearing(first, unguarded=unguarded)
    # Header names are case-insensitive, so the second header can be spelled differently.
    for name in ("Authorization", "authorization"):
        outcomes = {
            status_and_error(call_route(client, route, **{name: f"Bearer {second}"})) for route in [*LOCKED, *OPTIONAL]
        }
        assert outcomes == {UNAUTHENTICATED}


@GUARDS
def test_token_is_read_only_from_the_authorization_header(shared_cloud: Cloud, unguarded: bool) -> None:
    token = made(shared_cloud.idp)
    client = shared_cloud.bearing("", unguarded=unguarded)
    for route in LOCKED:
        cookies = f"Authorization=Bearer {token}; access_token={token}; __Host-refresh={token}"
        assert status_and_error(call_route(client, route, Cookie=cookies)) == UNAUTHENTICATED
        in_query = client.call(route.method, route.path, access_token=token)
        assert status_and_error(in_query) in (UNAUTHENTICATED, (400, "UnknownParameter"))
    for route in OPTIONAL:
        assert client.call(route.method, route.path, access_token=token).status == 400


@GUARDS
def test_token_of_a_cancelled_account_is_rejected_and_writes_nothing(shared_cloud: Cloud, unguarded: bool) -> None:
    cancelled, bob = (
        shared_cloud.bearing(shared_cloud.idp.token(name), unguarded=unguarded) for name in ("eve", "bob")
    )
    shared_cloud.stored.mark_cancelled("eve")
    before = shared_cloud.stored.read_everything()
    assert {status_and_error(call_route(cancelled, route)) for route in [*LOCKED, *OPTIONAL]} == {UNAUTHENTICATED}
    assert shared_cloud.stored.read_everything() == before
    assert bob.get("/photos").status == 200


@GUARDS
def test_expired_token_is_rejected(shared_cloud: Cloud, unguarded: bool) -> None:
    token = shared_cloud.idp.token("ann")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=3661)):
        client = shared_cloud.bearing(token, unguarded=unguarded)
        assert {status_and_error(call_route(client, route)) for route in [*LOCKED, *OPTIONAL]} == {UNAUTHENTICATED}


@GUARDS
def test_only_visitors_are_served_without_the_pools_keys(shared_cloud: Cloud, unguarded: bool) -> None:
    shared_cloud.idp.faults["/jwks.json"] = idp_faults.answering(b"", 500)
    client = shared_cloud.bearing(made(shared_cloud.idp), unguarded=unguarded)
    for route in [*LOCKED, *OPTIONAL]:
        answer = call_route(client, route)
        assert status_and_error(answer) == (503, "AuthUnavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert shared_cloud.visitor.get("/photos").status == 200


def test_cached_keys_stay_valid_when_the_provider_fails_later(shared_cloud: Cloud) -> None:
    ann = shared_cloud.bearing(made(shared_cloud.idp), unguarded=True)
    assert ann.get("/photos").status == 200
    shared_cloud.idp.faults["/jwks.json"] = idp_faults.hanging_up
    assert ann.get("/trash").status == 200
    stranger = shared_cloud.bearing(made(shared_cloud.idp, kid="new"), unguarded=True)
    assert status_and_error(stranger.get("/trash")) == UNAUTHENTICATED
