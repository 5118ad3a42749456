"""Verify Cognito's tokens: the key set, and the claims that a valid token must have.

Sources: RFC 8725 (JWT best practice) and Cognito's "Verifying JSON web tokens".
"""

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from chalicelib.domain import strict_json
from chalicelib.domain.errors import AuthUnavailable, InvalidToken
from chalicelib.infra.fetch import FetchFailed, fetch

MAX_TOKEN_LENGTH = 8192
LEEWAY_SECONDS = 60
MAX_LIFETIME_SECONDS = 24 * 60 * 60
"""The longest lifetime that a user pool can give a token. A token with a longer lifetime is not from Cognito.

AWS contract COG-4.
"""
_MIN_KEY_BITS = 2048
# PyJWT also accepts padding, so one token would have several valid encodings. Accept only the one without padding.
_COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

Use = Literal["access", "id"]


class KeySet:
    """The cached public keys of the user pool.

    They are fetched at most once per minute, or once per five seconds while no keys are cached. AWS contract COG-3.
    """

    FRESH_SECONDS = 60 * 60
    STALE_SECONDS = 24 * 60 * 60
    COOL_DOWN_SECONDS = 60
    RETRY_SECONDS = 5
    """The cool-down while no keys are cached."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic, seconds: float = 2) -> None:
        self._url, self._clock, self._seconds = url, clock, seconds
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched_at = self._tried_at = -float("inf")
        self._lock = threading.Lock()

    def find(self, kid: str) -> RSAPublicKey:
        """Return the key with this id.

        Raises:
            InvalidToken: the pool has no such key.
            AuthUnavailable: the keys cannot be fetched, and the cached keys are too old.
        """
        with self._lock:
            age = self._clock() - self._fetched_at
            if kid not in self._keys or age > self.FRESH_SECONDS:
                self._refresh()
            if self._clock() - self._fetched_at > self.STALE_SECONDS:
                raise AuthUnavailable
            if kid not in self._keys:
                raise InvalidToken
            return self._keys[kid]

    def _refresh(self) -> None:
        # Limit the fetches, because clients can send invented key ids. Each of them would fetch the keys again.
        cool_down = self.COOL_DOWN_SECONDS if self._keys else self.RETRY_SECONDS
        if self._clock() - self._tried_at < cool_down:
            return
        self._tried_at = self._clock()
        try:
            self._keys = _select_usable_keys(json.loads(fetch(self._url, seconds=self._seconds)))
            self._fetched_at = self._clock()
        except (FetchFailed, ValueError, RecursionError):
            return


def _select_usable_keys(document: Any) -> dict[str, RSAPublicKey]:
    """Return the usable keys by key id: RSA keys of at least 2048 bits, for signatures, with unique ids."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("The document is not a key set.")
    ids = [entry.get("kid") for entry in entries if isinstance(entry, dict)]
    return {
        entry["kid"]: key
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and ids.count(entry["kid"]) == 1
        if (key := _parse_signing_key(entry)) is not None
    }


def _parse_signing_key(entry: dict[str, Any]) -> RSAPublicKey | None:
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        if "verify" not in entry.get("key_ops", ["verify"]):
            return None
        key = RSAAlgorithm.from_jwk(entry)
    except (jwt.InvalidKeyError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_KEY_BITS else None


class Verifier:
    """Accept only tokens that this user pool issued for this client."""

    def __init__(self, keys: KeySet, issuer: str, client_id: str) -> None:
        self._keys, self._issuer, self._client_id = keys, issuer, client_id

    def verify(self, token: str, use: Use) -> dict[str, Any]:
        """Return the claims of a valid token of this use.

        Raises:
            InvalidToken: the token was not issued by Cognito for this client and use, or has expired.
            AuthUnavailable: the keys cannot be fetched.
        """
        try:
            claims = self._decode(token)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidToken from error
        # Only ID tokens have an `aud`. AWS contracts COG-1, COG-2.
        audience = claims.get("client_id" if use == "access" else "aud")
        if claims.get("token_use") != use or audience != self._client_id:
            raise InvalidToken
        lifetime = claims["exp"] - claims["iat"]
        if not 0 < lifetime <= MAX_LIFETIME_SECONDS or not isinstance(claims["sub"], str) or not claims["sub"]:
            raise InvalidToken
        return claims

    def _decode(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_LENGTH or not _COMPACT_JWS.fullmatch(token):
            raise ValueError("The token is not from Cognito.")
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(kid, str) or "crit" in header:
            raise ValueError("The header is not from Cognito.")
        claims = jwt.decode(
            token,
            self._keys.find(kid),
            algorithms=["RS256"],
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            # `verify` checks `aud`: PyJWT would also accept a list that contains the client id.
            options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": False},
        )
        _reject_invalid_times(claims)
        _reject_duplicate_names(token)
        return claims


def _reject_invalid_times(claims: dict[str, Any]) -> None:
    for name in ("exp", "iat", "nbf"):
        # PyJWT accepts text, booleans and numbers beyond any clock.
        if name in claims and (type(claims[name]) is not int or not 0 <= claims[name] < 1 << 40):
            raise ValueError(f"{name} is not a time.")


def _reject_duplicate_names(token: str) -> None:
    # JSON readers disagree about duplicate names: some keep the first value, others the last. Reject such tokens.
    for part in token.split(".")[:2]:
        strict_json.parse(jwt.utils.base64url_decode(part))
