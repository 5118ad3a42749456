"""Create a key pair for signed URLs of the CDN: `python -m release.cdn_key STAGE [1 or 2]`."""

import json
import sys

import boto3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from release.failures import exit_on_failure


def main(stage: str, number: str = "1") -> None:
    """Store a new key pair as the secret `photoshare-STAGE-cdn-key-NUMBER`. Fail if the secret already exists."""
    if number not in ("1", "2"):
        raise ValueError("the key number must be 1 or 2.")
    name = f"photoshare-{stage}-cdn-key-{number}"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(create_key_pair()))
    print(f"Created {name}. If this is the first key of the stage, deploy with Cdn=yes CdnKey={number}.")
    print("If you rotate the key, continue with docs/how-to/rotate-keys.md.")


def create_key_pair() -> dict[str, str]:
    """Return an ECDSA key pair on P-256 as PEM. CloudFront also accepts RSA, which signs fifty times as slowly."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"public": public.decode(), "private": private_pem.decode()}


if __name__ == "__main__":
    with exit_on_failure("No key was created", TypeError, ValueError):
        main(*sys.argv[1:])
