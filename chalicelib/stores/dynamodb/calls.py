"""Calls to DynamoDB. Each call retries or continues until its result is complete."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from chalicelib.domain.errors import Busy
from chalicelib.infra.retry import WriteConflict, pause, retry_on_conflict
from chalicelib.stores.dynamodb.items import Item, Key, encode

_ATTEMPTS = 8
_BATCH = 100
_WRITE_BATCH = 25
_RETRIED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

Write = dict[str, Any]
Reason = dict[str, Any]


class KeyRange(msgspec.Struct, frozen=True):
    """The rows of one partition of a table, or of its index, whose sort key is in a range."""

    table: str
    partition: tuple[str, str]
    """Name and value of the partition key."""
    sort: tuple[str, str, str]
    """Name of the sort key, its lowest and its highest value, both included."""
    index: str | None = None


class Calls:
    """Reads, queries and transactions on any table. `clock` returns Unix seconds.

    Each action of a transaction and each index needs a permission. AWS contracts IAM-1, IAM-2.
    """

    def __init__(self, client: Any, clock: Callable[[], float]) -> None:
        self._client, self._clock = client, clock

    def read(self, table: str, key: Key) -> Item | None:
        """Read an item consistently. Return None if it does not exist or has expired. AWS contract DDB-8."""
        item: Item | None = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return None if item is None or self._is_expired(item) else item

    def query(self, keys: KeyRange, limit: int | None, *, forward: bool = True, consistent: bool = False) -> list[Item]:
        """Return the first `limit` items of a range, or all of them if `limit` is None.

        If `consistent`, the result reflects every acknowledged write. An index cannot be read consistently.
        AWS contracts DDB-8, DDB-9, DDB-11, DDB-12.
        """
        request = _build_query(keys, forward=forward) | {"ConsistentRead": consistent}
        rows: list[Item] = []
        while limit is None or len(rows) < limit:
            page = self._client.query(**request, **({"Limit": limit - len(rows)} if limit else {}))
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return rows

    def query_page(self, keys: KeyRange, limit: int, *, forward: bool) -> tuple[list[Item], bool]:
        """Return the first items of a range that one request reads, and whether the range ends with them.

        There are at most `limit` items, and at most 1 MB. AWS contract DDB-9.
        """
        page: Any = self._client.query(**_build_query(keys, forward=forward), Limit=limit)
        return page["Items"], "LastEvaluatedKey" not in page

    def read_all(self, table: str, keys: Sequence[Key]) -> list[Item]:
        """Read the items of these keys consistently, in any order. Leave out missing and expired ones."""
        return self.read_across([(table, key) for key in keys]).get(table, [])

    def read_across(self, keys: Sequence[tuple[str, Key]]) -> dict[str, list[Item]]:
        """Read the items of these keys as `read_all` does, by table, in one request if they fit.

        AWS contracts DDB-13, DDB-14.
        """
        items: dict[str, list[Item]] = {}
        pending, empty_responses = list(keys), 0
        while pending:
            pause(empty_responses)
            batch: dict[str, Any] = {}
            for table, key in pending[:_BATCH]:
                batch.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
            response: Any = self._client.batch_get_item(RequestItems=batch)
            for table, rows in response["Responses"].items():
                items.setdefault(table, []).extend(row for row in rows if not self._is_expired(row))
            remaining = response["UnprocessedKeys"].items()
            unprocessed = [(table, key) for table, unprocessed_keys in remaining for key in unprocessed_keys["Keys"]]
            pending = unprocessed + pending[_BATCH:]
            empty_responses = empty_responses + 1 if unprocessed and not any(response["Responses"].values()) else 0
            if empty_responses == _ATTEMPTS:
                raise Busy
        return items

    def _is_expired(self, item: Item) -> bool:
        return is_expired(item, self._clock())

    def put_new(self, table: str, item: Item, partition: str) -> bool:
        """Write an item unless its key is taken. Return whether the item was written.

        `partition` is the name of the partition key.
        """
        # A transaction is retried after a conflict with another one. A plain put would fail. AWS contract DDB-7.
        put = {"TableName": table, "Item": item, "ConditionExpression": f"attribute_not_exists({partition})"}
        return not self.transact([{"Put": put}])

    def write_batches(self, table: str, requests: Sequence[Write]) -> None:
        """Execute puts and deletes without conditions, 25 in each call. Each is a `PutRequest` or a `DeleteRequest`.

        The keys must differ. AWS contract DDB-25.

        Raises:
            Busy: DynamoDB processed none of the requests of several calls in a row.
        """
        pending, idle_calls = list(requests), 0
        while pending:
            pause(idle_calls)
            response: Any = self._client.batch_write_item(RequestItems={table: pending[:_WRITE_BATCH]})
            unprocessed = response["UnprocessedItems"].get(table, [])
            idle_calls = idle_calls + 1 if len(unprocessed) == len(pending[:_WRITE_BATCH]) else 0
            pending = unprocessed + pending[_WRITE_BATCH:]
            if idle_calls == _ATTEMPTS:
                raise Busy

    def transact(self, writes: list[Write]) -> list[Reason]:
        """Execute all writes or none. Return [], or the reasons, one for each write, if a condition failed.

        Retry after a conflict with another transaction.

        Raises:
            Busy: every attempt conflicted with another transaction or was throttled.
        """
        return retry_on_conflict(lambda: self._transact(writes), error_factory=Busy, attempts=_ATTEMPTS)

    def _transact(self, writes: list[Write]) -> list[Reason]:
        try:
            # boto3 adds a client request token, so its own retries write nothing twice. AWS contracts DDB-1, DDB-5.
            self._client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            # One reason for each write, in the same order. AWS contract DDB-3.
            reasons: Any = error.response["CancellationReasons"]
            codes = {reason.get("Code") for reason in reasons}
            if "ConditionalCheckFailed" in codes:
                return list(reasons)
            if not codes & _RETRIED:
                raise
            raise WriteConflict from error
        return []


def _build_query(keys: KeyRange, *, forward: bool) -> dict[str, Any]:
    sort, low, high = keys.sort
    request: dict[str, Any] = {
        "TableName": keys.table,
        "KeyConditionExpression": "#partition = :partition AND #sort BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#partition": keys.partition[0], "#sort": sort},
        "ExpressionAttributeValues": encode({":partition": keys.partition[1], ":low": low, ":high": high}),
        "ScanIndexForward": forward,
    }
    return request | ({"IndexName": keys.index} if keys.index else {})


def is_expired(item: Item, now: float) -> bool:
    """Return whether a row has expired at a time in Unix seconds. Treat such a row as deleted."""
    # Expired rows stay readable until DynamoDB deletes them, which may take days. DynamoDB expires a row only if
    # `expiresAt` is a number. In share links `expiresAt` is a text, so their rows stay. AWS contract DDB-15.
    expiry = item.get("expiresAt", {}).get("N")
    return expiry is not None and int(expiry) <= now


def build_update(table: str, key: Key, old: Item, new: Item, *, revision: int) -> Write:
    """Return an update that turns `old` into `new` if the row still has this `revision`.

    The update touches no attribute that is the same in both, so it writes few indexes. AWS contract DDB-21.
    """
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    removed = [name for name in old if name not in new]
    names = {f"#{number}": name for number, name in enumerate([*changed, *removed])}
    aliases = list(names)
    sets = [f"{alias} = :{alias[1:]}" for alias in aliases[: len(changed)]]
    clauses = {"SET": sets, "REMOVE": aliases[len(changed) :]}
    values = {f":{number}": value for number, value in enumerate(changed.values())}
    return {
        "Update": {
            "TableName": table,
            "Key": key,
            "UpdateExpression": " ".join(f"{clause} {', '.join(terms)}" for clause, terms in clauses.items() if terms),
            "ConditionExpression": "revision = :before",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values | {":before": {"N": str(revision)}},
        }
    }
