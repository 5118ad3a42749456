"""Tokens that Cognito would never make for this client, each under the name of the attack."""

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
def foreign_key() -> rsa.RSAPrivateKey:
    """A key that the pool does not know."""
    return rsa.generate_private_key(65537, 2048)


def segment(content: bytes) -> str:
    """One part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def spelt(value: dict[str, Any] | bytes) -> bytes:
    """JSON, or bytes as they are."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def compact(header: dict[str, Any] | bytes, payload: dict[str, Any] | bytes, sign: Callable[[bytes], bytes]) -> str:
    """A token of exactly this header and payload."""
    signed = f"{segment(spelt(header))}.{segment(spelt(payload))}"
    return f"{signed}.{segment(sign(signed.encode()))}"


def made(
    idp: IdentityProvider,
    payload: dict[str, Any] | bytes | None = None,
    key: rsa.RSAPrivateKey | None = None,
    without: str = "",
    **header: Any,
) -> str:
    """A token as the pool signs it, but for what is given. With nothing given, it is good."""
    head = {"alg": "RS256", "kid": "kid-1"} | header
    head.pop(without, None)
    return compact(
        head,
        idp.claims("ann") if payload is None else payload,
        lambda text: (key or idp.key).sign(text, PKCS1, hashes.SHA256()),
    )


def claiming(**changes: Any) -> Forgery:
    """The pool's own signature under other claims; None leaves one out."""
    return lambda idp: made(idp, idp.claims("ann", **changes))


def claiming_raw(name: str, value: str) -> Forgery:
    """The pool's own signature over a claim that is spelt like this."""
    return lambda idp: made(idp, json.dumps(idp.claims("ann") | {name: "?"}).replace('"?"', value).encode())


def headed(**header: Any) -> Forgery:
    """The pool's own signature under another header."""
    return lambda idp: made(idp, **header)


def unsigned(algorithm: str) -> Forgery:
    """No signature at all."""
    return lambda idp: compact({"alg": algorithm, "kid": "kid-1"}, idp.claims("ann"), lambda _: b"")


def keyed(secret: Callable[[rsa.RSAPublicKey], bytes]) -> Forgery:
    """The public key, which everybody knows, as the secret of a HMAC."""

    def forge(idp: IdentityProvider) -> str:
        mac = hmac.HMAC(secret(idp.key.public_key()), hashes.SHA256())

        def sign(text: bytes) -> bytes:
            mac.update(text)
            return mac.finalize()

        return compact({"alg": "HS256", "kid": "kid-1"}, idp.claims("ann"), sign)

    return forge


def modulus(key: rsa.RSAPublicKey) -> bytes:
    """The `n` of the key's JWK."""
    return segment(key.public_numbers().n.to_bytes(256)).encode()


def otherwise_signed(algorithm: str, sign: Callable[[IdentityProvider, bytes], bytes]) -> Forgery:
    """Another algorithm, under a correct key."""
    return lambda idp: compact({"alg": algorithm, "kid": "kid-1"}, idp.claims("ann"), lambda text: sign(idp, text))


def attackers(**header: Callable[[IdentityProvider], Any]) -> Forgery:
    """The attacker's signature, and where the attacker's key would be found."""
    return lambda idp: made(idp, key=foreign_key(), **{name: value(idp) for name, value in header.items()})


def twisted(change: Callable[[str], str]) -> Forgery:
    """A good token in another spelling."""
    return lambda idp: change(made(idp))


def last_character(text: str, step: int) -> str:
    """The last character moved on: its unused bits spell the same signature to a lenient reader."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[(letters.index(text[-1]) + step) % 64]


def now() -> int:
    """The time, as tokens tell it."""
    return int(time.time())


KIDS: list[object] = [1, None, [], "x" * 1_000_000, "../../dev/null", "' OR 1=1 --", "kid-1\r\nX: y", "unknown"]

FORGERIES: dict[str, Forgery] = {
    **{f"alg {name}, no signature": unsigned(name) for name in ("none", "None", "nOnE", "")},
    "HS256 keyed with the PEM": keyed(lambda key: key.public_bytes(serialization.Encoding.PEM, SPKI)),
    "HS256 keyed with the DER": keyed(lambda key: key.public_bytes(serialization.Encoding.DER, SPKI)),
    "HS256 keyed with the modulus": keyed(modulus),
    "RS384": otherwise_signed("RS384", lambda idp, text: idp.key.sign(text, PKCS1, hashes.SHA384())),
    "PS256": otherwise_signed("PS256", lambda idp, text: idp.key.sign(text, PSS, hashes.SHA256())),
    "ES256": otherwise_signed(
        "ES256", lambda _, text: ec.generate_private_key(ec.SECP256R1()).sign(text, ec.ECDSA(hashes.SHA256()))
    ),
    "RS256 spelt small": headed(alg="rs256"),
    "no alg": headed(without="alg"),
    "foreign key": lambda idp: made(idp, key=foreign_key()),
    "issuer: another pool": claiming(iss=ISSUER[:-1] + "u"),
    "issuer: another region": claiming(iss=ISSUER.replace("eu-central-1.", "us-east-1.")),
    "issuer: trailing slash": claiming(iss=f"{ISSUER}/"),
    "issuer: capitals": claiming(iss=ISSUER.upper()),
    "issuer: list": claiming(iss=[ISSUER]),
    "issuer: absent": claiming(iss=None),
    "client: another": claiming(client_id="another-client"),
    "client: absent": claiming(client_id=None),
    "client: list": claiming(client_id=[CLIENT]),
    "client: in aud only": claiming(client_id=None, aud=CLIENT),
    "ID token": lambda idp: idp.token("ann", "id"),
    "ID token with a client": lambda idp: idp.token("ann", "id", client_id=CLIENT),
    "use: absent": claiming(token_use=None),
    "use: refresh": claiming(token_use="refresh"),
    "use: list": claiming(token_use=["access"]),
    "expired": lambda idp: idp.token("ann", iat=now() - 7200, exp=now() - 61),
    "expiry: absent": claiming(exp=None),
    **{
        f"expiry: {value[:12]}": claiming_raw("exp", value)
        for value in ('"9999999999"', "null", "[9999999999]", "{}", "NaN", "Infinity", "true", "1e400", "9" * 400)
    },
    "expiry: a fraction": lambda idp: idp.token("ann", exp=now() + 60.5),
    "expiry: further than a day": lambda idp: idp.token("ann", exp=now() + 24 * 3600 + 1),
    "expiry: before its issue": lambda idp: idp.token("ann", iat=now() + 50, exp=now() + 40),
    "issued in the future": lambda idp: idp.token("ann", iat=now() + 120),
    "issued: absent": claiming(iat=None),
    "issued: text": lambda idp: idp.token("ann", iat=str(now())),
    "not before the future": lambda idp: idp.token("ann", nbf=now() + 120),
    "not before: text": claiming(nbf="0"),
    "not before: NaN": claiming_raw("nbf", "NaN"),
    "subject: absent": claiming(sub=None),
    "subject: empty": claiming(sub=""),
    "subject: number": claiming(sub=7),
    "key id: absent": headed(without="kid"),
    **{f"key id: {str(kid)[:20]!r}": headed(kid=kid) for kid in KIDS},
    "jku": attackers(jku=lambda idp: idp.url + ATTACKER),
    "jku and an unknown key id": attackers(jku=lambda idp: idp.url + ATTACKER, kid=lambda _: "evil"),
    "x5u": attackers(x5u=lambda idp: idp.url + ATTACKER),
    "x5c": attackers(
        x5c=lambda _: [segment(foreign_key().public_key().public_bytes(serialization.Encoding.DER, SPKI))]
    ),
    "jwk": attackers(
        jwk=lambda _: {"kty": "RSA", "kid": "kid-1", "e": "AQAB", "n": modulus(foreign_key().public_key()).decode()}
    ),
    "duplicate claim": lambda idp: made(idp, json.dumps(idp.claims("ann")).replace("{", '{"sub":"bob",', 1).encode()),
    "duplicate header": lambda idp: compact(
        b'{"alg":"RS256","kid":"evil","kid":"kid-1"}',
        idp.claims("ann"),
        lambda text: idp.key.sign(text, PKCS1, hashes.SHA256()),
    ),
    "critical header": headed(crit=["exp"]),
    "critical header: empty": headed(crit=[]),
    "b64 false": headed(b64=False),
    "b64 false, critical": headed(b64=False, crit=["b64"]),
    "payload: 33 levels": lambda idp: made(
        idp, json.dumps(idp.claims("ann")).replace("{", '{"a":' + "[" * 32 + "]" * 32 + ",", 1).encode()
    ),
    "payload: 2,500 levels": lambda idp: made(idp, b"[" * 2500 + b"]" * 2500),
    "payload: a list": lambda idp: made(idp, b"[]"),
    "payload: text": lambda idp: made(idp, b"ann"),
    "payload: not UTF-8": lambda idp: made(idp, b'{"sub": "\xff"}'),
    "longer than any": claiming(padding="x" * 9000),
    "signature: padding": twisted(lambda token: f"{token}=="),
    "signature: too much padding": twisted(lambda token: f"{token}===="),
    "signature: cut": twisted(lambda token: token[:-4]),
    "signature: none": twisted(lambda token: token.rpartition(".")[0] + "."),
    **{f"signature: last character + {step}": twisted(partial(last_character, step=step)) for step in (1, 2, 3)},
    "space before": twisted(lambda token: f" {token}"),
    "space behind": twisted(lambda token: f"{token} "),
    "tab within": twisted(lambda token: token.replace(".", ".\t", 1)),
    "line feed behind": twisted(lambda token: f"{token}\n"),
    "two dots": twisted(lambda token: token.replace(".", "..", 1)),
    "four parts": twisted(lambda token: f"{token}.x"),
    "two parts": twisted(lambda token: token.rpartition(".")[0]),
    "plain base64": twisted(lambda token: token.replace("-", "+").replace("_", "/")),
    "letters beyond ASCII": twisted(lambda token: f"{token}é"),
    "nothing": lambda _: "",
    "dots": lambda _: "..",
}
