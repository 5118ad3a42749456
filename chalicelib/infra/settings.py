"""The environment, read once, as one frozen `Settings`."""

import os
from collections.abc import Mapping
from functools import partial

import msgspec

from chalicelib.domain.accounts import Limits

_MISSING = "The environment variable {} is not set. README.md describes it."


class MissingSetting(Exception):
    """A variable that the service cannot do without is not set. The message names it."""


class Cdn(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudFront distribution that serves signed URLs only."""

    base_url: str
    """Without a trailing slash."""
    key_id: str
    """CloudFront's name for the public key."""
    private_key: str
    """PEM, ECDSA on P-256."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between one deployment and another. README.md has the variable of each."""

    region: str
    photo_table: str
    account_table: str
    term_table: str
    album_table: str
    entry_table: str
    rating_table: str
    originals_bucket: str
    renditions_bucket: str
    job_queue_url: str
    user_pool_id: str
    user_pool_client_id: str
    cognito_domain: str
    """The hosted UI's origin, without a trailing slash."""
    jwks_url: str
    base_url: str
    """Where browsers find the app, without a trailing slash."""
    allowed_origins: frozenset[str]
    keys: tuple[str, ...]
    """What `signing_keys` gives."""
    limits: Limits
    moderation_confidence: float
    """Per cent from which on a label rejects a photo; 0 where nobody looks."""
    cdn: Cdn | None
    """In front of the renditions bucket."""
    aws_endpoint: str | None
    """An emulator's address; None for AWS itself."""

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """Of page tokens and sign-ins, newest last: it signs; all verify. Only the function that answers has any."""
        if not self.keys:
            raise MissingSetting(_MISSING.format("SIGNING_KEYS"))
        return self.keys

    @property
    def bucket_address(self) -> str:
        """Where a bucket is, with `{bucket}` for its name."""
        if self.aws_endpoint:
            return f"{self.aws_endpoint}/{{bucket}}"
        return f"https://{{bucket}}.s3.{self.region}.amazonaws.com"

    @property
    def storage_origins(self) -> tuple[str, ...]:
        """What the page must be allowed to talk to."""
        # Without a path, which a Content-Security-Policy would take for that of one file.
        cdn = ("/".join(self.cdn.base_url.split("/", 3)[:3]),) if self.cdn else ()
        if self.aws_endpoint:
            return self.aws_endpoint, *cdn
        buckets = (self.originals_bucket, self.renditions_bucket)
        return *(self.bucket_address.format(bucket=each) for each in buckets), *cdn

    @property
    def issuer(self) -> str:
        """The `iss` of the pool's tokens."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.user_pool_id}"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from environment variables.

    Raises:
        MissingSetting: a required one is absent or empty.
    """

    required = partial(_required, environment)
    region = environment.get("AWS_REGION") or required("AWS_DEFAULT_REGION")
    pool = required("USER_POOL_ID")
    pool_keys = f"https://cognito-idp.{region}.amazonaws.com/{pool}/.well-known/jwks.json"
    return Settings(
        region=region,
        photo_table=required("PHOTO_TABLE"),
        account_table=required("ACCOUNT_TABLE"),
        term_table=required("TERM_TABLE"),
        album_table=required("ALBUM_TABLE"),
        entry_table=required("ENTRY_TABLE"),
        rating_table=required("RATING_TABLE"),
        originals_bucket=required("ORIGINALS_BUCKET"),
        renditions_bucket=required("RENDITIONS_BUCKET"),
        job_queue_url=required("JOB_QUEUE_URL"),
        user_pool_id=pool,
        user_pool_client_id=required("USER_POOL_CLIENT_ID"),
        cognito_domain=required("COGNITO_DOMAIN").rstrip("/"),
        jwks_url=environment.get("JWKS_URL") or pool_keys,
        base_url=required("BASE_URL").rstrip("/"),
        allowed_origins=frozenset(_listed(environment.get("ALLOWED_ORIGINS", ""))),
        keys=tuple(reversed(_listed(environment.get("SIGNING_KEYS", "")))),
        cdn=_cdn(environment) if environment.get("RENDITIONS_BASE_URL") else None,
        aws_endpoint=(environment.get("AWS_ENDPOINT_URL") or "").rstrip("/") or None,
        moderation_confidence=float(environment.get("MODERATION_CONFIDENCE") or 0),
        limits=_limits(environment),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise MissingSetting(_MISSING.format(name))


def _cdn(environment: Mapping[str, str]) -> Cdn:
    return Cdn(
        base_url=environment["RENDITIONS_BASE_URL"].rstrip("/"),
        key_id=_required(environment, "CDN_KEY_ID"),
        private_key=_required(environment, "CDN_PRIVATE_KEY"),
    )


def _limits(environment: Mapping[str, str]) -> Limits:
    photos, size = environment.get("MAX_PHOTOS") or 10_000, environment.get("MAX_BYTES") or 50_000_000_000
    return Limits(photos=int(photos), bytes=int(size))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
