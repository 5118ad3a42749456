"""Reindex the photos of a user after an upgrade: list them in the order `taken`, count them, and add their words.

The rows of a photo show if the photo is listed and counted, so a repeated run changes nothing. If a run is lost or out
of time, the sweep enqueues the job again.
"""

import logging
import time
from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, Timestamp, UserId, format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.stores.protocols import PhotoStore, SearchIndex
from chalicelib.stores.timeline import TimelineStore
from chalicelib.stores.user_requests import UserRequestStore

log = logging.getLogger(__name__)

REINDEXING_LEASE = timedelta(minutes=15)
"""The time that a job has for one batch of photos. After that, the sweep enqueues another job."""
REINDEXING_TIME_BUDGET = timedelta(minutes=10)
"""The time budget of one run, within the 15 minutes of its function. AWS contract LAM-7."""
_BATCH_SIZE = 100


class Reindexing:
    """Reindex photos. `run` is idempotent and can be interrupted at any point."""

    def __init__(
        self,
        store: PhotoStore,
        timeline: TimelineStore,
        index: SearchIndex,
        requests: UserRequestStore,
        clock: Clock,
    ) -> None:
        self._store, self._timeline, self._index = store, timeline, index
        self._requests, self._clock = requests, clock

    def run(self, user_id: UserId, budget: timedelta = REINDEXING_TIME_BUDGET) -> None:
        """Reindex the photos of a user until all are up to date or `budget` is spent. Do nothing without a request.

        Raises:
            Busy: other writers keep changing a photo. A retry continues.
        """
        requested_at = self._requests.get_time(user_id)
        if requested_at is None:
            return
        end = time.monotonic() + budget.total_seconds()
        after = None
        while True:
            self._postpone(user_id, requested_at, self._clock() + REINDEXING_LEASE)
            photo_ids = self._timeline.list_all_ids(user_id, _BATCH_SIZE, after=after)
            self._reindex_all(photo_ids)
            if len(photo_ids) < _BATCH_SIZE:
                break
            if time.monotonic() >= end:
                # The next run skips the photos that are up to date.
                self._postpone(user_id, requested_at, self._clock())
                log.info("the sweep will resume reindexing the photos of a user")
                return
            after = photo_ids[-1]
        self._requests.remove(user_id, requested_at)

    def _postpone(self, user_id: UserId, requested_at: Timestamp, until: datetime) -> None:
        self._requests.postpone(user_id, requested_at, format_timestamp(until))

    def _reindex_all(self, photo_ids: list[PhotoId]) -> None:
        remaining = photo_ids

        def attempt() -> None:
            nonlocal remaining
            photos = self._store.get_photos(remaining)
            remaining = [photo_id for photo_id, photo in photos.items() if not self._reindex(photo)]
            if remaining:
                raise WriteConflict

        retry_on_conflict(attempt, error_factory=Busy)

    def _reindex(self, photo: Photo) -> bool:
        # The timeline changes the revision of the photo, so it comes last.
        return self._index.reindex(photo) and self._timeline.reindex(photo)
