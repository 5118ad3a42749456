"""All stores on PostgreSQL."""

import time
from collections.abc import Callable

from chalicelib.stores.backend import Stores
from chalicelib.stores.postgres.account_deletion import PostgresAccountDeletionStore
from chalicelib.stores.postgres.accounts import PostgresAccountStore
from chalicelib.stores.postgres.albums import PostgresAlbumStore
from chalicelib.stores.postgres.audit import PostgresAudit
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.expiry import PostgresExpiredRows
from chalicelib.stores.postgres.idempotency import PostgresIdempotencyStore
from chalicelib.stores.postgres.photos import PostgresPhotoStore
from chalicelib.stores.postgres.ratings import PostgresRatingStore
from chalicelib.stores.postgres.reconciliations import PostgresRunStore
from chalicelib.stores.postgres.search import PostgresSearchIndex
from chalicelib.stores.postgres.share_links import PostgresShareLinkStore
from chalicelib.stores.postgres.timeline import PostgresTimelineStore
from chalicelib.stores.postgres.user_requests import PostgresUserRequestStore


def build_stores(database: Database, clock: Callable[[], float] = time.time) -> Stores:
    """Return the stores on the tables of a database."""
    return Stores(
        photos=PostgresPhotoStore(database, clock),
        accounts=PostgresAccountStore(database, clock),
        albums=PostgresAlbumStore(database, clock),
        links=PostgresShareLinkStore(database, clock),
        idempotency=PostgresIdempotencyStore(database, clock),
        deletions=PostgresAccountDeletionStore(database, clock),
        ratings=PostgresRatingStore(database),
        search=PostgresSearchIndex(database),
        timeline=PostgresTimelineStore(database, clock),
        trash_requests=PostgresUserRequestStore(database, "trash"),
        reindex_requests=PostgresUserRequestStore(database, "reindex"),
        expired_rows=PostgresExpiredRows(database, clock),
        audit=PostgresAudit(database, clock),
        runs=PostgresRunStore(database, clock),
    )
