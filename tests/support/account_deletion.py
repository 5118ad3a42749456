"""Run the jobs that delete cancelled accounts, and find the data that remains."""

from datetime import UTC, datetime, timedelta

import time_machine

from chalicelib import wiring
from chalicelib.accounts.deletion import AccountPurge
from chalicelib.domain.photos import GRANT_LIFETIME
from chalicelib.jobs.purge_account import PurgeAccountJob
from tests.support import gallery
from tests.support.cloud import Cloud
from tests.support.sweeps import drain_queue, run_job

FINAL_PASS_DUE = 2 * GRANT_LIFETIME + timedelta(minutes=1)
"""The time after a cancellation from which the final pass runs."""


def purge() -> AccountPurge:
    """Return the purge of cancelled accounts."""
    return AccountPurge(wiring.stores().deletions, wiring.bucket(), wiring.user_pool(), wiring.now)


def purge_job() -> PurgeAccountJob:
    """Return the job that purges cancelled accounts."""
    return PurgeAccountJob(wiring.stores().deletions, purge(), wiring.queue(), wiring.now)


def run_queued_jobs(cloud: Cloud, after: timedelta = timedelta()) -> int:
    """Run the jobs in the queue, at `after` from now. Return their number."""
    bodies = drain_queue(cloud)
    for body in bodies:
        run_job(body, datetime.now(UTC) + after)
    return len(bodies)


def sweep_accounts(cloud: Cloud, after: timedelta) -> int:
    """Sweep cancelled accounts at `after` from now, and run the jobs. Return the number of accounts."""
    with time_machine.travel(datetime.now(UTC) + after):
        count = purge_job().sweep()
    assert run_queued_jobs(cloud, after) == count
    return count


def is_deleted(cloud: Cloud, user_id: str) -> bool:
    """Return True if only the "cancelled" marker of an account remains."""
    remaining = gallery.data_about(cloud, user_id)
    return list(remaining) == [cloud.stored.accounts] and len(remaining[cloud.stored.accounts]) == 1
