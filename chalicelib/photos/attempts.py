"""Attempts to process a photo: end processing that always fails.

A killed process leaves no trace, so an attempt is counted before it begins. The first attempt is not counted, so that a
photo that succeeds at once costs no additional write. Lambda, SQS and the sweep wait at least a minute before a retry,
so an attempt that begins long after the request counts as a retry.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.errors import Busy, PhotoshareError
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.renditions import Rejection, TooSlow
from chalicelib.stores.protocols import PhotoStore

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
"""The number of counted attempts after which processing ends."""
ATTEMPT_INTERVAL = timedelta(seconds=50)
"""The age of a request at which an attempt counts as a retry, and the shortest time between two counted attempts.

Concurrent attempts therefore count once. AWS contract LAM-1.
"""


class ProcessingFailed(Rejection):
    """The service failed to process the photo several times. The operator can try again after a fix."""


class Attempts:
    """Count attempts to process photos."""

    def __init__(self, store: PhotoStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    @contextmanager
    def count(self, photo: Photo, requested_at: datetime) -> Iterator[Photo]:
        """Count an attempt to process a photo that the client requested at this time. Yield the stored photo.

        Subtract the attempt if a dependency fails, or if the photo is too large for the caller.

        Raises:
            ProcessingFailed: `MAX_ATTEMPTS` attempts have failed.
            Busy: other writers keep changing the photo.
        """
        counted = self._add(photo, requested_at)
        try:
            yield counted or photo
        except (PhotoshareError, TooSlow):
            if counted:
                # Another writer may have changed the photo. The attempt then stays counted.
                with suppress(Busy):
                    self._store.replace(counted, counted.with_(attempts=counted.attempts - 1))
            raise

    def _add(self, photo: Photo, requested_at: datetime) -> Photo | None:
        """Count an attempt, and return the changed photo. Return None if the attempt does not count."""
        now = self._clock()
        if now - requested_at < ATTEMPT_INTERVAL:
            return None
        cached: list[Photo | None] = [photo]

        def attempt() -> Photo | None:
            current = cached.pop() if cached else self._store.get_photo(photo.photo_id)
            if current is None or (current.status, current.wanted_rotation) != (photo.status, photo.wanted_rotation):
                return None
            if current.attempted_at and now - datetime.fromisoformat(current.attempted_at) < ATTEMPT_INTERVAL:
                return None
            if current.attempts >= MAX_ATTEMPTS:
                raise ProcessingFailed
            counted = current.with_(attempts=current.attempts + 1, attempted_at=format_timestamp(now))
            if not self._store.replace(current, counted):
                raise WriteConflict
            log.warning("retrying to process a photo", extra={"photo_id": photo.photo_id, "attempt": counted.attempts})
            return counted.with_(revision=current.revision + 1)

        return retry_on_conflict(attempt, error_factory=Busy)
