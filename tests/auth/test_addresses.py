"""E-mail addresses reach Cognito in one form, without outer spaces and in lower case."""

from typing import Any

import pytest

from tests.support.cloud import Cloud
from tests.support.cognito import Cognito

PASSWORD = "Correct-Horse-1"
ROUTES: dict[str, dict[str, Any]] = {
    "/signup": {"password": PASSWORD},
    "/signup/confirm": {"code": "123456"},
    "/signup/resend": {},
    "/login": {"password": PASSWORD},
}
SPELLINGS = {
    "Ann.Miller@Example.COM": "ann.miller@example.com",
    "  ann@example.com\t": "ann@example.com",
    "\u00a0Ann@Example.com\u3000": "ann@example.com",
    "JÜRGEN@example.com": "jürgen@example.com",
    "ju\u0308rgen@example.com": "jürgen@example.com",
    "mi\u212ae@example.com": "mike@example.com",
    "straße@example.com": "straße@example.com",
}


def find_addresses(value: Any) -> set[str]:
    """Return every text with an @ in the parameters of a call."""
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return set().union(*map(find_addresses, items))
    return {value} if isinstance(value, str) and "@" in value else set()


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("path", ROUTES)
def test_cognito_gets_each_address_in_one_form(shared_cloud: Cloud, path: str, spelling: str) -> None:
    cognito = Cognito(shared_cloud)
    cognito.answers["SignUp"] = {"UserSub": "a", "UserConfirmed": False}
    answer = shared_cloud.visitor.post(path, {"email": spelling} | ROUTES[path])
    assert answer.status in (200, 201, 202, 204), answer
    assert find_addresses([parameters for _, parameters in cognito.asked]) == {SPELLINGS[spelling]}


@pytest.mark.parametrize(
    "address", ["", " ", " @ ", "ann @example.com", "ann@ example.com", "ann@example.com\n", "a b@c"]
)
@pytest.mark.parametrize("path", ROUTES)
def test_address_with_an_inner_space_or_a_line_feed_is_refused(shared_cloud: Cloud, path: str, address: str) -> None:
    answer = shared_cloud.visitor.post(path, {"email": address} | ROUTES[path])
    assert (answer.status, answer.json["details"]) == (400, {"field": "email"})
