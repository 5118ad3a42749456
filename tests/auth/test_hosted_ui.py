"""The code flow: who began a sign-in ends it, once, with tokens that were made for it."""

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
from tests.support.forged import foreign_key, made
from tests.support.idp import CLIENT, ISSUER, IdentityProvider

LOGIN, TOKEN = "__Host-login", "/oauth2/token"
JSON = {"Accept": "application/json"}
INVALID_STATE, LOGIN_FAILED = (400, "InvalidState"), (400, "LoginFailed")


def test_login_requests_a_code_with_pkce(browser: Browser) -> None:
    asked = [parse_qs(urlsplit(browser.begin()).query) for _ in range(2)]
    for each in asked:
        assert each["response_type"] == ["code"]
        assert each["code_challenge_method"] == ["S256"]
        assert each["client_id"] == [CLIENT]
        assert each["redirect_uri"] == ["http://localhost:8000/callback"]
    for secret in ("state", "nonce", "code_challenge"):
        first, second = (each[secret][0] for each in asked)
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


def no_cookie(browser: Browser, back: dict[str, str]) -> dict[str, str]:
    browser.cookies.clear()
    return back


def another_browsers(browser: Browser, back: dict[str, str]) -> dict[str, str]:
    browser.cookies.clear()
    browser.begin()
    return back


def cookie(change: Callable[[str], str], **known: str) -> Callable[[Browser, dict[str, str]], dict[str, str]]:
    def attack(browser: Browser, back: dict[str, str]) -> dict[str, str]:
        browser.cookies[LOGIN] = change(browser.cookies[LOGIN])
        return back | known

    return attack


def signed(key: str, salt: str) -> str:
    states = URLSafeTimedSerializer([key], salt=salt, signer_kwargs={"digest_method": hashlib.sha256})
    return str(states.dumps(["state", "nonce", "verifier", "/"]))


STATES: dict[str, Callable[[Browser, dict[str, str]], dict[str, str]]] = {
    "absent": lambda _, back: {"code": back["code"]},
    "wrong": lambda _, back: back | {"state": "wrong"},
    "cut": lambda _, back: back | {"state": back["state"][:-1]},
    "beyond ASCII": lambda _, back: back | {"state": "é"},
    "no cookie": no_cookie,
    "another browser's": another_browsers,
    "cookie cut": cookie(lambda value: value[:-1]),
    "cookie changed": cookie(lambda value: ("A" if value[0] != "A" else "B") + value[1:]),
    "cookie of a stranger": cookie(lambda _: signed("stranger", "sign-in"), state="state"),
    "cookie for something else": cookie(lambda _: signed("old-key", "something else"), state="state"),
    "cookie beyond ASCII": cookie(lambda _: "é.é.é"),
}


@pytest.mark.parametrize("attack", STATES)
def test_sign_in_that_this_browser_did_not_start_is_rejected(
    browser: Browser, idp: IdentityProvider, attack: str
) -> None:
    back = STATES[attack](browser, authorize_sign_in(browser, idp))
    assert status_and_error(browser.back(back)) == INVALID_STATE
    assert idp.requests == []


@pytest.mark.parametrize("key", ["new-key", "old-key"])
def test_sign_in_survives_a_rotation_of_signing_keys(browser: Browser, idp: IdentityProvider, key: str) -> None:
    browser.cookies[LOGIN] = signed(key, "sign-in")
    assert status_and_error(browser.back({"code": "x", "state": "state"})) == LOGIN_FAILED
    assert idp.requests == [TOKEN]


def test_used_state_is_deleted_from_the_browser(browser: Browser, idp: IdentityProvider) -> None:
    back = authorize_sign_in(browser, idp)
    assert browser.back(back).status == 302
    calls = list(idp.requests)
    assert status_and_error(browser.back(back)) == INVALID_STATE
    assert idp.requests == calls


@pytest.mark.parametrize(("seconds", "expected"), [(599, 302), (602, 400)])
def test_sign_in_state_expires_after_ten_minutes(
    browser: Browser, idp: IdentityProvider, seconds: int, expected: int
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        back = authorize_sign_in(browser, idp)
        clock.shift(timedelta(seconds=seconds))
        assert browser.back(back).status == expected


def test_victim_cannot_be_signed_in_as_the_attacker(shared_cloud: Cloud, idp: IdentityProvider) -> None:
    attacker, victim = Browser(shared_cloud), Browser(shared_cloud)
    back = idp.authorize(attacker.begin(), "mallory")
    assert status_and_error(victim.back(back)) == INVALID_STATE
    victim.begin()
    assert status_and_error(victim.back(back)) == INVALID_STATE
    assert idp.requests == []
    assert attacker.back(back).status == 302


def test_code_of_another_sign_in_is_rejected(browser: Browser, idp: IdentityProvider) -> None:
    stolen = authorize_sign_in(browser, idp)
    own = authorize_sign_in(browser, idp)
    answer = browser.back(own | {"code": stolen["code"]})
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
    ids=["plain", "no method", "another challenge", "no challenge", "another address"],
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
    back = authorize_sign_in(browser, idp)
    again = Browser(shared_cloud)
    again.cookies = dict(browser.cookies)
    assert browser.back(back).status == 302
    answer = again.back(back)
    assert status_and_error(answer) == LOGIN_FAILED
    assert answer.cookies == {}


def test_code_works_once_for_concurrent_requests(shared_cloud: Cloud, browser: Browser, idp: IdentityProvider) -> None:
    back, cookies = authorize_sign_in(browser, idp), dict(browser.cookies)

    def attempt(_: int) -> int:
        one = Browser(shared_cloud)
        one.cookies = dict(cookies)
        return one.back(back).status

    with ThreadPoolExecutor(50) as crowd:
        assert sorted(crowd.map(attempt, range(50))) == [302] + [400] * 49


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


@pytest.mark.parametrize("wrong", ["access_token", "id_token", "both of another key", "access_token of somebody else"])
def test_mismatched_tokens_are_rejected(browser: Browser, idp: IdentityProvider, wrong: str) -> None:
    back = authorize_sign_in(browser, idp)
    nonce = idp.codes[back["code"]]["nonce"]
    good_id = idp.token("ann", "id", nonce=nonce)
    access, identity = {
        "access_token": (good_id, good_id),
        "id_token": (idp.token("ann"), idp.token("ann")),
        "both of another key": (
            made(idp, key=foreign_key()),
            made(idp, idp.claims("ann", "id", nonce=nonce), foreign_key()),
        ),
        "access_token of somebody else": (idp.token("bob"), good_id),
    }[wrong]
    tokens = {"access_token": access, "id_token": identity, "refresh_token": "r", "expires_in": 3600}
    idp.faults[TOKEN] = idp_faults.answering(json.dumps(tokens).encode())
    assert status_and_error(browser.back(back)) == LOGIN_FAILED


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
