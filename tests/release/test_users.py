"""An exported user keeps the account after a rebuild of the user pool. No other user gets access to it."""

from pathlib import Path
from typing import Any, NamedTuple

import boto3
import jwt
import msgspec
import pytest

from chalicelib import wiring
from chalicelib.auth import restored_users
from chalicelib.auth.cognito import UserPool
from chalicelib.domain.errors import InvalidCredentials, InvalidToken
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.infra import aws
from release.moderate import CannotRemove, cancel_account
from release.users import Restoration, User, list_users, read_file, write_file
from tests.support.cloud import Cloud
from tests.support.rest import PASSWORD
from tests.support.services import rebuild_services

EMAIL = "ann@example.com"


class Pool(NamedTuple):
    """A user pool, the client of an administrator, and the restoration of lost users."""

    id: str
    users: UserPool
    cognito: Any
    restoration: Restoration

    def sign_up(self, email: str = EMAIL) -> UserId:
        """Return the id of a new user."""
        user = self.users.sign_up(email, PASSWORD)
        self.users.confirm_sign_up(email, "123456")
        # Cognito does this itself, but moto does not.
        verified = [{"Name": "email_verified", "Value": "true"}]
        self.cognito.admin_update_user_attributes(UserPoolId=self.id, Username=email, UserAttributes=verified)
        return user.user_id

    def export(self) -> list[User]:
        return [*list_users(self.cognito, self.id)]

    def lose_users(self) -> None:
        for user in self.cognito.list_users(UserPoolId=self.id)["Users"]:
            self.cognito.admin_delete_user(UserPoolId=self.id, Username=user["Username"])

    def find_account(self) -> tuple[str, str]:
        """Sign in, and return the ids of the account and of the user."""
        claims = jwt.decode(self.users.log_in(EMAIL, PASSWORD).access_token, options={"verify_signature": False})
        return restored_users.find_account(claims), claims["sub"]

    def reset_password(self) -> None:
        """Set a new password, as a user does by email."""
        self.cognito.admin_set_user_password(UserPoolId=self.id, Username=EMAIL, Password=PASSWORD, Permanent=True)


@pytest.fixture
def pool(cloud: Cloud) -> Pool:
    cognito = boto3.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="users", UsernameAttributes=["email"])["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    settings = msgspec.structs.replace(cloud.settings, user_pool_id=pool_id, user_pool_client_id=client)
    users = UserPool(settings, aws.create_client("cognito-idp"), wiring.verifier())
    return Pool(pool_id, users, cognito, Restoration(cognito, pool_id, users, cloud.accounts))


def test_restored_user_resets_the_password_and_has_the_old_account(pool: Pool) -> None:
    old = pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    assert not pool.users.has_user(old)
    assert pool.restoration.restore(exported[0]) == "restored"
    pool.reset_password()
    account, user = pool.find_account()
    assert account == old != user
    assert pool.users.has_user(old)
    assert old in [*pool.users.list_user_ids()]
    assert pool.export() == exported
    assert pool.restoration.restore(exported[0]) == "already in the user pool"


def test_interrupted_restoration_resumes(pool: Pool) -> None:
    old = pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    pool.cognito.create_group(UserPoolId=pool.id, GroupName=restored_users.name_group(old))
    pool.cognito.admin_create_user(UserPoolId=pool.id, Username=EMAIL, MessageAction="SUPPRESS")
    assert pool.restoration.restore(exported[0]) == "restored"
    pool.reset_password()
    assert pool.find_account()[0] == old


def test_new_account_with_the_address_does_not_get_the_old_account(pool: Pool) -> None:
    pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    new = pool.sign_up()
    assert pool.restoration.restore(exported[0]) == "skipped, because the address has a new account"
    assert pool.find_account() == (new, new)


def test_unconfirmed_address_and_cancelled_account_are_not_restored(pool: Pool) -> None:
    pool.users.sign_up("bob@example.com", PASSWORD)
    cancelled = pool.sign_up()
    exported = {user.email: user for user in pool.export()}
    pool.lose_users()
    wiring.stores().deletions.cancel_account(cancelled, now := format_timestamp(wiring.now()), now)
    unconfirmed = pool.restoration.restore(exported["bob@example.com"])
    assert unconfirmed == "skipped, because the address was not confirmed"
    assert pool.restoration.restore(exported[EMAIL]) == "skipped, because the account is cancelled"
    assert pool.export() == []


def test_disabled_user_stays_disabled(pool: Pool) -> None:
    pool.sign_up()
    pool.cognito.admin_disable_user(UserPoolId=pool.id, Username=EMAIL)
    exported = pool.export()
    pool.lose_users()
    pool.restoration.restore(exported[0])
    assert pool.export() == exported
    assert exported[0].enabled == "false"


def test_deletion_of_an_account_deletes_its_restored_user_and_the_group(pool: Pool) -> None:
    old = pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    pool.restoration.restore(exported[0])
    pool.users.delete(old)
    assert pool.cognito.list_users(UserPoolId=pool.id)["Users"] == []
    assert pool.cognito.list_groups(UserPoolId=pool.id)["Groups"] == []
    assert not pool.users.has_user(old)


def test_address_that_a_stranger_has_not_confirmed_is_restored(pool: Pool) -> None:
    old = pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    pool.users.sign_up(EMAIL, "Strangers-1-password")
    assert pool.restoration.restore(exported[0]) == "restored"
    with pytest.raises(InvalidCredentials):
        pool.users.log_in(EMAIL, "Strangers-1-password")
    pool.reset_password()
    assert pool.find_account()[0] == old


def test_moderator_cannot_cancel_the_id_of_a_restored_user_in_place_of_the_account(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    pool.restoration.restore(exported[0])
    (user,) = pool.cognito.list_users(UserPoolId=pool.id)["Users"]
    monkeypatch.setenv("USER_POOL_ID", pool.id)
    rebuild_services()
    with pytest.raises(CannotRemove, match=f"which is {old}"):
        cancel_account(user["Username"])
    assert cancel_account(old).startswith(f"Cancelled {old}.")


def test_account_whose_restored_user_is_gone_has_no_user(pool: Pool) -> None:
    old = pool.sign_up()
    exported = pool.export()
    pool.lose_users()
    pool.restoration.restore(exported[0])
    pool.lose_users()
    assert [*pool.users.list_user_ids()] == []
    assert not pool.users.has_user(old)
    assert pool.restoration.restore(exported[0]) == "restored"


def test_groups_of_several_accounts_lead_to_none() -> None:
    for groups in (["account-ann", "account-bob"], ["account-bob", "account-", "account-ann"]):
        with pytest.raises(InvalidToken):
            restored_users.find_account({"sub": "new", "cognito:groups": groups})
    assert restored_users.find_account({"sub": "new", "cognito:groups": ["account-ann", "account-ann"]}) == "ann"


def test_other_groups_link_to_no_account() -> None:
    assert restored_users.find_account({"sub": "new", "cognito:groups": ["staff", "account-"]}) == "new"
    assert restored_users.find_account({"sub": "new", "cognito:groups": ["staff", "account-old"]}) == "old"


def test_export_is_read_back_from_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    users = [User(UserId("ann"), 'a"b, c@example.com', "true", "CONFIRMED", "true")]
    file = tmp_path / "users.csv"
    write_file(str(file), users)
    assert read_file(str(file)) == users
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("cloud")
def test_export_is_read_back_from_a_bucket() -> None:
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="exports")
    users = [User(UserId("ann"), "été@example.com", "true", "CONFIRMED", "true")]
    write_file("s3://exports/users/today.csv", users)
    assert read_file("s3://exports/users/today.csv") == users
