"""The code flow: only the browser that started a sign-in can finish it, once, with its own tokens."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from itsdangerous import URLSafeTimedSerializer

from tests.support import idp_faults
from tests.support.browser import Browser, authorize_sign_in, status_and_error
from tests.support.cloud import Cloud
from tests.support.forged import made, unknown_key
from tests.support.idp import CLIENT, ISSUER, IdentityProvider

LOGIN, TOKEN = "__Host-login", "/oauth2/token"
JSON = {"Accept": "application/json"}
INVALID_STATE, LOGIN_FAILED = (400, "InvalidState"), (400, "LoginFailed")


def test_login_requests_a_code_with_pkce(browser: Browser) -> None:
    requests = [parse_qs(urlsplit(browser.begin()).query) for _ in range(2)]
    for request in requests:
        assert request["response_type"] == ["code"]
        assert request["code_challenge_method"] == ["S256"]
        assert request["client_id"] == [CLIENT]
        assert request["redirect_uri"] == ["http://localhost:8000/callback"]
    for secret in ("state", "nonce", "code_challenge"):
        first, second = (request[secret][0] for request in requests)
        assert len(first) >= 43
        assert first != second


def test_callback_returns_tokens_to_a_client_that_accepts_json(browser: Browser, idp: IdentityProvider) -> None:
    answer = browser.back(authorize_sign_in(browser, idp), **JSON)
    assert answer.status == 200
    assert set(answer.json) == {"accessToken", "idToken", "refreshToken", "expiresIn", "tokenType"}
    assert (
        browser._client.call("GET", "/trash", headers={"Authorization": f"Bearer {answer.json['accessToken']}"}).status
        == 200
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert "__Host-refresh" not in answer.cookies


def drop_cookie(browser: Browser, query: dict[str, str]) -> dict[str, str]:
    browser.cookies.clear()
    return query


def use_another_browser(browser: Browser, query: dict[str, str]) -> dict[str, str]:
    browser.cookies.clear()
    browser.begin()
    return query


def change_cookie(
    change: Callable[[str], str], **parameters: str
) -> Callable[[Browser, dict[str, str]], dict[str, str]]:
    def attack(browser: Browser, query: dict[str, str]) -> dict[str, str]:
        browser.cookies[LOGIN] = change(browser.cookies[LOGIN])
        return query | parameters

    return attack


def sign_state(key: str, salt: str) -> str:
    states = URLSafeTimedSerializer([key], salt=salt, signer_kwargs={"digest_method": hashlib.sha256})
    return str(states.dumps(["state", "nonce", "verifier", "/"]))


STATES: dict[str, Callable[[Browser, dict[str, str]], dict[str, str]]] = {
    "missing": lambda _, query: {"code": query["code"]},
    "wrong": lambda _, query: query | {"state": "wrong"},
    "truncated": lambda _, query: query | {"state": query["state"][:-1]},
    "not ASCII": lambda _, query: query | {"state": "é"},
    "no cookie": drop_cookie,
    "another browser's": use_another_browser,
    "cookie truncated": change_cookie(lambda value: value[:-1]),
    "cookie changed": change_cookie(lambda value: ("A" if value[0] != "A" else "B") + value[1:]),
    "cookie signed with another key": change_cookie(lambda _: sign_state("another-key", "sign-in"), state="state"),
    "cookie for another purpose": change_cookie(lambda _: sign_state("old-key", "another purpose"), state="state"),
    "cookie not ASCII": change_cookie(lambda _: "é.é.é"),
}


@pytest.mark.parametrize("attack", STATES)
def test_sign_in_that_this_browser_did_not_start_is_rejected(
    browser: Browser, idp: IdentityProvider, attack: str
) -> None:
    query = STATES[attack](browser, authorize_sign_in(browser, idp))
    assert status_and_error(browser.back(query)) == INVALID_STATE
    assert idp.requests == []


@pytest.mark.parametrize("key", ["new-key", "old-key"])
def test_sign_in_survives_a_rotation_of_signing_keys(browser: Browser, idp: IdentityProvider, key: str) -> None:
    browser.cookies[LOGIN] = sign_state(key, "sign-in")
    assert status_and_error(browser.back({"code": "x", "state": "state"})) == LOGIN_FAILED
    assert idp.requests == [TOKEN]


def test_used_state_is_deleted_from_the_browser(browser: Browser, idp: IdentityProvider) -> None:
    query = authorize_sign_in(browser, idp)
    assert browser.back(query).status == 302
    calls = list(idp.requests)
    assert status_and_error(browser.back(query)) == INVALID_STATE
    assert idp.requests == calls


@pytest.mark.parametrize(("seconds", "expected"), [(599, 302), (602, 400)])
def test_sign_in_state_expires_after_ten_minutes(
    browser: Browser, idp: IdentityProvider, seconds: int, expected: int
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        query = authorize_sign_in(browser, idp)
        clock.shift(timedelta(seconds=seconds))
        assert browser.back(query).status == expected


def test_victim_cannot_be_signed_in_as_the_attacker(shared_cloud: Cloud, idp: IdentityProvider) -> None:
    attacker, victim = Browser(shared_cloud), Browser(shared_cloud)
    query = idp.authorize(attacker.begin(), "mallory")
    assert status_and_error(victim.back(query)) == INVALID_STATE
    victim.begin()
    assert status_and_error(victim.back(query)) == INVALID_STATE
    assert idp.requests == []
    assert attacker.back(query).status == 302


def test_code_of_another_sign_in_is_rejected(browser: Browser, idp: IdentityProvider) -> None:
    stolen = authorize_sign_in(browser, idp)
    current = authorize_sign_in(browser, idp)
    answer = browser.back(current | {"code": stolen["code"]})
    assert status_and_error(answer) == LOGIN_FAILED
    assert answer.cookies == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("code_challenge_method=S256", "code_challenge_method=plain"),
        lambda url: url.replace("&code_challenge_method=S256", ""),
        lambda url: url.replace("code_challenge=", "code_challenge=x"),
        lambda url: url.replace("code_challenge=", "other="),
        lambda url: url.replace("localhost", "evil"),
    ],
    ids=["plain", "no method", "another challenge", "no challenge", "another redirect URI"],
)
def test_sign_in_with_changed_parameters_gets_no_tokens(
    browser: Browser, idp: IdentityProvider, change: Callable[[str], str]
) -> None:
    url = browser.begin()
    assert change(url) != url
    answer = browser.back(idp.authorize(change(url), "ann"))
    assert status_and_error(answer) == LOGIN_FAILED
    assert answer.cookies == {}


def test_code_works_once(shared_cloud: Cloud, browser: Browser, idp: IdentityProvider) -> None:
    query = authorize_sign_in(browser, idp)
    second_browser = Browser(shared_cloud)
    second_browser.cookies = dict(browser.cookies)
    assert browser.back(query).status == 302
    answer = second_browser.back(query)
    assert status_and_error(answer) == LOGIN_FAILED
    assert answer.cookies == {}


def test_code_works_once_for_concurrent_requests(shared_cloud: Cloud, browser: Browser, idp: IdentityProvider) -> None:
    query, cookies = authorize_sign_in(browser, idp), dict(browser.cookies)

    def attempt(_: int) -> int:
        contender = Browser(shared_cloud)
        contender.cookies = dict(cookies)
        return contender.back(query).status

    with ThreadPoolExecutor(50) as pool:
        assert sorted(pool.map(attempt, range(50))) == [302] + [400] * 49


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "wrong"},
        {"nonce": None},
        {"nonce": ["wrong"]},
        {"iss": f"{ISSUER}2"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": [CLIENT]},
        {"token_use": "access"},
        {"exp": 1},
        {"sub": None},
    ],
)
def test_id_token_of_another_sign_in_is_rejected(
    browser: Browser, idp: IdentityProvider, changes: dict[str, Any]
) -> None:
    answer = browser.back(authorize_sign_in(browser, idp, **changes))
    assert status_and_error(answer) == LOGIN_FAILED
    assert answer.cookies == {}


@pytest.mark.parametrize(
    "mismatch", ["access_token", "id_token", "both signed with another key", "access_token of another user"]
)
def test_mismatched_tokens_are_rejected(browser: Browser, idp: IdentityProvider, mismatch: str) -> None:
    query = authorize_sign_in(browser, idp)
    nonce = idp.codes[query["code"]]["nonce"]
    good_id = idp.token("ann", "id", nonce=nonce)
    access, identity = {
        "access_token": (good_id, good_id),
        "id_token": (idp.token("ann"), idp.token("ann")),
        "both signed with another key": (
            made(idp, key=unknown_key()),
            made(idp, idp.claims("ann", "id", nonce=nonce), unknown_key()),
        ),
        "access_token of another user": (idp.token("bob"), good_id),
    }[mismatch]
    tokens = {"access_token": access, "id_token": identity, "refresh_token": "r", "expires_in": 3600}
    idp.faults[TOKEN] = idp_faults.answering(json.dumps(tokens).encode())
    assert status_and_error(browser.back(query)) == LOGIN_FAILED


@pytest.mark.parametrize("issuer", [f"{ISSUER}2", f"{ISSUER}/", "https://evil.example", ISSUER.upper()])
def test_code_of_another_provider_is_not_exchanged(browser: Browser, idp: IdentityProvider, issuer: str) -> None:
    assert status_and_error(browser.back(authorize_sign_in(browser, idp) | {"iss": issuer})) == LOGIN_FAILED
    assert idp.requests == []


def test_issuer_parameter_of_the_provider_is_accepted(browser: Browser, idp: IdentityProvider) -> None:
    assert browser.back(authorize_sign_in(browser, idp) | {"iss": ISSUER}).status == 302


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>"])
def test_provider_error_is_reported_without_its_text(browser: Browser, idp: IdentityProvider, error: str) -> None:
    state = authorize_sign_in(browser, idp)["state"]
    answer = browser.back({"state": state, "error": error, "error_description": "<img src=x onerror=alert(1)>"})
    assert status_and_error(answer) == LOGIN_FAILED
    assert "<" not in json.dumps(answer.json["message"])
    assert error not in answer.body
    assert "onerror" not in answer.body
    assert answer.headers["Content-Type"] == "application/json"
    assert idp.requests == []
