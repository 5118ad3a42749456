"""Export the users of a stage, or add them to a rebuilt user pool: `python -m release.users STAGE export|import FILE`.

FILE is the path of a CSV file, or a URL such as s3://BUCKET/users/2026-11-27.csv. The file contains the account, the
address and the status of each user, but no password. After an import, users set a new password by e-mail.
"""

import argparse
import csv
import io
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import msgspec

from chalicelib import wiring
from chalicelib.auth import restored_users
from chalicelib.auth.cognito import UserPool
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import UserId
from chalicelib.infra.settings import MissingSetting
from chalicelib.stores.protocols import AccountStore
from release.environment import load_environment
from release.failures import exit_on_failure

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class User(msgspec.Struct, frozen=True):
    """A line of an export."""

    user_id: UserId
    """The id of the account."""
    email: str
    email_verified: str
    status: str
    enabled: str


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m release.users")
    parser.add_argument("stage")
    parser.add_argument("action", choices=["export", "import"])
    parser.add_argument("file")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="the directory of the local cloud")
    arguments = parser.parse_args()
    load_environment(arguments.stage, arguments.data)
    cognito, pool_id = boto3.client("cognito-idp"), wiring.settings().user_pool_id
    if arguments.action == "export":
        users = [*list_users(cognito, pool_id)]
        write_file(arguments.file, users)
        print(f"Exported {len(users)} users.")
        return
    restoration = Restoration(cognito, pool_id, wiring.user_pool(), wiring.stores().accounts)
    outcomes = Counter(map(restoration.restore, read_file(arguments.file)))
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome}: {count}")


def list_users(cognito: "CognitoIdentityProviderClient", pool_id: str) -> Iterator[User]:
    """Yield the users of a user pool with the ids of their accounts."""
    accounts = {
        name: user_id
        for user_id in restored_users.list_accounts(cognito, pool_id)
        for name in restored_users.list_members(cognito, pool_id, user_id) or ()
    }
    for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool_id):
        for user in page["Users"]:
            attributes = {attribute["Name"]: attribute.get("Value", "") for attribute in user["Attributes"]}
            yield User(
                user_id=accounts.get(user["Username"], UserId(attributes["sub"])),
                email=attributes.get("email", ""),
                email_verified=attributes.get("email_verified", "false"),
                status=user["UserStatus"],
                enabled=str(user["Enabled"]).lower(),
            )


class Restoration:
    """Create the users of accounts again."""

    def __init__(
        self, cognito: "CognitoIdentityProviderClient", pool_id: str, user_pool: UserPool, accounts: AccountStore
    ) -> None:
        self._cognito, self._pool_id = cognito, pool_id
        self._user_pool, self._accounts = user_pool, accounts

    def restore(self, user: User) -> str:
        """Create a user again, unless the user or the account has changed. Return the outcome.

        The password is set last, so a repeated call resumes an interrupted one. Until then, the user cannot sign in.
        """
        if user.email_verified != "true" or user.status == "UNCONFIRMED":
            return "skipped, because the address was not confirmed"
        if self._accounts.get_account(user.user_id).cancelled:
            return "skipped, because the account is cancelled"
        status = self._read_status(user.email)
        if status != "FORCE_CHANGE_PASSWORD":
            if self._user_pool.has_user(user.user_id):
                return "already in the user pool"
            if status == "UNCONFIRMED":
                # Anyone can sign up with any address, and has no account until the address is confirmed.
                self._cognito.admin_delete_user(UserPoolId=self._pool_id, Username=user.email)
            elif status is not None:
                return "skipped, because the address has a new account"
        self._create_user(user)
        return "restored"

    def _read_status(self, email: str) -> str | None:
        """Return the status of the user with an address, or None if there is no such user."""
        try:
            return self._cognito.admin_get_user(UserPoolId=self._pool_id, Username=email)["UserStatus"]
        except self._cognito.exceptions.UserNotFoundException:
            return None

    def _create_user(self, user: User) -> None:
        cognito, pool_id, group = self._cognito, self._pool_id, restored_users.name_group(user.user_id)
        with suppress(cognito.exceptions.GroupExistsException):
            cognito.create_group(UserPoolId=pool_id, GroupName=group)
        with suppress(cognito.exceptions.UsernameExistsException):
            cognito.admin_create_user(
                UserPoolId=pool_id,
                Username=user.email,
                UserAttributes=[{"Name": "email", "Value": user.email}, {"Name": "email_verified", "Value": "true"}],
                MessageAction="SUPPRESS",
            )
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=user.email, GroupName=group)
        if user.enabled != "true":
            cognito.admin_disable_user(UserPoolId=pool_id, Username=user.email)
        # Cognito sends reset codes only to users with a permanent password. AWS contract COG-22.
        password = f"Aa1-{secrets.token_urlsafe(32)}"
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=user.email, Password=password, Permanent=True)


def write_file(name: str, users: list[User]) -> None:
    """Write an export. Only the owner may read a local file. S3 encrypts an object."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(User.__struct_fields__)
    writer.writerows(map(msgspec.structs.astuple, users))
    content = text.getvalue().encode()
    if name.startswith("s3://"):
        bucket, _, key = name.removeprefix("s3://").partition("/")
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=content, ServerSideEncryption="AES256")
        return
    with open(name, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(content)


def read_file(name: str) -> list[User]:
    """Read an export."""
    if name.startswith("s3://"):
        bucket, _, key = name.removeprefix("s3://").partition("/")
        content = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    else:
        content = Path(name).read_bytes()
    return [msgspec.convert(line, User) for line in csv.DictReader(io.StringIO(content.decode(), newline=""))]


if __name__ == "__main__":
    errors = (PhotoshareError, MissingSetting, OSError, msgspec.ValidationError)
    with exit_on_failure("The command is incomplete. Run it again", *errors):
        main()
