"""Idempotency records and photos by their bytes on DynamoDB, in the partition of their account."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Reason, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoIdempotencyStore:
    """`IdempotencyStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._clock, self._accounts = Calls(dynamodb, clock), clock, settings.account_table

    def get_record(self, user_id: UserId, key: str) -> IdempotencyRecord | None:
        item = self._calls.read(self._accounts, {"userId": {"S": user_id}, "record": {"S": f"key#{key}"}})
        return decode_record(item) if item else None

    def add(self, record: IdempotencyRecord) -> bool:
        return not self._calls.transact([build_put(self._accounts, record, self._clock())])

    def find_duplicate(self, user_id: UserId, sha256: str) -> PhotoId | None:
        span = ("record", f"sha256#{sha256}#", f"sha256#{sha256}#~")
        rows = self._calls.query(KeyRange(self._accounts, ("userId", user_id), span), 1, consistent=True)
        return PhotoId(items.decode(rows[0])["photoId"]) if rows else None


def encode_record(record: IdempotencyRecord) -> items.Item:
    """Return the item of a record."""
    return items.encode(msgspec.to_builtins(record) | {"record": f"key#{record.key}"})


def decode_record(item: items.Item) -> IdempotencyRecord:
    """Return the record of an item."""
    return msgspec.convert(items.decode(item), IdempotencyRecord)


def build_put(table: str, record: IdempotencyRecord, now: float) -> Write:
    """Return the write of a record. The write fails if its key has a record that is valid at `now`, in Unix seconds."""
    return {
        "Put": {
            "TableName": table,
            "Item": encode_record(record),
            "ConditionExpression": "attribute_not_exists(userId) OR expiresAt <= :now",
            "ExpressionAttributeValues": {":now": {"N": str(int(now))}},
        }
    }


def is_key_taken(reasons: list[Reason], position: int) -> bool:
    """Return whether a transaction failed because of the record that `build_put` wrote at this position.

    Check this before the other reasons. On a retry, a limit may be reached because of the original request.
    """
    return len(reasons) > position and reasons[position].get("Code") == "ConditionalCheckFailed"


def build_writes(table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that make a photo findable by its current bytes, if the photo is listed."""
    old, new = items.encode_digest(before), items.encode_digest(after)
    if old == new:
        return []
    writes: list[Write] = [{"Put": {"TableName": table, "Item": new}}] if new else []
    if old:
        writes.append({"Delete": {"TableName": table, "Key": {name: old[name] for name in ("userId", "record")}}})
    return writes
