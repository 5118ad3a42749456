"""The run of the reconciliation on DynamoDB: one row in the table of accounts, whose user id no user can have."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb.calls import Calls
from chalicelib.stores.dynamodb.items import Key, encode
from chalicelib.stores.reconciliations import Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Key = {"userId": {"S": "#reconcile"}, "record": {"S": "run"}}


class DynamoRunStore:
    """`RunStore` on the table of accounts."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._accounts, self._clock = Calls(dynamodb, clock), settings.account_table, clock

    def get_run(self) -> Run | None:
        row = self._calls.read(self._accounts, _KEY)
        return msgspec.json.decode(row["run"]["S"], type=Run) if row and "run" in row else None

    def acquire(self, holder: str, until: int) -> bool:
        free = "attribute_not_exists(holder) OR holder = :holder OR leasedUntil < :now"
        values = {":holder": holder, ":until": until, ":now": int(self._clock())}
        return self._update("SET holder = :holder, leasedUntil = :until", free, values)

    def store(self, run: Run, holder: str, until: int) -> bool:
        values = {":holder": holder, ":until": until, ":run": msgspec.json.encode(run).decode()}
        return self._update("SET #run = :run, leasedUntil = :until", "holder = :holder", values, {"#run": "run"})

    def release(self, holder: str) -> None:
        self._update("REMOVE holder, leasedUntil", "holder = :holder", {":holder": holder})

    def _update(
        self, expression: str, condition: str, values: dict[str, Any], names: dict[str, str] | None = None
    ) -> bool:
        update: dict[str, Any] = {
            "TableName": self._accounts,
            "Key": _KEY,
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": encode(values),
        }
        return not self._calls.transact([{"Update": update | ({"ExpressionAttributeNames": names} if names else {})}])
