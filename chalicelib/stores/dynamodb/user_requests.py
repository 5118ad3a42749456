"""Requests for jobs on DynamoDB. Each request is a record of its user in the table of accounts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.domain.ids import Timestamp, UserId
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb.calls import Calls, KeyRange
from chalicelib.stores.dynamodb.items import Item, Key, encode
from chalicelib.stores.user_requests import RequestKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoUserRequestStore:
    """`UserRequestStore` on the table of accounts. The deletion of an account deletes its requests too."""

    def __init__(
        self,
        settings: Settings,
        dynamodb: "DynamoDBClient",
        clock: Callable[[], float],
        *,
        kind: RequestKind,
    ) -> None:
        self._calls, self._accounts, self._kind = Calls(dynamodb, clock), settings.account_table, kind

    def add(self, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> None:
        put = {
            "TableName": self._accounts,
            "Item": encode_request(self._kind, user_id, requested_at, due_at),
            "ConditionExpression": "attribute_not_exists(requestedAt) OR requestedAt < :time",
            "ExpressionAttributeValues": encode({":time": requested_at}),
        }
        self._calls.transact([{"Put": put}])

    def get_time(self, user_id: UserId) -> Timestamp | None:
        item = self._calls.read(self._accounts, self._build_key(user_id))
        return Timestamp(item["requestedAt"]["S"]) if item else None

    def postpone(self, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> None:
        update = {
            "TableName": self._accounts,
            "Key": self._build_key(user_id),
            "UpdateExpression": "SET dueAt = :due",
            "ConditionExpression": "requestedAt = :time",
            "ExpressionAttributeValues": encode({":due": due_at, ":time": requested_at}),
        }
        self._calls.transact([{"Update": update}])

    def remove(self, user_id: UserId, requested_at: Timestamp) -> None:
        delete = {
            "TableName": self._accounts,
            "Key": self._build_key(user_id),
            "ConditionExpression": "requestedAt = :time",
            "ExpressionAttributeValues": encode({":time": requested_at}),
        }
        self._calls.transact([{"Delete": delete}])

    def list_due(self, now: Timestamp, limit: int) -> list[UserId]:
        keys = KeyRange(self._accounts, ("dueShard", self._kind), ("dueAt", "0", now), "due")
        return [UserId(row["userId"]["S"]) for row in self._calls.query(keys, limit)]

    def _build_key(self, user_id: UserId) -> Key:
        return {"userId": {"S": user_id}, "record": {"S": self._kind}}


def encode_request(kind: RequestKind, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> Item:
    """Return the item of a request."""
    row = {"userId": user_id, "record": kind, "requestedAt": requested_at}
    return encode(row | {"dueShard": kind, "dueAt": due_at})
