"""Purge cancelled accounts: delete their rows, objects and renditions, and their Cognito users."""

import logging
import time
from datetime import datetime, timedelta

from chalicelib.accounts.accounts import PURGE_LEASE
from chalicelib.auth.cognito import UserPool
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.photos import GRANT_LIFETIME
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.stores.protocols import AccountDeletionStore

log = logging.getLogger(__name__)

PURGE_TIME_BUDGET = timedelta(minutes=10)
"""The time budget of one run for rows. Objects follow after the rows. The function has 15 minutes.

AWS contract LAM-7.
"""


class AccountPurge:
    """Delete the data of cancelled accounts. Every method is idempotent and can be interrupted at any point."""

    def __init__(
        self, deletions: AccountDeletionStore, bucket: PhotoBuckets, user_pool: UserPool, clock: Clock
    ) -> None:
        self._deletions, self._bucket, self._user_pool, self._clock = deletions, bucket, user_pool, clock

    def run(self, user_id: UserId, budget: timedelta = PURGE_TIME_BUDGET) -> None:
        """Purge an account until no row is left or `budget` is spent. Do nothing if the account is not cancelled.

        Raises:
            Busy: some data could not be deleted. A retry continues.
        """
        now = self._clock()
        cancelled_at = self._deletions.get_cancellation_time(user_id)
        if cancelled_at is None:
            return
        self._deletions.postpone(user_id, format_timestamp(now + PURGE_LEASE))
        if not self._purge_rows(user_id, budget):
            # The next sweep enqueues another run. The remaining rows are the progress.
            self._deletions.postpone(user_id, format_timestamp(self._clock()))
            log.info("the sweep will resume the purge of an account")
            return
        self._bucket.erase(f"{user_id}/")
        self._user_pool.delete(user_id)
        # Until then, requests and grants from before the cancellation can still create rows and objects.
        last_arrival = format_timestamp(datetime.fromisoformat(cancelled_at) + 2 * GRANT_LIFETIME)
        is_final = last_arrival <= format_timestamp(now)
        self._deletions.finish_purge_run(user_id, None if is_final else last_arrival)
        log.info("purged a cancelled account", extra={"final": is_final})

    def _purge_rows(self, user_id: UserId, budget: timedelta) -> bool:
        """Delete rows until none is left or `budget` is spent. Return whether none is left."""
        end = time.monotonic() + budget.total_seconds()
        purges = (
            self._deletions.purge_albums,
            self._deletions.purge_photos,
            self._deletions.purge_ratings,
            self._deletions.purge_records,
        )
        while any(purge(user_id) for purge in purges):
            if time.monotonic() >= end:
                return False
        return True
