"""All stores of one database. Each database has a function `build_stores`, which returns them."""

from typing import NamedTuple, Protocol

from chalicelib.stores.protocols import (
    AccountDeletionStore,
    AccountStore,
    AlbumStore,
    IdempotencyStore,
    PhotoStore,
    RatingStore,
    SearchIndex,
    ShareLinkStore,
)
from chalicelib.stores.reconciliations import RunStore
from chalicelib.stores.row_audit import RowAudit
from chalicelib.stores.timeline import TimelineStore
from chalicelib.stores.user_requests import UserRequestStore


class ExpiredRows(Protocol):
    """Rows that have expired. Every store already treats them as deleted."""

    def delete(self) -> int:
        """Delete a limited number of expired rows, and return how many. Return 0 if the database does this itself."""


class Stores(NamedTuple):
    """One implementation of every storage contract."""

    photos: PhotoStore
    accounts: AccountStore
    albums: AlbumStore
    links: ShareLinkStore
    idempotency: IdempotencyStore
    deletions: AccountDeletionStore
    ratings: RatingStore
    search: SearchIndex
    timeline: TimelineStore
    trash_requests: UserRequestStore
    reindex_requests: UserRequestStore
    expired_rows: ExpiredRows
    audit: RowAudit
    runs: RunStore
