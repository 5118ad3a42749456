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
        """Delete expired rows, in a bounded number, and return how many. A database that does this itself returns 0."""


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
