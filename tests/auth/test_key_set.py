"""The pool's keys: which keys are used, how often they are fetched, and how long they are cached."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chalicelib.auth.tokens import KeySet, Verifier
from chalicelib.domain.errors import AuthUnavailable, InvalidToken
from tests.support import idp_faults
from tests.support.forged import made
from tests.support.idp import CLIENT, ISSUER, Fault, IdentityProvider

MINUTE, HOUR = 60, 60 * 60
JWKS = "/jwks.json"


class Clock:
    """A clock that moves only when a test changes `seconds`."""

    def __init__(self) -> None:
        self.seconds = 5000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(idp: IdentityProvider, clock: Clock) -> KeySet:
    return KeySet(idp.url + JWKS, clock=clock, seconds=0.3)


def has_key(keys: KeySet, kid: str) -> bool:
    try:
        keys.find(kid)
    except InvalidToken:
        return False
    return True


def make_jwk(key: rsa.RSAPrivateKey, **changes: Any) -> dict[str, Any]:
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": "odd", "use": "sig", **changes}


def test_a_thousand_unknown_key_ids_cause_one_fetch_per_minute(
    idp: IdentityProvider, keys: KeySet, clock: Clock
) -> None:
    assert has_key(keys, "kid-1")
    clock.seconds += MINUTE
    for number in range(1000):
        assert not has_key(keys, f"made-up-{number}")
    assert len(idp.requests) == 2
    clock.seconds += MINUTE - 1
    assert not has_key(keys, "made-up")
    assert len(idp.requests) == 2
    clock.seconds += 1
    assert not has_key(keys, "made-up")
    assert len(idp.requests) == 3


def test_known_key_is_fetched_once_per_hour(idp: IdentityProvider, keys: KeySet, clock: Clock) -> None:
    for seconds, fetches in ((0, 1), (HOUR, 1), (1, 2), (HOUR, 2), (1, 3)):
        clock.seconds += seconds
        assert has_key(keys, "kid-1")
        assert len(idp.requests) == fetches


def test_new_key_is_valid_at_once_and_a_removed_key_for_at_most_an_hour(
    idp: IdentityProvider, keys: KeySet, clock: Clock
) -> None:
    assert has_key(keys, "kid-1")
    idp.keys = {"kid-2": rsa.generate_private_key(65537, 2048).public_key()}
    assert has_key(keys, "kid-1")
    clock.seconds += HOUR + 1
    assert not has_key(keys, "kid-1")
    assert has_key(keys, "kid-2")


def test_rotated_key_verifies_tokens(idp: IdentityProvider, clock: Clock) -> None:
    verifier = Verifier(KeySet(idp.url + JWKS, clock=clock), ISSUER, CLIENT)
    assert verifier.verify(made(idp), "access")
    new = rsa.generate_private_key(65537, 2048)
    idp.keys = {"kid-2": new.public_key()}
    clock.seconds += MINUTE
    assert verifier.verify(made(idp, key=new, kid="kid-2"), "access")
    with pytest.raises(InvalidToken):
        verifier.verify(made(idp), "access")


FAULTS: dict[str, Fault] = {
    "500": idp_faults.answering(b"", 500),
    "404": idp_faults.answering(b"", 404),
    "HTML": idp_faults.answering(b"<html>Sorry</html>"),
    "not UTF-8": idp_faults.answering(b"\xff\xfe"),
    "no keys": idp_faults.answering(b'{"keys": null}'),
    "a list": idp_faults.answering(b"[]"),
    "nested": idp_faults.answering(b"[" * 200_000),
    "10 MB": idp_faults.answering(b'{"keys": [' + b" " * 10_000_000 + b"]}"),
    "redirect": idp_faults.redirecting("/other"),
    "no response": idp_faults.stalling,
    "slow body": idp_faults.dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
    "slow header": idp_faults.dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "closed connection": idp_faults.hanging_up,
    "truncated body": idp_faults.cutting_short,
    "not HTTP": idp_faults.dripping(b"\x00\x01\x02\r\n\r\n"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_cached_keys_are_used_for_a_day_while_the_provider_fails(
    idp: IdentityProvider, keys: KeySet, clock: Clock, fault: str
) -> None:
    assert has_key(keys, "kid-1")
    idp.faults[JWKS] = FAULTS[fault]
    clock.seconds += 24 * HOUR
    assert has_key(keys, "kid-1")
    assert idp.requests == [JWKS] * 2
    clock.seconds += 1
    with pytest.raises(AuthUnavailable):
        keys.find("kid-1")
    idp.faults.clear()
    clock.seconds += MINUTE
    assert has_key(keys, "kid-1")


@pytest.mark.parametrize("fault", FAULTS)
def test_failing_provider_is_unavailable_without_cached_keys(
    idp: IdentityProvider, keys: KeySet, clock: Clock, fault: str
) -> None:
    idp.faults[JWKS] = FAULTS[fault]
    for seconds in (0, 0, 4):
        clock.seconds += seconds
        with pytest.raises(AuthUnavailable):
            keys.find("kid-1")
    assert idp.requests == [JWKS]
    idp.faults.clear()
    clock.seconds += 1
    assert has_key(keys, "kid-1")


def test_concurrent_lookups_fetch_the_keys_once(idp: IdentityProvider, keys: KeySet) -> None:
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: has_key(keys, "kid-1"), range(20)))
    assert idp.requests == [JWKS]


UNUSABLE_KEYS: dict[str, dict[str, Any]] = {
    "for encryption": {"use": "enc"},
    "use of another type": {"use": ["sig"]},
    "only for signing": {"key_ops": ["sign"]},
    "no operations": {"key_ops": []},
    "operations of another type": {"key_ops": None},
    "operations as a number": {"key_ops": 7},
    "another algorithm": {"alg": "RS384"},
    "another key type": {"kty": "oct"},
    "key type in lower case": {"kty": "rsa"},
    "no modulus": {"n": ""},
    "modulus of another type": {"n": 7},
    "exponent of another type": {"e": None},
    "modulus that is not base64": {"n": "é" * 342},
}


@pytest.mark.parametrize("reason", UNUSABLE_KEYS)
def test_unusable_key_is_ignored(idp: IdentityProvider, keys: KeySet, reason: str) -> None:
    idp.odd_keys = [make_jwk(idp.key, **UNUSABLE_KEYS[reason])]
    assert not has_key(keys, "odd")
    assert has_key(keys, "kid-1")


@pytest.mark.parametrize("change", [{}, {"key_ops": ["verify"]}, {"alg": "RS256"}])
def test_key_for_signatures_is_used(idp: IdentityProvider, keys: KeySet, change: dict[str, Any]) -> None:
    idp.odd_keys = [make_jwk(idp.key, **change)]
    assert has_key(keys, "odd")


@pytest.mark.parametrize(("member", "expected"), [("use", True), ("key_ops", True), ("kid", False), ("n", False)])
def test_optional_members_of_a_key_may_be_absent(
    idp: IdentityProvider, keys: KeySet, member: str, expected: bool
) -> None:
    jwk = make_jwk(idp.key)
    del jwk[member]
    idp.odd_keys = [jwk]
    assert has_key(keys, "odd") is expected
    assert has_key(keys, "kid-1")


def test_small_private_elliptic_and_malformed_keys_are_ignored(idp: IdentityProvider, keys: KeySet) -> None:
    small, curve = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())
    almost = rsa.generate_private_key(65537, 2047)
    private = json.loads(RSAAlgorithm.to_jwk(idp.key))
    idp.odd_keys = [
        make_jwk(small, kid="small"),
        make_jwk(almost, kid="almost"),
        {**private, "kid": "private", "use": "sig", "key_ops": ["verify"]},
        {**json.loads(ECAlgorithm.to_jwk(curve.public_key())), "kid": "elliptic", "use": "sig"},
        "text",
        None,
        make_jwk(idp.key, kid=7),
        make_jwk(idp.key, kid=None),
    ]
    assert [kid for kid in ("small", "almost", "private", "elliptic", "kid-1") if has_key(keys, kid)] == ["kid-1"]


def test_key_id_shared_by_two_keys_is_ignored(idp: IdentityProvider, keys: KeySet) -> None:
    idp.odd_keys = [make_jwk(idp.key), make_jwk(rsa.generate_private_key(65537, 2048), use="enc")]
    assert not has_key(keys, "odd")
    assert has_key(keys, "kid-1")
