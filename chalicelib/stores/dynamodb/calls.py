"""DynamoDB's calls, each repeated or continued until it is whole."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.errors import Busy
from chalicelib.stores.dynamodb.items import Item, Key, encode

_ATTEMPTS = 8
_BATCH = 100

Write = dict[str, Any]
Reason = dict[str, Any]


class Calls:
    """Reads, queries and transactions on any table. `clock`: Unix seconds."""

    def __init__(self, client: Any, clock: Callable[[], float]) -> None:
        self._client, self._clock = client, clock

    def read(self, table: str, key: Key) -> Item | None:
        """The item, read consistently; None where there is none, or only one that has expired."""
        item: Item | None = self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        # Expired rows stay readable until DynamoDB gets round to them, which may take days.
        if item and int(item.get("expiresAt", {}).get("N", 0) or 1 << 62) <= self._clock():
            return None
        return item

    def query(
        self,
        table: str,
        index: str | None,
        partition: tuple[str, str],
        span: tuple[str, str, str],
        limit: int | None,
        *,
        forward: bool = True,
        consistent: bool = False,
    ) -> list[Item]:
        """All items of a partition whose sort key is in a span, both ends included, or the first `limit`.

        `consistent`: with every write that was acknowledged, which no index can give.
        """
        asked: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": "#partition = :partition AND #sort BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#partition": partition[0], "#sort": span[0]},
            "ExpressionAttributeValues": encode({":partition": partition[1], ":low": span[1], ":high": span[2]}),
            "ScanIndexForward": forward,
            "ConsistentRead": consistent,
        }
        if index:
            asked["IndexName"] = index
        found: list[Item] = []
        while limit is None or len(found) < limit:
            page = self._client.query(**asked, **({"Limit": limit - len(found)} if limit else {}))
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return found

    def read_all(self, table: str, keys: Sequence[Key]) -> list[Item]:
        """The items of these keys, read consistently, in no order; those that do not exist are left out."""
        return self.read_across([(table, key) for key in keys]).get(table, [])

    def read_across(self, wanted: Sequence[tuple[str, Key]]) -> dict[str, list[Item]]:
        """The items of these keys by their tables, as `read_all` finds them; all of one request where they fit."""
        found: dict[str, list[Item]] = {}
        waiting, fruitless = list(wanted), 0
        while waiting:
            _pause(fruitless)
            batch: dict[str, Any] = {}
            for table, key in waiting[:_BATCH]:
                batch.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
            answer: Any = self._client.batch_get_item(RequestItems=batch)
            for table, answered in answer["Responses"].items():
                found.setdefault(table, []).extend(answered)
            left = answer["UnprocessedKeys"].items()
            unprocessed = [(table, key) for table, rest in left for key in rest["Keys"]]
            waiting = unprocessed + waiting[_BATCH:]
            fruitless = fruitless + 1 if unprocessed and not any(answer["Responses"].values()) else 0
            if fruitless == _ATTEMPTS:
                raise Busy
        return found

    def put_new(self, table: str, item: Item, partition: str) -> bool:
        """Write an item unless its key is taken; whether it was written. `partition`: the partition key's name."""
        # As a transaction: one that meets another is repeated, where a plain put would fail.
        put = {"TableName": table, "Item": item, "ConditionExpression": f"attribute_not_exists({partition})"}
        return not self.transact([{"Put": put}])

    def transact(self, writes: list[Write]) -> list[Reason]:
        """All writes or none. The reasons, one a write, where a condition failed; [] where all is written.

        Two transactions that meet are both told so; repeating is then up to us.
        """
        for attempt in range(_ATTEMPTS):
            _pause(attempt)
            try:
                self._client.transact_write_items(TransactItems=writes)
                return []
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
                reasons: Any = error.response["CancellationReasons"]
                codes = {reason.get("Code") for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    return list(reasons)
                if not codes & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                    raise
        raise Busy


def update(table: str, key: Key, old: Item, new: Item, *, revision: int) -> Write:
    """An update that makes `old` what `new` is, while its `revision` is this; no other attribute is touched."""
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
            "UpdateExpression": " ".join(f"{clause} {', '.join(each)}" for clause, each in clauses.items() if each),
            "ConditionExpression": "revision = :before",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values | {":before": {"N": str(revision)}},
        }
    }


def _pause(attempt: int) -> None:
    """Full jitter before every attempt but the first (Brooker, "Exponential Backoff And Jitter")."""
    if attempt:
        time.sleep(random.uniform(0, min(0.02 * 2**attempt, 1)))
