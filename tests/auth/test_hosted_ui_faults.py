"""Sign-ins while the identity provider fails, and their retries."""

import time

import pytest

from tests.support import idp_faults
from tests.support.browser import Browser, authorize_sign_in, status_and_error
from tests.support.idp import Fault, IdentityProvider

TOKEN = "/oauth2/token"


FAULTS: dict[str, Fault] = {
    "500": idp_faults.answering(b"", 500),
    "503": idp_faults.answering(b"", 503),
    "not JSON": idp_faults.answering(b"<html>"),
    "not an object": idp_faults.answering(b"[]"),
    "no tokens": idp_faults.answering(b"{}"),
    "tokens of another type": idp_faults.answering(b'{"access_token": 1, "id_token": 2, "refresh_token": 3}'),
    "50 MB": idp_faults.answering(b" " * 50_000_000),
    "redirect": idp_faults.redirecting("/other"),
    "closed connection": idp_faults.hanging_up,
    "truncated body": idp_faults.cutting_short,
    "no response": idp_faults.stalling,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_failing_provider_is_503_and_the_sign_in_can_be_retried(
    browser: Browser, idp: IdentityProvider, fault: str
) -> None:
    query = authorize_sign_in(browser, idp)
    idp.faults[TOKEN] = FAULTS[fault]
    start = time.monotonic()
    answer = browser.back(query)
    assert time.monotonic() - start < 15, "the fault `no response` takes 20 s"
    assert status_and_error(answer) == (503, "LoginUnavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.cookies == {}
    assert idp.requests == [TOKEN]
    idp.faults.clear()
    assert browser.back(query).status == 302


def test_sign_in_is_503_without_the_pools_keys(browser: Browser, idp: IdentityProvider) -> None:
    idp.faults["/jwks.json"] = idp_faults.hanging_up
    answer = browser.back(authorize_sign_in(browser, idp))
    assert status_and_error(answer) == (503, "AuthUnavailable")
    assert answer.cookies == {}
