"""What the views hand to the use cases, built once a process and when first asked for."""

import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from chalicelib import aws, config
from chalicelib.bucket import Bucket
from chalicelib.hosted_ui import HostedUi
from chalicelib.identity import Identity
from chalicelib.jobs import Queue
from chalicelib.moderation import Moderator, Rekognition
from chalicelib.presign import CdnSigner, Presigner
from chalicelib.rates import Limiter
from chalicelib.stores import AlbumStore, Cancellations, RatingStore, Repeats, SearchIndex, Store
from chalicelib.stores.albums import DynamoAlbums
from chalicelib.stores.cancelling import DynamoCancellations
from chalicelib.stores.dynamodb import DynamoStore
from chalicelib.stores.ratings import DynamoRatings
from chalicelib.stores.repeats import DynamoRepeats
from chalicelib.stores.search import DynamoSearch
from chalicelib.tokens import KeySet, Verifier

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def settings() -> config.Settings:
    """The environment."""
    return config.load()


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
