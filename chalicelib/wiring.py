"""What the views hand to the use cases, built once a process and when first asked for."""

import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.auth.cognito import Identity
from chalicelib.auth.hosted_ui import HostedUi
from chalicelib.auth.rate_limit import Limiter
from chalicelib.auth.tokens import KeySet, Verifier
from chalicelib.infra import aws
from chalicelib.infra.settings import Settings, load_settings
from chalicelib.jobs.jobs import Queue
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.signed_urls import CdnSigner, Presigner
from chalicelib.stores.dynamodb.account_deletion import DynamoCancellations
from chalicelib.stores.dynamodb.albums import DynamoAlbums
from chalicelib.stores.dynamodb.idempotency import DynamoRepeats
from chalicelib.stores.dynamodb.photos import DynamoStore
from chalicelib.stores.dynamodb.ratings import DynamoRatings
from chalicelib.stores.dynamodb.search import DynamoSearch
from chalicelib.stores.protocols import AlbumStore, Cancellations, RatingStore, Repeats, SearchIndex, Store
from chalicelib.uploads.moderation import Moderator, Rekognition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def settings() -> Settings:
    """The environment."""
    return load_settings()


@cache
def dynamodb() -> "DynamoDBClient":
    """One client, with its connections, for all stores."""
    made: DynamoDBClient = aws.client("dynamodb")
    return made


@cache
def store() -> Store:
    """Accounts and photos."""
    return DynamoStore(settings(), dynamodb())


@cache
def album_store() -> AlbumStore:
    """Albums and share links."""
    return DynamoAlbums(settings(), dynamodb())


@cache
def repeats() -> Repeats:
    """What tells a repeated upload from a new one."""
    return DynamoRepeats(settings(), dynamodb())


@cache
def cancellations() -> Cancellations:
    """Accounts that are cancelled."""
    return DynamoCancellations(settings(), dynamodb())


@cache
def rating_store() -> RatingStore:
    """Ratings."""
    return DynamoRatings(settings(), dynamodb())


@cache
def search_index() -> SearchIndex:
    """The words of photos."""
    return DynamoSearch(settings(), dynamodb())


@cache
def bucket() -> Bucket:
    """Originals and renditions."""
    style = "path" if settings().aws_endpoint else "virtual"
    s3 = aws.client(
        "s3", signature_version="s3v4", s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"}
    )
    presigner = Presigner(settings().bucket_address, settings().region, aws.credentials())
    cdn = settings().cdn
    return Bucket(settings(), s3, presigner, CdnSigner(cdn) if cdn else None)


@cache
def moderator() -> Moderator | None:
    """Who judges pictures; None where nobody does."""
    confidence = settings().moderation_confidence
    return Rekognition(aws.client("rekognition"), confidence) if confidence else None


@cache
def verifier() -> Verifier:
    """Of the user pool's tokens."""
    return Verifier(KeySet(settings().jwks_url), settings().issuer, settings().user_pool_client_id)


@cache
def identity() -> Identity:
    """The user pool."""
    return Identity(settings(), aws.client("cognito-idp"), verifier())


@cache
def limiter() -> Limiter:
    """How often each person has asked."""
    return Limiter(time.monotonic)


@cache
def hosted_ui() -> HostedUi:
    """The user pool's own sign-in page."""
    return HostedUi(settings(), verifier())


@cache
def queue() -> Queue:
    """The job queue."""
    return Queue(aws.client("sqs"), settings().job_queue_url)


def now() -> datetime:
    """The time of this request."""
    return datetime.now(UTC)
