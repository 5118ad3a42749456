"""All stores on DynamoDB."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.infra.settings import Settings
from chalicelib.stores.backend import Stores
from chalicelib.stores.dynamodb.account_deletion import DynamoAccountDeletionStore
from chalicelib.stores.dynamodb.accounts import DynamoAccountStore
from chalicelib.stores.dynamodb.albums import DynamoAlbumStore
from chalicelib.stores.dynamodb.audit import DynamoAudit
from chalicelib.stores.dynamodb.idempotency import DynamoIdempotencyStore
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from chalicelib.stores.dynamodb.ratings import DynamoRatingStore
from chalicelib.stores.dynamodb.reconciliations import DynamoRunStore
from chalicelib.stores.dynamodb.search import DynamoSearchIndex
from chalicelib.stores.dynamodb.share_links import DynamoShareLinkStore
from chalicelib.stores.dynamodb.timeline import DynamoTimelineStore
from chalicelib.stores.dynamodb.user_requests import DynamoUserRequestStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def build_stores(settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> Stores:
    """Return the stores on the tables of `settings`. They share the client and its connections."""
    return Stores(
        photos=DynamoPhotoStore(settings, dynamodb, clock),
        accounts=DynamoAccountStore(settings, dynamodb, clock),
        albums=DynamoAlbumStore(settings, dynamodb, clock),
        links=DynamoShareLinkStore(settings, dynamodb, clock),
        idempotency=DynamoIdempotencyStore(settings, dynamodb, clock),
        deletions=DynamoAccountDeletionStore(settings, dynamodb, clock),
        ratings=DynamoRatingStore(settings, dynamodb, clock),
        search=DynamoSearchIndex(settings, dynamodb, clock),
        timeline=DynamoTimelineStore(settings, dynamodb, clock),
        trash_requests=DynamoUserRequestStore(settings, dynamodb, clock, kind="trash"),
        reindex_requests=DynamoUserRequestStore(settings, dynamodb, clock, kind="reindex"),
        expired_rows=_ExpiredRows(),
        audit=DynamoAudit(settings, dynamodb, clock),
        runs=DynamoRunStore(settings, dynamodb, clock),
    )


class _ExpiredRows:
    """`ExpiredRows` on tables with a time to live. DynamoDB deletes their expired rows."""

    def delete(self) -> int:
        return 0
