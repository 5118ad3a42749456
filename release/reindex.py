"""Request to reindex the photos of all users after an upgrade: `python -m release.reindex STAGE`.

The command adds a request for each account. The hourly sweep starts a job for each request. Repeat the command if it
fails: jobs skip the photos that are up to date.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from chalicelib import wiring
from chalicelib.domain.ids import format_timestamp
from chalicelib.infra.settings import MissingSetting
from chalicelib.stores.backend import Stores
from chalicelib.stores.row_audit import iterate_rows
from release.environment import load_environment
from release.failures import exit_on_failure


def main(stage: str, data: str = ".data") -> None:
    """Add the requests of a stage, in the database that its functions use."""
    load_environment(stage, Path(data))
    count = request_reindexing(wiring.stores(), datetime.now(UTC))
    print(f"Requested to reindex the photos of {count} users. The hourly sweep starts the jobs.")


def request_reindexing(stores: Stores, now: datetime) -> int:
    """Add a request for each account that is not cancelled, and return the number of requests."""
    time, count = format_timestamp(now), 0
    for account in iterate_rows(stores.audit.scan_accounts):
        if not account.is_cancelled:
            stores.reindex_requests.add(account.user_id, time, time)
            count += 1
    return count


if __name__ == "__main__":
    with exit_on_failure("Not all photos will be reindexed. Run the command again", MissingSetting, TypeError):
        main(*sys.argv[1:])
