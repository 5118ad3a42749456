"""Build each service on its first use, once per process. Importing this module builds nothing."""

import time
from functools import cache
from typing import Any

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
from chalicelib.stores import protocols
from chalicelib.stores.dynamodb.account_deletion import DynamoAccountDeletionStore
from chalicelib.stores.dynamodb.accounts import DynamoAccountStore
from chalicelib.stores.dynamodb.albums import DynamoAlbumStore
from chalicelib.stores.dynamodb.idempotency import DynamoIdempotencyStore
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from chalicelib.stores.dynamodb.ratings import DynamoRatingStore
from chalicelib.stores.dynamodb.search import DynamoSearchIndex
from chalicelib.stores.dynamodb.share_links import DynamoShareLinkStore
from chalicelib.stores.dynamodb.timeline import DynamoTimelineStore
from chalicelib.stores.dynamodb.user_requests import DynamoUserRequestStore, RequestKind
from chalicelib.stores.timeline import TimelineStore
from chalicelib.stores.user_requests import UserRequestStore
from chalicelib.uploads.confirmation import UploadConfirmation
from chalicelib.uploads.grants import UploadGrants
from chalicelib.uploads.moderation import Moderator, Rekognition


@cache
def settings() -> Settings:
    """Return the settings. Read the environment once."""
    return load_settings()


@cache
def dynamodb() -> Any:
    """Return the DynamoDB client. All stores share it and its connections."""
    return aws.create_client("dynamodb")


@cache
def photo_store() -> protocols.PhotoStore:
    """Return the store of photos."""
    return DynamoPhotoStore(settings(), dynamodb())


@cache
def account_store() -> protocols.AccountStore:
    """Return the store of accounts."""
    return DynamoAccountStore(settings(), dynamodb())


@cache
def share_link_store() -> protocols.ShareLinkStore:
    """Return the store of share links."""
    return DynamoShareLinkStore(settings(), dynamodb())


@cache
def album_store() -> protocols.AlbumStore:
    """Return the store of albums."""
    return DynamoAlbumStore(settings(), dynamodb())


@cache
def idempotency_store() -> protocols.IdempotencyStore:
    """Return the store of idempotency records."""
    return DynamoIdempotencyStore(settings(), dynamodb())


@cache
def account_deletion_store() -> protocols.AccountDeletionStore:
    """Return the store of cancelled accounts."""
    return DynamoAccountDeletionStore(settings(), dynamodb())


@cache
def timeline_store() -> TimelineStore:
    """Return the store of the order `taken`."""
    return DynamoTimelineStore(settings(), dynamodb())


@cache
def request_store(kind: RequestKind) -> UserRequestStore:
    """Return the store of requests for one kind of job."""
    return DynamoUserRequestStore(settings(), dynamodb(), kind=kind)


@cache
def rating_store() -> protocols.RatingStore:
    """Return the store of ratings."""
    return DynamoRatingStore(settings(), dynamodb())


@cache
def search_index() -> protocols.SearchIndex:
    """Return the search index."""
    return DynamoSearchIndex(settings(), dynamodb())


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
    return AlbumPresenter(album_store(), photo_store(), photo_presenter())


@cache
def authentication() -> Authentication:
    """Return the authentication of callers."""
    return Authentication(account_store(), user_pool(), limiter())


@cache
def accounts() -> Accounts:
    """Return the use cases of accounts."""
    return Accounts(account_store(), account_deletion_store(), user_pool(), queue(), settings().limits, now)


@cache
def upload_grants() -> UploadGrants:
    """Return the use case of upload grants."""
    return UploadGrants(photo_store(), album_store(), idempotency_store(), bucket(), settings().limits, now)


@cache
def confirmation() -> UploadConfirmation:
    """Return the confirmation of uploads."""
    return UploadConfirmation(photo_store(), account_store(), bucket(), moderator(), photo_presenter(), now)


@cache
def photos() -> Photos:
    """Return the use cases of single photos."""
    return Photos(photo_store(), bucket(), photo_presenter(), queue(), now)


@cache
def photo_batches() -> PhotoBatches:
    """Return the use cases of many photos."""
    return PhotoBatches(photo_store(), photos(), limiter())


@cache
def trash() -> Trash:
    """Return the use case that empties the trash."""
    return Trash(photo_store(), request_store("trash"), bucket(), queue(), now)


@cache
def photo_lists() -> PhotoLists:
    """Return the use cases of photo lists."""
    return PhotoLists(photo_store(), timeline_store(), photo_presenter(), settings().signing_keys)


@cache
def ratings() -> Ratings:
    """Return the use cases of ratings."""
    return Ratings(photo_store(), rating_store())


@cache
def propagation() -> Propagation:
    """Return the propagation of album changes."""
    return Propagation(photo_store(), album_store(), share_link_store(), queue(), now)


@cache
def albums() -> Albums:
    """Return the use cases of albums."""
    return Albums(album_store(), idempotency_store(), propagation(), album_presenter(), settings().signing_keys, now)


@cache
def album_photos() -> AlbumPhotos:
    """Return the use cases of the photos of albums."""
    stores = (photo_store(), album_store(), timeline_store())
    return AlbumPhotos(*stores, photo_presenter(), settings().signing_keys, now)


@cache
def album_batches() -> AlbumBatches:
    """Return the use cases of many photos of an album."""
    return AlbumBatches(album_store(), album_photos(), limiter())


@cache
def share_links() -> ShareLinks:
    """Return the use cases of share links."""
    keys = settings().signing_keys
    return ShareLinks(album_store(), share_link_store(), album_presenter(), album_photos(), keys, now)


@cache
def link_creation() -> LinkCreation:
    """Return the use case that creates share links."""
    return LinkCreation(album_store(), share_link_store(), idempotency_store(), settings(), now)


@cache
def search() -> Search:
    """Return the use case of search."""
    return Search(search_index(), photo_presenter(), settings().signing_keys)


@cache
def jobs() -> Jobs:
    """Return all background jobs."""
    purge = AccountPurge(account_deletion_store(), bucket(), user_pool(), now)
    reindexing = Reindexing(photo_store(), timeline_store(), search_index(), request_store("reindex"), now)
    rotations = Rotations(photo_store(), bucket(), now)
    return Jobs(
        PurgeAccountJob(account_deletion_store(), purge, queue(), now),
        EmptyTrashJob(request_store("trash"), trash(), queue(), now),
        ReindexPhotosJob(request_store("reindex"), reindexing, queue(), now),
        UpdateAlbumJob(album_store(), propagation(), queue(), now),
        # The sweep of photos takes the longest, so run it last.
        CleanUpPhotoJob(photo_store(), bucket(), confirmation(), rotations, queue(), now),
    )
