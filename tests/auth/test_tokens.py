"""Only unexpired tokens that this pool issued for this client are valid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.auth.tokens import KeySet, Verifier
from chalicelib.domain.errors import InvalidToken
from tests.support.forged import ATTACKER, FORGERIES, made
from tests.support.idp import CLIENT, ISSUER, IdentityProvider

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = 24 * 60 * 60
LONGEST = 8192


@pytest.fixture
def verifier(idp: IdentityProvider) -> Verifier:
    return Verifier(KeySet(f"{idp.url}/jwks.json"), ISSUER, CLIENT)


def is_accepted(verifier: Verifier, token: str) -> bool:
    try:
        verifier.verify(token, "access")
    except InvalidToken:
        return False
    return True


def test_access_token_of_the_pool_is_accepted(idp: IdentityProvider, verifier: Verifier) -> None:
    assert verifier.verify(idp.token("ann"), "access")["sub"] == "ann"
    assert verifier.verify(made(idp), "access")["sub"] == "ann"


@pytest.mark.parametrize("attack", FORGERIES)
def test_forged_token_is_rejected(idp: IdentityProvider, verifier: Verifier, attack: str) -> None:
    assert is_accepted(verifier, made(idp))
    assert not is_accepted(verifier, FORGERIES[attack](idp))


def test_longest_token_is_accepted(idp: IdentityProvider, verifier: Verifier) -> None:
    bytes_left = (LONGEST - len(made(idp))) * 3 // 4
    paddings = [("x" * claim, "x" * header) for claim in range(bytes_left - 40, bytes_left) for header in range(2)]
    lengths = {
        len(text): text for claim, header in paddings if (text := made(idp, idp.claims("ann", p=claim), p=header))
    }
    assert is_accepted(verifier, lengths[LONGEST])
    assert not is_accepted(verifier, lengths[LONGEST + 1])


def test_forged_tokens_cause_no_request_except_for_the_pools_keys(idp: IdentityProvider, verifier: Verifier) -> None:
    for forge in FORGERIES.values():
        is_accepted(verifier, forge(idp))
    assert idp.requests == ["/jwks.json"]
    assert ATTACKER not in idp.requests


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"token_use": "access", "client_id": CLIENT}, False),
        ({"token_use": None}, False),
        ({"aud": None}, False),
        ({"aud": "another-client"}, False),
        ({"aud": [CLIENT]}, False),
        ({"aud": [CLIENT, "another-client"]}, False),
        ({"aud": None, "client_id": CLIENT}, False),
        ({"iss": f"{ISSUER}2"}, False),
    ],
)
def test_id_token_is_valid_only_for_this_client(
    idp: IdentityProvider, verifier: Verifier, changes: dict[str, Any], expected: bool
) -> None:
    token = idp.token("ann", "id", **changes)
    if expected:
        assert verifier.verify(token, "id")["sub"] == "ann"
    else:
        with pytest.raises(InvalidToken):
            verifier.verify(token, "id")


@pytest.mark.parametrize(("claim", "sign"), [("exp", -1), ("iat", 1), ("nbf", 1)])
@pytest.mark.parametrize(("seconds", "expected"), [(0, True), (59, True), (61, False)])
def test_clocks_may_differ_by_a_minute(
    idp: IdentityProvider, verifier: Verifier, claim: str, sign: int, seconds: int, expected: bool
) -> None:
    noon = int(NOON.timestamp())
    times: dict[str, Any] = {"iat": noon - 600, "exp": noon + 600, claim: noon + sign * seconds}
    with time_machine.travel(NOON, tick=False):
        assert is_accepted(verifier, idp.token("ann", **times)) is expected


@pytest.mark.parametrize(("lifetime", "expected"), [(1, True), (DAY, True), (DAY + 1, False), (0, False)])
def test_token_with_a_lifetime_over_one_day_is_rejected(
    idp: IdentityProvider, verifier: Verifier, lifetime: int, expected: bool
) -> None:
    noon = int(NOON.timestamp())
    with time_machine.travel(NOON, tick=False):
        assert is_accepted(verifier, idp.token("ann", iat=noon, exp=noon + lifetime)) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(0, True), (-1, False)])
def test_time_before_1970_is_rejected(idp: IdentityProvider, verifier: Verifier, seconds: int, expected: bool) -> None:
    assert is_accepted(verifier, idp.token("ann", nbf=seconds)) is expected


def test_token_expires_a_minute_after_its_expiry_time(idp: IdentityProvider, verifier: Verifier) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        token = idp.token("ann")
        assert is_accepted(verifier, token)
        clock.shift(timedelta(seconds=3600 + 59))
        assert is_accepted(verifier, token)
        clock.shift(timedelta(seconds=1))
        assert not is_accepted(verifier, token)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(position=st.integers(0, 10_000), replacement=st.characters(min_codepoint=32, max_codepoint=0x2FF))
def test_token_with_a_changed_character_is_rejected(
    idp: IdentityProvider, verifier: Verifier, position: int, replacement: str
) -> None:
    token = idp.token("ann", iat=1782900000, exp=1782903600)
    index = position % len(token)
    changed = token[:index] + replacement + token[index + 1 :]
    with time_machine.travel(datetime.fromtimestamp(1782900000, UTC), tick=False):
        assert is_accepted(verifier, token)
        assert is_accepted(verifier, changed) is (changed == token)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(header=st.binary(max_size=60), payload=st.binary(max_size=60))
def test_random_bytes_are_rejected_as_invalid_tokens(
    idp: IdentityProvider, verifier: Verifier, header: bytes, payload: bytes
) -> None:
    assert not is_accepted(verifier, made(idp, payload))
    assert not is_accepted(verifier, header.decode("latin-1"))
