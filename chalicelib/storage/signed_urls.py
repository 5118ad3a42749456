"""Signed GET URLs of S3 and CloudFront. A URL stays the same for a time window, so that browsers can cache it."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chalicelib.domain.filenames import shorten_filename
from chalicelib.infra.settings import Cdn

WINDOW = timedelta(minutes=30)
LIFETIME = 2 * WINDOW


class PresignedUrl(msgspec.Struct, frozen=True):
    """A presigned URL and its minimum remaining lifetime in seconds."""

    url: str
    expires_in: int


class Presigner:
    """Presign URLs with the start of the current time window as the signing time."""

    def __init__(self, url_template: str, region: str, credentials: Any) -> None:
        """`url_template` is the URL template of a bucket. `credentials` are botocore's, which refresh automatically."""
        self._url_template, self._region, self._credentials = url_template, region, credentials

    def presign(self, bucket: str, key: str, now: datetime, **query: str) -> PresignedUrl:
        """Return the URL of an object, valid for at least half an hour and at most an hour.

        The URL expires earlier if its credentials do. AWS contracts S3-17, S3-18, S3-19, IAM-3.
        """
        object_url = f"{self._url_template.format(bucket=bucket)}/{quote(key)}"
        frozen = self._credentials.get_frozen_credentials()
        url = _presign(object_url, tuple(query.items()), _get_window_start(now, WINDOW), frozen, self._region)
        return PresignedUrl(url, int(WINDOW.total_seconds()))


class CdnSigner:
    """Sign URLs of a CloudFront distribution with a canned policy. The time window determines when a URL expires.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
    AWS contract CDN-1.
    """

    def __init__(self, cdn: Cdn) -> None:
        key = load_pem_private_key(cdn.private_key.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise TypeError("CDN_PRIVATE_KEY is not an ECDSA P-256 key. Run `make cdn-key` to create one.")
        # Deterministic (RFC 6979), or each process would have URLs of its own.
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        self._base_url = cdn.base_url
        self._signer = CloudFrontSigner(cdn.key_id, lambda policy: key.sign(policy, algorithm))

    def sign(self, key: str, now: datetime, window: timedelta) -> str:
        """Return the URL of an object. The URL is valid for at least one `window` and at most two."""
        expires_at = _get_window_start(now, window) + 2 * window
        signed_url = self._signer.generate_presigned_url(f"{self._base_url}/{quote(key)}", expires_at)
        return f"{signed_url}&Hash-Algorithm=SHA256"


def _get_window_start(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def build_content_disposition(filename: str) -> str:
    """Return a Content-Disposition that saves a file as `filename`, with any characters (RFC 6266, RFC 8187).

    Shorten long names. A signed URL contains the header, and S3 and CloudFront limit the length of URLs.
    """
    filename = shorten_filename(filename)
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


class _FixedTimeAuth(S3SigV4QueryAuth):
    """Sign as botocore does, but with a given time instead of the current time."""

    def __init__(self, start: datetime, credentials: Any, region: str) -> None:
        super().__init__(credentials, "s3", region, expires=int(LIFETIME.total_seconds()))
        self._timestamp = f"{start:%Y%m%dT%H%M%SZ}"

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._timestamp
        super()._modify_request_before_signing(request)  # type: ignore[misc]


@lru_cache(maxsize=4096)
def _presign(
    object_url: str, query: tuple[tuple[str, str], ...], start: datetime, credentials: Any, region: str
) -> str:
    request = AWSRequest("GET", object_url, params=dict(query))
    _FixedTimeAuth(start, credentials, region).add_auth(request)
    return str(request.url)
