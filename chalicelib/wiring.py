"""Build each service on its first use, once per process. Importing this module builds nothing."""

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.accounts.accounts import Accounts, Authentication
from chalicelib.accounts.deletion import AccountPurge
from chalicelib.albums.albums import Albums
from chalicelib.albums.batches import AlbumBatches
from chalicelib.albums.entries import AlbumPhotos
from chalicelib.albums.link_creation import LinkCreation
from chalicelib.albums.links import ShareLinks
from chalicelib.albums.propagation import Propagation
from chalicelib.albums.views import AlbumPresenter
from chalicelib.auth.cognito import UserPool
from chalicelib.auth.hosted_ui import HostedUi
from chalicelib.auth.rate_limit import Limiter
from chalicelib.auth.tokens import KeySet, Verifier
from chalicelib.domain.clock import now as now
from chalicelib.infra import aws
from chalicelib.infra.settings import Settings, load_settings
from chalicelib.jobs.clean_up_photo import CleanUpPhotoJob
from chalicelib.jobs.empty_trash import EmptyTrashJob
from chalicelib.jobs.purge_account import PurgeAccountJob
from chalicelib.jobs.queue import SqsQueue
from chalicelib.jobs.registry import Jobs
from chalicelib.jobs.reindex_photos import ReindexPhotosJob
from chalicelib.jobs.update_album import UpdateAlbumJob
from chalicelib.photos.batches import PhotoBatches
from chalicelib.photos.lists import PhotoLists
from chalicelib.photos.photos import Photos
from chalicelib.photos.ratings import Ratings
from chalicelib.photos.reindexing import Reindexing
from chalicelib.photos.rotation import Rotations
from chalicelib.photos.trash import Trash
from chalicelib.photos.views import PhotoPresenter
from chalicelib.search.search import Search
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.storage.signed_urls import CdnSigner, Presigner
from chalicelib.stores.backend import Stores
from chalicelib.stores.dynamodb.stores import build_stores
from chalicelib.uploads.confirmation import UploadConfirmation
from chalicelib.uploads.grants import UploadGrants
from chalicelib.uploads.moderation import Moderator, Rekognition

if TYPE_CHECKING:
    from chalicelib.stores.postgres.database import Database


@cache
def settings() -> Settings:
    """Return the settings. Read the environment once."""
    return load_settings()


@cache
def dynamodb() -> Any:
    """Return the DynamoDB client. All stores share it and its connections."""
    return aws.create_client("dynamodb")


@cache
def database() -> "Database | None":
    """Return the SQL database of the settings, or None if the stores are on DynamoDB."""
    # Only deployments with an SQL database pay for the import of the driver.
    if cluster := settings().dsql:
        from chalicelib.stores.postgres import dsql

        return dsql.open_database(cluster)
    if url := settings().database_url:
        from chalicelib.stores.postgres.database import Database

        return Database(url, connections=settings().connections)
    return None


@cache
def stores() -> Stores:
    """Return all stores. They share one client of DynamoDB, or one SQL database."""
    sql_database = database()
    if not sql_database:
        return build_stores(settings(), dynamodb())
    from chalicelib.stores.postgres import stores as postgres

    return postgres.build_stores(sql_database)


@cache
def bucket() -> PhotoBuckets:
    """Return the bucket of originals and the bucket of renditions."""
    s3 = aws.create_s3_client(is_emulated=bool(settings().aws_endpoint))
    presigner = Presigner(settings().bucket_url_template, settings().region, aws.get_credentials())
    cdn = settings().cdn
    return PhotoBuckets(settings(), s3, presigner, CdnSigner(cdn) if cdn else None)


@cache
def moderator() -> Moderator | None:
    """Return the moderator, or None if moderation is off."""
    confidence = settings().moderation_confidence
    return Rekognition(aws.create_client("rekognition"), confidence) if confidence else None


@cache
def verifier() -> Verifier:
    """Return the verifier of the user pool's tokens."""
    return Verifier(KeySet(settings().jwks_url), settings().issuer, settings().user_pool_client_id)


@cache
def user_pool() -> UserPool:
    """Return the user pool."""
    return UserPool(settings(), aws.create_client("cognito-idp"), verifier())


@cache
def limiter() -> Limiter:
    """Return the rate limiter."""
    return Limiter(time.monotonic)


@cache
def hosted_ui() -> HostedUi:
    """Return the hosted UI of the user pool."""
    return HostedUi(settings(), verifier())


@cache
def queue() -> SqsQueue:
    """Return the job queue."""
    return SqsQueue(aws.create_client("sqs"), settings().job_queue_url)


@cache
def photo_presenter() -> PhotoPresenter:
    """Return the presenter of photos."""
    return PhotoPresenter(bucket(), now)


@cache
def album_presenter() -> AlbumPresenter:
    """Return the presenter of albums."""
    return AlbumPresenter(stores().albums, stores().photos, photo_presenter())


@cache
def authentication() -> Authentication:
    """Return the authentication of callers."""
    return Authentication(stores().accounts, user_pool(), limiter())


@cache
def accounts() -> Accounts:
    """Return the use cases of accounts."""
    return Accounts(stores().accounts, stores().deletions, user_pool(), queue(), settings(), now)


@cache
def upload_grants() -> UploadGrants:
    """Return the use case of upload grants."""
    return UploadGrants(stores().photos, stores().albums, stores().idempotency, bucket(), settings().limits, now)


@cache
def confirmation() -> UploadConfirmation:
    """Return the confirmation of uploads."""
    return UploadConfirmation(stores().photos, stores().accounts, bucket(), moderator(), photo_presenter(), now)


@cache
def photos() -> Photos:
    """Return the use cases of single photos."""
    return Photos(stores().photos, bucket(), photo_presenter(), queue(), now)


@cache
def photo_batches() -> PhotoBatches:
    """Return the use cases of many photos."""
    return PhotoBatches(stores().photos, photos(), limiter())


@cache
def trash() -> Trash:
    """Return the use case that empties the trash."""
    return Trash(stores().photos, stores().trash_requests, bucket(), queue(), now)


@cache
def photo_lists() -> PhotoLists:
    """Return the use cases of photo lists."""
    return PhotoLists(stores().photos, stores().timeline, photo_presenter(), settings().signing_keys)


@cache
def ratings() -> Ratings:
    """Return the use cases of ratings."""
    return Ratings(stores().photos, stores().ratings)


@cache
def propagation() -> Propagation:
    """Return the propagation of album changes."""
    return Propagation(stores().photos, stores().albums, stores().links, queue(), now)


@cache
def albums() -> Albums:
    """Return the use cases of albums."""
    return Albums(stores().albums, stores().idempotency, propagation(), album_presenter(), settings().signing_keys, now)


@cache
def album_photos() -> AlbumPhotos:
    """Return the use cases of the photos of albums."""
    return AlbumPhotos(
        stores().photos, stores().albums, stores().timeline, photo_presenter(), settings().signing_keys, now
    )


@cache
def album_batches() -> AlbumBatches:
    """Return the use cases of many photos of an album."""
    return AlbumBatches(stores().albums, album_photos(), limiter())


@cache
def share_links() -> ShareLinks:
    """Return the use cases of share links."""
    return ShareLinks(stores().albums, stores().links, album_presenter(), album_photos(), settings(), now)


@cache
def link_creation() -> LinkCreation:
    """Return the use case that creates share links."""
    return LinkCreation(stores().albums, stores().links, stores().idempotency, settings(), now)


@cache
def search() -> Search:
    """Return the use case of search."""
    return Search(stores().search, photo_presenter(), settings().signing_keys)


@cache
def jobs() -> Jobs:
    """Return all background jobs."""
    purge = AccountPurge(stores().deletions, bucket(), user_pool(), now)
    reindexing = Reindexing(stores().photos, stores().timeline, stores().search, stores().reindex_requests, now)
    rotations = Rotations(stores().photos, bucket(), now)
    return Jobs(
        PurgeAccountJob(stores().deletions, purge, queue(), now),
        EmptyTrashJob(stores().trash_requests, trash(), queue(), now),
        ReindexPhotosJob(stores().reindex_requests, reindexing, queue(), now),
        UpdateAlbumJob(stores().albums, propagation(), queue(), now),
        # The sweep of photos takes the longest, so run it last.
        CleanUpPhotoJob(stores().photos, bucket(), confirmation(), rotations, queue(), now),
        expired_rows=stores().expired_rows,
    )


def prepare_services() -> None:
    """Build the services of most requests now, if Lambda has started this process before a request arrives.

    AWS contract LAM-22.
    """
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
        for build in (authentication, photo_lists, upload_grants):
            build()
