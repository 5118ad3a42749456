"""Cancelling: an account stops at once; a job then removes everything it held, in steps that may be repeated."""

import logging
import time
from datetime import datetime, timedelta

from chalicelib.auth.cognito import Caller, Identity
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import UserId, timestamp
from chalicelib.domain.photos import GRANT_LIFETIME
from chalicelib.jobs.jobs import Cancel, Queue
from chalicelib.storage.bucket import Bucket
from chalicelib.stores.protocols import Cancellations

log = logging.getLogger(__name__)

BUDGET = timedelta(minutes=8)
"""How long one run removes rows: its function may run for fifteen minutes, and objects come after them."""
LEASE = timedelta(hours=1)
"""A run that has not ended by then is taken for lost."""
SWEEP_LIMIT = 1000


def cancel(cancellations: Cancellations, identity: Identity, queue: Queue, caller: Caller, now: datetime) -> None:
    """Cancel the caller's account: from here on no token of it is accepted.

    Raises:
        Busy: it may not be cancelled; what comes after that is for the sweep to make up for.
    """
    cancellations.begin(caller.user_id, timestamp(now), timestamp(now + LEASE))
    try:
        identity.sign_out_everywhere(caller)
        queue.send([Cancel(caller.user_id)])
    except PhotoshareError:
        log.exception("the purge of a cancelled account waits for the sweep")


def sweep(cancellations: Cancellations, queue: Queue, now: datetime) -> int:
    """Hand on every account whose purge was not ended in time, or must be looked at again; how many."""
    due = cancellations.due(timestamp(now), SWEEP_LIMIT)
    queue.send([Cancel(user_id) for user_id in due])
    return len(due)


def run(
    cancellations: Cancellations,
    bucket: Bucket,
    identity: Identity,
    queue: Queue,
    user_id: UserId,
    now: datetime,
    budget: timedelta = BUDGET,
) -> None:
    """Remove what a cancelled account left: rows, objects, renditions and the Cognito user.

    Safe to repeat, and to be killed at any point. Where `budget` does not suffice, the rest is another job. Nothing
    happens to an account that is not cancelled.

    Raises:
        Busy: something could not be removed yet.
    """
    cancelled_at = cancellations.cancelled_at(user_id)
    if cancelled_at is None:
        return
    cancellations.postpone(user_id, timestamp(now + LEASE))
    end = time.monotonic() + budget.total_seconds()
    purges = [
        cancellations.purge_albums,
        cancellations.purge_photos,
        cancellations.purge_ratings,
        cancellations.purge_records,
    ]
    while any(purge(user_id) for purge in purges):
        if time.monotonic() >= end:
            queue.send([Cancel(user_id)])
            return
    bucket.erase(f"{user_id}/")
    identity.delete(user_id)
    # What was granted or asked for before the cancelling may still arrive; afterwards nothing can.
    last = timestamp(datetime.fromisoformat(cancelled_at) + 2 * GRANT_LIFETIME)
    cancellations.end(user_id, None if last <= timestamp(now) else last)
    log.info("purged a cancelled account", extra={"final": last <= timestamp(now)})
