"""Settings of a deployment, read once from environment variables."""

import os
from collections.abc import Mapping
from functools import partial

import msgspec

from chalicelib.domain.accounts import Limits

_MISSING = "The environment variable {} is not set. docs/reference/configuration.md describes it."
_JWKS_URL = "https://cognito-idp.{}.amazonaws.com/{}/.well-known/jwks.json"


class InvalidDatabaseUrl(Exception):
    """The URL of a database is invalid. The message has no part of the URL, which may contain a password."""

    def __init__(self) -> None:
        super().__init__("The URL of the database is invalid. Percent-encode the special characters of its password.")


class MissingSetting(Exception):
    """A required environment variable is not set. The message has its name."""


class Cdn(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudFront distribution that serves signed URLs only."""

    base_url: str
    """Without a trailing slash."""
    key_id: str
    """The id of the public key in CloudFront."""
    private_key: str
    """PEM, ECDSA on P-256."""


class DsqlCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster of Aurora DSQL, and how to connect to it."""

    endpoint: str
    role: str
    """The database role. Aurora DSQL creates the role `admin`."""
    database: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a deployment. docs/reference/configuration.md describes each variable."""

    region: str
    photo_table: str
    account_table: str
    term_table: str
    old_term_table: str | None
    """The table of search terms of an earlier release, or None if the functions do not read it."""
    album_table: str
    entry_table: str
    rating_table: str
    database_url: str | None
    """The connection string of an SQL database, or None if the stores are on DynamoDB."""
    connections: int
    """The largest number of connections of a process to the database of `database_url`.

    A Lambda function serves one request at a time. AWS contract LAM-15.
    """
    dsql: DsqlCluster | None
    """The cluster of Aurora DSQL that contains the rows, or None if another database does."""
    originals_bucket: str
    originals_replicated: bool
    """True if S3 copies the originals to another bucket."""
    renditions_bucket: str
    job_queue_url: str
    user_pool_id: str
    user_pool_client_id: str
    cognito_domain: str
    """The hosted UI's origin, without a trailing slash."""
    jwks_url: str
    base_url: str
    """The URL of the app for browsers, without a trailing slash."""
    allowed_origins: frozenset[str]
    configured_signing_keys: tuple[str, ...]
    """The keys of `SIGNING_KEYS`, newest last. Empty in the functions that sign nothing. Use `signing_keys` instead."""
    edge_secrets: tuple[str, ...]
    """The secrets that prove that a request came through the CDN. If empty, the app accepts every request."""
    limits: Limits
    moderation_confidence: float
    """The lowest confidence, in per cent, at which a moderation label rejects a photo. 0 turns moderation off."""
    cdn: Cdn | None
    """The CDN in front of the renditions bucket, or None if there is no CDN."""
    aws_endpoint: str | None
    """The URL of an emulator, or None for AWS."""
    read_only: bool = False
    """True to refuse each request that could change data."""

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """Return the keys of cursors and sign-in cookies, newest last. The newest key signs. Every key verifies.

        Only the function of the API has keys.

        Raises:
            MissingSetting: the function has no keys.
        """
        if not self.configured_signing_keys:
            raise MissingSetting(_MISSING.format("SIGNING_KEYS"))
        return self.configured_signing_keys

    @property
    def bucket_url_template(self) -> str:
        """Return the URL template of a bucket. Replace `{bucket}` with the bucket's name."""
        if self.aws_endpoint:
            return f"{self.aws_endpoint}/{{bucket}}"
        return f"https://{{bucket}}.s3.{self.region}.amazonaws.com"

    @property
    def storage_origins(self) -> tuple[str, ...]:
        """Return the origins that the Content-Security-Policy of the page must allow."""
        # Remove the path: in a Content-Security-Policy, a path without a trailing slash matches only one file.
        cdn = ("/".join(self.cdn.base_url.split("/", 3)[:3]),) if self.cdn else ()
        if self.aws_endpoint:
            return self.aws_endpoint, *cdn
        buckets = (self.originals_bucket, self.renditions_bucket)
        return *(self.bucket_url_template.format(bucket=bucket) for bucket in buckets), *cdn

    @property
    def issuer(self) -> str:
        """Return the `iss` claim of the user pool's tokens."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.user_pool_id}"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from environment variables.

    Raises:
        MissingSetting: a required variable is absent or empty.
    """
    require = partial(_require, environment)
    region = environment.get("AWS_REGION") or require("AWS_DEFAULT_REGION")
    pool = require("USER_POOL_ID")
    return Settings(
        region=region,
        photo_table=require("PHOTO_TABLE"),
        account_table=require("ACCOUNT_TABLE"),
        term_table=require("TERM_TABLE"),
        old_term_table=environment.get("OLD_TERM_TABLE") or None,
        album_table=require("ALBUM_TABLE"),
        entry_table=require("ENTRY_TABLE"),
        rating_table=require("RATING_TABLE"),
        database_url=environment.get("DATABASE_URL") or None,
        connections=1 if environment.get("AWS_LAMBDA_FUNCTION_NAME") else 8,
        dsql=load_dsql(environment),
        originals_bucket=require("ORIGINALS_BUCKET"),
        originals_replicated=bool(environment.get("ORIGINALS_REPLICATED")),
        renditions_bucket=require("RENDITIONS_BUCKET"),
        job_queue_url=require("JOB_QUEUE_URL"),
        user_pool_id=pool,
        user_pool_client_id=require("USER_POOL_CLIENT_ID"),
        cognito_domain=require("COGNITO_DOMAIN").rstrip("/"),
        jwks_url=environment.get("JWKS_URL") or _JWKS_URL.format(region, pool),
        base_url=require("BASE_URL").rstrip("/"),
        allowed_origins=frozenset(_split_list(environment.get("ALLOWED_ORIGINS", ""))),
        configured_signing_keys=tuple(reversed(_split_list(environment.get("SIGNING_KEYS", "")))),
        cdn=_load_cdn(environment) if environment.get("RENDITIONS_BASE_URL") else None,
        aws_endpoint=(environment.get("AWS_ENDPOINT_URL") or "").rstrip("/") or None,
        read_only=bool(environment.get("READ_ONLY")),
        moderation_confidence=float(environment.get("MODERATION_CONFIDENCE") or 0),
        edge_secrets=tuple(_split_list(environment.get("EDGE_SECRETS", ""))),
        limits=_load_limits(environment),
    )


def load_dsql(environment: Mapping[str, str]) -> DsqlCluster | None:
    """Read the cluster of Aurora DSQL from environment variables. Return None if they name none."""
    if not (endpoint := environment.get("DSQL_ENDPOINT")):
        return None
    role, database = environment.get("DSQL_ROLE") or "admin", environment.get("DSQL_DATABASE") or "postgres"
    return DsqlCluster(endpoint=endpoint, role=role, database=database)


def _require(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name):
        return value
    raise MissingSetting(_MISSING.format(name))


def _load_cdn(environment: Mapping[str, str]) -> Cdn:
    return Cdn(
        base_url=environment["RENDITIONS_BASE_URL"].rstrip("/"),
        key_id=_require(environment, "CDN_KEY_ID"),
        private_key=_require(environment, "CDN_PRIVATE_KEY"),
    )


def _load_limits(environment: Mapping[str, str]) -> Limits:
    max_photos, max_bytes = environment.get("MAX_PHOTOS") or 10_000, environment.get("MAX_BYTES") or 50_000_000_000
    return Limits(photos=int(max_photos), bytes=int(max_bytes))


def _split_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
