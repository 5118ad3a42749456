"""Use cases of accounts: authenticate the caller, show the account and cancel the account."""

import logging
from datetime import timedelta
from typing import Literal

from chalicelib.auth.cognito import UserPool
from chalicelib.auth.rate_limit import Limiter
from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, Caller, Limits
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import Timestamp, format_timestamp
from chalicelib.domain.messages import PurgeAccount, Queue
from chalicelib.domain.model import Model
from chalicelib.infra.settings import Settings
from chalicelib.stores.protocols import AccountDeletionStore, AccountStore

log = logging.getLogger(__name__)

PURGE_LEASE = timedelta(hours=1)
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

    def __init__(self, store: AccountStore, user_pool: UserPool, limiter: Limiter) -> None:
        self._store, self._user_pool, self._limiter = store, user_pool, limiter

    def authenticate(self, authorization: str | None) -> Caller:
        """Return the user with this `Authorization` header. Read the account to reject tokens of cancelled accounts.

        AWS contract COG-5.

        Raises:
            InvalidToken: the header contains no valid access token, or the account is cancelled.
            TooManyRequests: the caller exceeds the rate limit.
        """
        caller = self._user_pool.authenticate(authorization)
        self._limiter.count_request(caller.user_id)
        if self._store.get_account(caller.user_id).cancelled:
            raise errors.InvalidToken
        return caller


class Accounts:
    """Show and cancel the caller's account."""

    def __init__(
        self,
        store: AccountStore,
        deletions: AccountDeletionStore,
        user_pool: UserPool,
        queue: Queue,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._store, self._deletions, self._user_pool = store, deletions, user_pool
        self._queue, self._settings, self._clock = queue, settings, clock

    def show(self, *, by: Caller) -> AccountView:
        """Return the caller's account. Create its row on the first call, unless the app is read-only."""
        email = self._user_pool.fetch_email(by)
        account = self._store.get_account(by.user_id)
        now = format_timestamp(self._clock())
        if account.created_at is None and not self._settings.read_only:
            account = self._store.open_account(Account(user_id=by.user_id, created_at=now))
        return AccountView(
            user_id=account.user_id,
            email=email,
            photo_count=account.photo_count,
            bytes=account.bytes,
            limits=self._settings.limits,
            created_at=account.created_at or now,
        )

    def cancel(self, *, by: Caller) -> CancellationView:
        """Cancel the caller's account. All its tokens become invalid immediately. A job deletes its data.

        Raises:
            Busy: the cancellation could not be stored. The sweep retries all later steps.
        """
        now = self._clock()
        self._deletions.cancel_account(by.user_id, format_timestamp(now), format_timestamp(now + PURGE_LEASE))
        try:
            self._user_pool.sign_out_everywhere(by)
        except errors.PhotoshareError:
            # The cancellation already makes the tokens invalid, and the purge deletes the user with all sessions.
            log.exception("could not sign out a cancelled account")
        self._queue.try_send([PurgeAccount(by.user_id)])
        return CancellationView(status="cancelling")
