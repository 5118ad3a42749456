"""Users of a rebuilt user pool. Cognito gives them new ids, so a group links each user to the old account.

See docs/decisions/0130-accounts-by-group.md. AWS contract COG-21.
"""

from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.ids import UserId

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_PREFIX = "account-"
MAX_USER_ID_LENGTH = 128 - len(_PREFIX)
"""Cognito rejects longer names of groups."""


def name_group(user_id: UserId) -> str:
    """Return the name of the group that links users to an account."""
    return f"{_PREFIX}{user_id}"


def parse_group(name: str) -> UserId | None:
    """Return the account of a group, or None if the group has another purpose."""
    return UserId(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else None


def find_account(claims: dict[str, Any]) -> UserId:
    """Return the account of an access token: the account of a group of its user, or else the id of the user.

    Raises:
        InvalidToken: the groups lead to several accounts.
    """
    accounts = {*filter(None, map(parse_group, claims.get("cognito:groups", ())))}
    if len(accounts) > 1:
        # Cognito does not promise an order of the groups, so the first account could change with each token.
        raise InvalidToken
    return accounts.pop() if accounts else UserId(claims["sub"])


def list_members(cognito: "CognitoIdentityProviderClient", pool_id: str, user_id: UserId) -> list[str] | None:
    """Return the names of the users in the group of an account, or None if the group does not exist."""
    try:
        page = cognito.list_users_in_group(UserPoolId=pool_id, GroupName=name_group(user_id))
    except cognito.exceptions.ResourceNotFoundException:
        return None
    return [user["Username"] for user in page["Users"]]


def delete_members(cognito: "CognitoIdentityProviderClient", pool_id: str, user_id: UserId) -> None:
    """Delete the users in the group of an account, and the group. Ignore a group that does not exist."""
    members = list_members(cognito, pool_id, user_id)
    if members is None:
        return
    for name in members:
        cognito.admin_delete_user(UserPoolId=pool_id, Username=name)
    cognito.delete_group(UserPoolId=pool_id, GroupName=name_group(user_id))


def list_accounts(cognito: "CognitoIdentityProviderClient", pool_id: str) -> list[UserId]:
    """Return the accounts to which groups link users. A group can be empty."""
    pages = cognito.get_paginator("list_groups").paginate(UserPoolId=pool_id)
    return [user_id for page in pages for group in page["Groups"] if (user_id := parse_group(group["GroupName"]))]
