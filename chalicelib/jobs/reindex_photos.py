"""Job: reindex the photos of users after an upgrade."""

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import Queue, ReindexPhotos
from chalicelib.photos.reindexing import Reindexing
from chalicelib.stores.user_requests import UserRequestStore

SWEEP_LIMIT = 1000
"""The maximum number of users whose photos one sweep enqueues. The next sweep enqueues the rest."""


class ReindexPhotosJob:
    """Reindex the photos of users for whom the operator has requested it."""

    message_type = ReindexPhotos

    def __init__(self, requests: UserRequestStore, reindexing: Reindexing, queue: Queue, clock: Clock) -> None:
        self._requests, self._reindexing, self._queue, self._clock = requests, reindexing, queue, clock

    def sweep(self) -> int:
        """Enqueue every user whose request is due."""
        user_ids = self._requests.list_due(format_timestamp(self._clock()), SWEEP_LIMIT)
        self._queue.send([ReindexPhotos(user_id) for user_id in user_ids])
        return len(user_ids)

    def handle(self, message: ReindexPhotos) -> None:
        """Reindex the photos of one user."""
        self._reindexing.run(message.user_id)
