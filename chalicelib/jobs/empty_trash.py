"""Job: empty the trash of users who have requested it."""

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import EmptyTrash, Queue
from chalicelib.photos.trash import Trash
from chalicelib.stores.user_requests import UserRequestStore

SWEEP_LIMIT = 1000
"""The maximum number of users whose trash one sweep enqueues. The next sweep enqueues the rest."""


class EmptyTrashJob:
    """Empty the trash of users who have requested it."""

    message_type = EmptyTrash

    def __init__(self, requests: UserRequestStore, trash: Trash, queue: Queue, clock: Clock) -> None:
        self._requests, self._trash, self._queue, self._clock = requests, trash, queue, clock

    def sweep(self) -> int:
        """Enqueue every user whose request is due."""
        user_ids = self._requests.list_due(format_timestamp(self._clock()), SWEEP_LIMIT)
        self._queue.send([EmptyTrash(user_id) for user_id in user_ids])
        return len(user_ids)

    def handle(self, message: EmptyTrash) -> None:
        """Empty the trash of one user."""
        self._trash.run(message.user_id)
