"""Job: purge cancelled accounts."""

from chalicelib.accounts.deletion import AccountPurge
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import PurgeAccount, Queue
from chalicelib.stores.protocols import AccountDeletionStore

SWEEP_LIMIT = 1000
"""The maximum number of accounts that one sweep enqueues. The next sweep enqueues the rest."""


class PurgeAccountJob:
    """Purge cancelled accounts."""

    message_type = PurgeAccount

    def __init__(self, deletions: AccountDeletionStore, purge: AccountPurge, queue: Queue, clock: Clock) -> None:
        self._deletions, self._purge, self._queue, self._clock = deletions, purge, queue, clock

    def sweep(self) -> int:
        """Enqueue every account whose purge is overdue or must be repeated."""
        user_ids = self._deletions.list_due(format_timestamp(self._clock()), SWEEP_LIMIT)
        self._queue.send([PurgeAccount(user_id) for user_id in user_ids])
        return len(user_ids)

    def handle(self, message: PurgeAccount) -> None:
        """Purge one account."""
        self._purge.run(message.user_id)
