"""`python -m release.cdn_key STAGE [1 or 2]`: a key pair for signed URLs of the CDN, before a stage has one."""

import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def main(stage: str, number: str = "1") -> None:
    """Keep a new pair as the secret `photoshare-STAGE-cdn-key-NUMBER`; one that is there is left alone."""
    if number not in ("1", "2"):
        raise ValueError("a stage has the keys 1 and 2.")
    name = f"photoshare-{stage}-cdn-key-{number}"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(pair()))
    print(f"Made {name}. Next: deploy with Cdn=yes CdnKey={number}")


def pair() -> dict[str, str]:
    """PEM of both halves, ECDSA on P-256: CloudFront takes that or RSA, which signs fifty times as slowly."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kept = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"public": public.decode(), "private": kept.decode()}


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (BotoCoreError, ClientError, TypeError, ValueError) as error:
        sys.exit(f"No key was made: {error}")
