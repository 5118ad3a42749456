"""Accounts on DynamoDB."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.domain.accounts import Account
from chalicelib.domain.ids import UserId
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAccountStore:
    """`AccountStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._accounts = Calls(dynamodb, clock), settings.account_table

    def get_account(self, user_id: UserId) -> Account:
        item = self._calls.read(self._accounts, items.build_account_key(user_id))
        return items.decode_account(item) if item else Account(user_id=user_id)

    def open_account(self, account: Account) -> Account:
        values = {"userId": account.user_id, "record": "account", "createdAt": account.created_at}
        item = items.encode(values | {"photoCount": 0, "bytes": 0})
        is_written = self._calls.put_new(self._accounts, item, "userId")
        return account if is_written else self.get_account(account.user_id)
