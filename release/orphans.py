"""List accounts without a Cognito user, or cancel those that you name: `python -m release.orphans STAGE [USER_ID ...]`.

Check first that the user pool is intact: if the pool was lost, no account has a user.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from chalicelib import wiring
from chalicelib.accounts.accounts import PURGE_LEASE
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.messages import PurgeAccount
from chalicelib.infra.settings import MissingSetting
from chalicelib.stores.row_audit import iterate_rows
from release.environment import load_environment
from release.failures import exit_on_failure


class NotAnOrphan(Exception):
    """A named account is not a current account without a user. The message is its id."""


def main() -> None:
    """List the accounts, or cancel the named ones."""
    parser = argparse.ArgumentParser(prog="python -m release.orphans")
    parser.add_argument("stage")
    parser.add_argument("user_ids", nargs="*")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="the directory of the local cloud")
    arguments = parser.parse_args()
    load_environment(arguments.stage, arguments.data)
    if arguments.user_ids:
        cancel_orphans(arguments.user_ids)
        print(f"Accounts cancelled: {len(arguments.user_ids)}. Jobs delete their data.")
        return
    count = 0
    for user_id, photo_count in find_orphans(wiring.user_pool().has_user):
        count += 1
        print(f"{user_id}: {photo_count} photos")
    print(f"Accounts without a Cognito user: {count}.")


def find_orphans(has_user: Callable[[UserId], bool]) -> Iterator[tuple[UserId, int]]:
    """Yield the accounts that are not cancelled and have no Cognito user, with the number of their photos."""
    for account in iterate_rows(wiring.stores().audit.scan_accounts):
        if not account.is_cancelled and not has_user(account.user_id):
            yield account.user_id, account.photo_count


def cancel_orphans(user_ids: list[str]) -> None:
    """Cancel accounts without a Cognito user, and enqueue the jobs that delete their data.

    Raises:
        NotAnOrphan: one of them has a user, does not exist, or is cancelled. No account is cancelled.
    """
    ids = [UserId(user_id) for user_id in user_ids]
    for user_id in ids:
        account = wiring.stores().accounts.get_account(user_id)
        if account.created_at is None or account.cancelled or wiring.user_pool().has_user(user_id):
            raise NotAnOrphan(user_id)
    now = wiring.now()
    for user_id in ids:
        wiring.stores().deletions.cancel_account(user_id, format_timestamp(now), format_timestamp(now + PURGE_LEASE))
        wiring.queue().send([PurgeAccount(user_id)])


if __name__ == "__main__":
    with exit_on_failure("The command is incomplete. Run it again", PhotoshareError, MissingSetting, OSError, KeyError):
        try:
            main()
        except NotAnOrphan as error:
            sys.exit(
                f"No account was cancelled. The account {error} has a Cognito user, does not exist, or is cancelled."
            )
