"""Forged access tokens, by the name of the attack. Cognito would not issue any of them to this client."""

import base64
import json
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.support.idp import CLIENT, ISSUER, IdentityProvider

Forgery = Callable[[IdentityProvider], str]
PKCS1 = padding.PKCS1v15()
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
ATTACKER = "/attacker/jwks.json"


@cache
def unknown_key() -> rsa.RSAPrivateKey:
    """Return a key that the user pool does not contain."""
    return rsa.generate_private_key(65537, 2048)


def segment(content: bytes) -> str:
    """Encode one part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def encode(value: dict[str, Any] | bytes) -> bytes:
    """Encode a value as JSON. Return bytes unchanged."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def build_token(header: dict[str, Any] | bytes, payload: dict[str, Any] | bytes, sign: Callable[[bytes], bytes]) -> str:
    """Build a token with exactly this header and payload."""
    signed = f"{segment(encode(header))}.{segment(encode(payload))}"
    return f"{signed}.{segment(sign(signed.encode()))}"


def made(
    idp: IdentityProvider,
    payload: dict[str, Any] | bytes | None = None,
    key: rsa.RSAPrivateKey | None = None,
    without: str = "",
    **header: Any,
) -> str:
    """Build a token with these changes, without the header field `without`. By default, the token is valid."""
    head = {"alg": "RS256", "kid": "kid-1"} | header
    head.pop(without, None)
    return build_token(
        head,
        idp.claims("ann") if payload is None else payload,
        lambda text: (key or idp.key).sign(text, PKCS1, hashes.SHA256()),
    )


def with_claims(**changes: Any) -> Forgery:
    """Sign changed claims with the key of the pool. None removes a claim."""
    return lambda idp: made(idp, idp.claims("ann", **changes))


def with_raw_claim(name: str, value: str) -> Forgery:
    """Give a claim this raw JSON value, and sign the claims with the key of the pool."""
    return lambda idp: made(idp, json.dumps(idp.claims("ann") | {name: "?"}).replace('"?"', value).encode())


def with_header(**header: Any) -> Forgery:
    """Sign a changed header with the key of the pool."""
    return lambda idp: made(idp, **header)


def unsigned(algorithm: str) -> Forgery:
    """Build a token without a signature."""
    return lambda idp: build_token({"alg": algorithm, "kid": "kid-1"}, idp.claims("ann"), lambda _: b"")


def with_hmac(secret: Callable[[rsa.RSAPublicKey], bytes]) -> Forgery:
    """Sign a token by HMAC. The secret is the public key, which an attacker knows."""

    def forge(idp: IdentityProvider) -> str:
        mac = hmac.HMAC(secret(idp.key.public_key()), hashes.SHA256())

        def sign(text: bytes) -> bytes:
            mac.update(text)
            return mac.finalize()

        return build_token({"alg": "HS256", "kid": "kid-1"}, idp.claims("ann"), sign)

    return forge


def modulus(key: rsa.RSAPublicKey) -> bytes:
    """Return the `n` of the JWK of a key."""
    return segment(key.public_numbers().n.to_bytes(256)).encode()


def with_algorithm(algorithm: str, sign: Callable[[IdentityProvider, bytes], bytes]) -> Forgery:
    """Sign a token with another algorithm."""
    return lambda idp: build_token({"alg": algorithm, "kid": "kid-1"}, idp.claims("ann"), lambda text: sign(idp, text))


def signed_by_attacker(**header: Callable[[IdentityProvider], Any]) -> Forgery:
    """Sign a token with the key of the attacker, and refer to this key in the header."""
    return lambda idp: made(idp, key=unknown_key(), **{name: value(idp) for name, value in header.items()})


def with_changed_text(change: Callable[[str], str]) -> Forgery:
    """Change the text of a valid token."""
    return lambda idp: change(made(idp))


def change_last_character(text: str, step: int) -> str:
    """Change the last character. A lenient decoder ignores its unused bits, and reads the same signature."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[(letters.index(text[-1]) + step) % 64]


def now() -> int:
    """Return the current time in the format of tokens."""
    return int(time.time())


KIDS: list[object] = [1, None, [], "x" * 1_000_000, "../../dev/null", "' OR 1=1 --", "kid-1\r\nX: y", "unknown"]

FORGERIES: dict[str, Forgery] = {
    **{f"alg {name}, no signature": unsigned(name) for name in ("none", "None", "nOnE", "")},
    "HS256 keyed with the PEM": with_hmac(lambda key: key.public_bytes(serialization.Encoding.PEM, SPKI)),
    "HS256 keyed with the DER": with_hmac(lambda key: key.public_bytes(serialization.Encoding.DER, SPKI)),
    "HS256 keyed with the modulus": with_hmac(modulus),
    "RS384": with_algorithm("RS384", lambda idp, text: idp.key.sign(text, PKCS1, hashes.SHA384())),
    "PS256": with_algorithm("PS256", lambda idp, text: idp.key.sign(text, PSS, hashes.SHA256())),
    "ES256": with_algorithm(
        "ES256", lambda _, text: ec.generate_private_key(ec.SECP256R1()).sign(text, ec.ECDSA(hashes.SHA256()))
    ),
    "RS256 in lower case": with_header(alg="rs256"),
    "no alg": with_header(without="alg"),
    "unknown key": lambda idp: made(idp, key=unknown_key()),
    "issuer: another pool": with_claims(iss=ISSUER[:-1] + "u"),
    "issuer: another region": with_claims(iss=ISSUER.replace("eu-central-1.", "us-east-1.")),
    "issuer: trailing slash": with_claims(iss=f"{ISSUER}/"),
    "issuer: capitals": with_claims(iss=ISSUER.upper()),
    "issuer: list": with_claims(iss=[ISSUER]),
    "issuer: absent": with_claims(iss=None),
    "client: another client": with_claims(client_id="another-client"),
    "client: absent": with_claims(client_id=None),
    "client: list": with_claims(client_id=[CLIENT]),
    "client: in aud only": with_claims(client_id=None, aud=CLIENT),
    "ID token": lambda idp: idp.token("ann", "id"),
    "ID token with a client id": lambda idp: idp.token("ann", "id", client_id=CLIENT),
    "use: absent": with_claims(token_use=None),
    "use: refresh": with_claims(token_use="refresh"),
    "use: list": with_claims(token_use=["access"]),
    "expired": lambda idp: idp.token("ann", iat=now() - 7200, exp=now() - 61),
    "expiry: absent": with_claims(exp=None),
    **{
        f"expiry: {value[:12]}": with_raw_claim("exp", value)
        for value in ('"9999999999"', "null", "[9999999999]", "{}", "NaN", "Infinity", "true", "1e400", "9" * 400)
    },
    "expiry: a fraction": lambda idp: idp.token("ann", exp=now() + 60.5),
    "expiry: more than a day": lambda idp: idp.token("ann", exp=now() + 24 * 3600 + 1),
    "expiry: before the time of issue": lambda idp: idp.token("ann", iat=now() + 50, exp=now() + 40),
    "issued in the future": lambda idp: idp.token("ann", iat=now() + 120),
    "issued: absent": with_claims(iat=None),
    "issued: text": lambda idp: idp.token("ann", iat=str(now())),
    "not before: in the future": lambda idp: idp.token("ann", nbf=now() + 120),
    "not before: text": with_claims(nbf="0"),
    "not before: NaN": with_raw_claim("nbf", "NaN"),
    "subject: absent": with_claims(sub=None),
    "subject: empty": with_claims(sub=""),
    "subject: number": with_claims(sub=7),
    "key id: absent": with_header(without="kid"),
    **{f"key id: {str(kid)[:20]!r}": with_header(kid=kid) for kid in KIDS},
    "jku": signed_by_attacker(jku=lambda idp: idp.url + ATTACKER),
    "jku and an unknown key id": signed_by_attacker(jku=lambda idp: idp.url + ATTACKER, kid=lambda _: "evil"),
    "x5u": signed_by_attacker(x5u=lambda idp: idp.url + ATTACKER),
    "x5c": signed_by_attacker(
        x5c=lambda _: [segment(unknown_key().public_key().public_bytes(serialization.Encoding.DER, SPKI))]
    ),
    "jwk": signed_by_attacker(
        jwk=lambda _: {"kty": "RSA", "kid": "kid-1", "e": "AQAB", "n": modulus(unknown_key().public_key()).decode()}
    ),
    "duplicate claim": lambda idp: made(idp, json.dumps(idp.claims("ann")).replace("{", '{"sub":"bob",', 1).encode()),
    "duplicate header": lambda idp: build_token(
        b'{"alg":"RS256","kid":"evil","kid":"kid-1"}',
        idp.claims("ann"),
        lambda text: idp.key.sign(text, PKCS1, hashes.SHA256()),
    ),
    "critical header": with_header(crit=["exp"]),
    "critical header: empty": with_header(crit=[]),
    "b64 false": with_header(b64=False),
    "b64 false, critical": with_header(b64=False, crit=["b64"]),
    "payload: 33 levels": lambda idp: made(
        idp, json.dumps(idp.claims("ann")).replace("{", '{"a":' + "[" * 32 + "]" * 32 + ",", 1).encode()
    ),
    "payload: 2,500 levels": lambda idp: made(idp, b"[" * 2500 + b"]" * 2500),
    "payload: a list": lambda idp: made(idp, b"[]"),
    "payload: text": lambda idp: made(idp, b"ann"),
    "payload: not UTF-8": lambda idp: made(idp, b'{"sub": "\xff"}'),
    "too long": with_claims(padding="x" * 9000),
    "signature: padding": with_changed_text(lambda token: f"{token}=="),
    "signature: too much padding": with_changed_text(lambda token: f"{token}===="),
    "signature: cut": with_changed_text(lambda token: token[:-4]),
    "signature: none": with_changed_text(lambda token: token.rpartition(".")[0] + "."),
    **{
        f"signature: last character + {step}": with_changed_text(partial(change_last_character, step=step))
        for step in (1, 2, 3)
    },
    "space before": with_changed_text(lambda token: f" {token}"),
    "space after": with_changed_text(lambda token: f"{token} "),
    "tab inside": with_changed_text(lambda token: token.replace(".", ".\t", 1)),
    "line feed after": with_changed_text(lambda token: f"{token}\n"),
    "two dots": with_changed_text(lambda token: token.replace(".", "..", 1)),
    "four parts": with_changed_text(lambda token: f"{token}.x"),
    "two parts": with_changed_text(lambda token: token.rpartition(".")[0]),
    "plain base64": with_changed_text(lambda token: token.replace("-", "+").replace("_", "/")),
    "non-ASCII letter": with_changed_text(lambda token: f"{token}é"),
    "nothing": lambda _: "",
    "dots": lambda _: "..",
}
