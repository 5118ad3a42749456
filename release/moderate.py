"""Remove what violates your rules: `python -m release.moderate STAGE photo PHOTO_ID`, or `STAGE account USER_ID`.

The command runs the code of the API with the operator's credentials and the settings of the stage.
"""

import sys
from pathlib import Path

import boto3
import msgspec

from chalicelib import wiring
from chalicelib.accounts.accounts import PURGE_LEASE
from chalicelib.auth import restored_users
from chalicelib.domain.accounts import Caller
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.domain.messages import PurgeAccount
from release.environment import load_environment
from release.failures import exit_on_failure


class CannotRemove(Exception):
    """The photo or the account cannot be removed. The message says why."""


def main(stage: str, kind: str, name: str, data: str = ".data") -> None:
    """Remove a photo or an account."""
    load_environment(stage, Path(data))
    print({"photo": erase_photo, "account": cancel_account}[kind](name))


def erase_photo(photo_id: str) -> str:
    """Erase a photo as its owner can. Return a report with the prefix of its objects.

    Raises:
        CannotRemove: the photo does not exist, or it is already erased.
    """
    photo = wiring.stores().photos.get_photo(msgspec.convert(photo_id, PhotoId))
    if photo is None or photo.status == "erased":
        raise CannotRemove("The photo does not exist." if photo is None else "The photo is already erased.")
    wiring.photos().erase(photo.photo_id, by=Caller(photo.user_id))
    return f"Erased {photo.prefix}"


def cancel_account(user_id: str) -> str:
    """Cancel an account as its user can, and enqueue the job that deletes its data. Return a report.

    Raises:
        CannotRemove: the user pool has no user with this id, or the user has another account.
    """
    cognito, pool = boto3.client("cognito-idp"), wiring.settings().user_pool_id
    try:
        user = cognito.admin_get_user(UserPoolId=pool, Username=user_id)
    except cognito.exceptions.UserNotFoundException:
        if not wiring.user_pool().has_user(UserId(user_id)):
            raise CannotRemove("The user does not exist.") from None
    else:
        if user["Username"] != user_id:
            raise CannotRemove(f"Use the id of the user, which is {user['Username']}.")
        groups = cognito.admin_list_groups_for_user(UserPoolId=pool, Username=user_id)["Groups"]
        for account in filter(None, (restored_users.parse_group(group["GroupName"]) for group in groups)):
            if account != user_id:
                raise CannotRemove(f"Use the id of the account of this user, which is {account}.")
    now = wiring.now()
    wiring.stores().deletions.cancel_account(
        UserId(user_id), format_timestamp(now), format_timestamp(now + PURGE_LEASE)
    )
    wiring.queue().try_send([PurgeAccount(UserId(user_id))])
    return f"Cancelled {user_id}. A job deletes the data of the account."


if __name__ == "__main__":
    errors = (CannotRemove, PhotoshareError, msgspec.ValidationError, TypeError, KeyError)
    with exit_on_failure("Nothing was removed", *errors):
        main(*sys.argv[1:])
