"""Run the jobs that delete cancelled accounts, and look for what they left."""

from datetime import UTC, datetime, timedelta

import app as service
from chalicelib import wiring
from chalicelib.accounts import deletion
from chalicelib.domain.photos import GRANT_LIFETIME
from chalicelib.jobs import jobs
from tests.support import gallery
from tests.support.cloud import Cloud
from tests.support.sweeps import drain_queue

FINAL_PASS_DUE = 2 * GRANT_LIFETIME + timedelta(minutes=1)
"""The time after a cancellation from which the final pass runs."""


def run_queued_jobs(cloud: Cloud, after: timedelta = timedelta()) -> int:
    """Run the jobs in the queue, at `after` from now. Return their number."""
    bodies = drain_queue(cloud)
    for body in bodies:
        service.do(jobs.read(body), datetime.now(UTC) + after)
    return len(bodies)


def sweep_accounts(cloud: Cloud, after: timedelta) -> int:
    """Sweep cancelled accounts at `after` from now, and run the jobs. Return the number of accounts."""
    count = deletion.sweep(wiring.cancellations(), wiring.queue(), datetime.now(UTC) + after)
    assert run_queued_jobs(cloud, after) == count
    return count


def is_deleted(cloud: Cloud, user_id: str) -> bool:
    """Return True if nothing is left of an account but its "cancelled" marker."""
    left = gallery.of(cloud, user_id)
    return list(left) == [cloud.settings.account_table] and len(left[cloud.settings.account_table]) == 1
