"""Empty the trash of a user in the background.

The request stores its time, so that the job erases only photos that were in the trash by then. If the job is lost or
runs out of time, the sweep enqueues it again.
"""

import logging
import time
from datetime import datetime, timedelta

from chalicelib.domain.accounts import Caller
from chalicelib.domain.clock import Clock
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, Timestamp, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.messages import EmptyTrash, Queue
from chalicelib.domain.photos import GRANT_LIFETIME, Photo
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.stores.protocols import PhotoStore
from chalicelib.stores.user_requests import UserRequestStore

log = logging.getLogger(__name__)

EMPTYING_LEASE = timedelta(minutes=15)
"""The time that a job has for one page of the trash. After that, the sweep enqueues another job."""
EMPTYING_TIME_BUDGET = timedelta(minutes=10)
"""The time budget of one run, within the 15 minutes of its function. AWS contract LAM-7."""
LIST_LAG = timedelta(minutes=1)
"""The time until the list of the trash contains every photo that entered the trash before the request."""
_BATCH_SIZE = 100


class Trash:
    """Empty the trash. `run` is idempotent and can be interrupted at any point."""

    def __init__(
        self, store: PhotoStore, requests: UserRequestStore, bucket: PhotoBuckets, queue: Queue, clock: Clock
    ) -> None:
        self._store, self._requests, self._bucket, self._queue, self._clock = store, requests, bucket, queue, clock

    def empty(self, *, by: Caller) -> None:
        """Request to erase all photos that are now in the caller's trash. A job erases the photos."""
        now = self._clock()
        self._requests.add(by.user_id, format_timestamp(now), format_timestamp(now + EMPTYING_LEASE))
        self._queue.try_send([EmptyTrash(by.user_id)])

    def run(self, user_id: UserId, budget: timedelta = EMPTYING_TIME_BUDGET) -> None:
        """Erase the photos in the trash of a user until all are erased or `budget` is spent.

        Raises:
            Busy: some photos could not be erased. The others are erased.
        """
        requested_at = self._requests.get_time(user_id)
        if requested_at is None:
            return
        end = time.monotonic() + budget.total_seconds()
        failures, after = 0, None
        while True:
            self._postpone(user_id, requested_at, self._clock() + EMPTYING_LEASE)
            listing = Listing(scope="trash", owner=user_id)
            photos = self._store.list_by_time(listing, _BATCH_SIZE, newest_first=False, after=after)
            failures += sum(not self._try_erase(photo.photo_id, requested_at) for photo in photos)
            if len(photos) < _BATCH_SIZE:
                break
            if time.monotonic() >= end:
                self._postpone(user_id, requested_at, self._clock())
                log.info("the sweep will resume emptying the trash of a user")
                return
            after = photos[-1].photo_id
        if failures:
            raise Busy
        self._finish(user_id, requested_at)

    def _finish(self, user_id: UserId, requested_at: Timestamp) -> None:
        """Remove the request. If the list of the trash may have lagged behind, let the sweep repeat the job first."""
        last_arrival = datetime.fromisoformat(requested_at) + LIST_LAG
        if self._clock() < last_arrival:
            self._postpone(user_id, requested_at, last_arrival)
        else:
            self._requests.remove(user_id, requested_at)

    def _postpone(self, user_id: UserId, requested_at: Timestamp, until: datetime) -> None:
        self._requests.postpone(user_id, requested_at, format_timestamp(until))

    def _try_erase(self, photo_id: PhotoId, requested_at: Timestamp) -> bool:
        """Erase a photo. Return False if it could not be erased."""
        try:
            self._erase(photo_id, requested_at)
        except Busy:
            log.exception("could not erase a photo in the trash", extra={"photo_id": photo_id})
            return False
        return True

    def _erase(self, photo_id: PhotoId, requested_at: Timestamp) -> None:
        """Erase a photo, unless its owner has restored it or has moved it to the trash after the request."""

        def attempt() -> Photo | None:
            photo = self._store.get_photo(photo_id)
            if photo is None or photo.trashed_at is None or photo.trashed_at > requested_at:
                return None
            if not self._store.replace(photo, photo.to_tombstone(due_at)):
                raise WriteConflict
            return photo

        due_at = format_timestamp(self._clock() + 2 * GRANT_LIFETIME)
        if photo := retry_on_conflict(attempt, error_factory=Busy):
            self._bucket.erase(photo.prefix)
            # One call deletes a limited number of ratings. The sweep deletes the rest.
            self._store.delete_ratings(photo_id)
