"""Use cases of accounts: authenticate the caller, show the account and cancel the account."""

import logging
from datetime import timedelta
from typing import Literal

from chalicelib.auth.cognito import Identity
from chalicelib.auth.rate_limit import Limiter
from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, Caller, Limits
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import Timestamp, timestamp
from chalicelib.domain.messages import PurgeAccount, Queue
from chalicelib.domain.model import Model
from chalicelib.stores.protocols import AccountDeletionStore, AccountStore

log = logging.getLogger(__name__)

LEASE = timedelta(hours=1)
"""The time that a purge has to finish before the sweep enqueues the account again."""


class AccountView(Model, frozen=True):
    """The caller's usage and limits."""

    user_id: str
    email: str
    photo_count: int
    bytes: int
    limits: Limits
    created_at: Timestamp


class CancellationView(Model, frozen=True):
    """The result of a cancellation."""

    status: Literal["cancelling"]


class Authentication:
    """Authenticate callers."""

    def __init__(self, store: AccountStore, identity: Identity, limiter: Limiter) -> None:
        self._store, self._identity, self._limiter = store, identity, limiter

    def authenticate(self, authorization: str | None) -> Caller:
        """Return the user with this `Authorization` header. Read the account to reject tokens of cancelled accounts.

        AWS contract COG-5.

        Raises:
            InvalidToken: the header contains no valid access token, or the account is cancelled.
            TooManyRequests: the caller exceeds the rate limit.
        """
        caller = self._identity.authenticate(authorization)
        self._limiter.count_request(caller.user_id)
        if self._store.account(caller.user_id).cancelled:
            raise errors.InvalidToken
        return caller


class Accounts:
    """Show and cancel the caller's account."""

    def __init__(
        self,
        store: AccountStore,
        deletions: AccountDeletionStore,
        identity: Identity,
        queue: Queue,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._store, self._deletions, self._identity = store, deletions, identity
        self._queue, self._limits, self._clock = queue, limits, clock

    def show(self, *, by: Caller) -> AccountView:
        """Return the caller's account. Create its row on the first call."""
        email = self._identity.fetch_email(by)
        account = self._store.account(by.user_id)
        now = timestamp(self._clock())
        if account.created_at is None:
            account = self._store.open_account(Account(user_id=by.user_id, created_at=now))
        return AccountView(
            user_id=account.user_id,
            email=email,
            photo_count=account.photo_count,
            bytes=account.bytes,
            limits=self._limits,
            created_at=account.created_at or now,
        )

    def cancel(self, *, by: Caller) -> CancellationView:
        """Cancel the caller's account. All its tokens become invalid immediately. A job deletes its data.

        Raises:
            Busy: the cancellation could not be stored. The sweep retries all later steps.
        """
        now = self._clock()
        self._deletions.begin(by.user_id, timestamp(now), timestamp(now + LEASE))
        try:
            self._identity.sign_out_everywhere(by)
            self._queue.send([PurgeAccount(by.user_id)])
        except errors.PhotoshareError:
            log.exception("the sweep will start the purge of an account")
        return CancellationView(status="cancelling")
