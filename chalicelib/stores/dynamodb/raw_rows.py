"""Raw rows of every table, including damaged ones: read them in pages, and replace them under conditions."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import photo_rows, term_rows
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write
from chalicelib.stores.dynamodb.items import Item, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TableName = Literal["photo_table", "account_table", "term_table", "album_table", "entry_table", "rating_table"]
"""A table, by its field of `Settings`."""

MAX_REPLACEMENTS = 99
"""The largest number of replacements in one transaction that also checks one unchanged row."""

RawKey = tuple[TableName, str, str]
"""A table, and the two values of a primary key."""

KEYS: dict[TableName, tuple[str, str]] = {
    "photo_table": ("photoId", "uploadedAt"),
    "account_table": ("userId", "record"),
    "term_table": term_rows.KEY,
    "album_table": ("albumId", "record"),
    "entry_table": ("albumId", "photoId"),
    "rating_table": ("photoId", "userId"),
}
"""The attributes of the primary keys."""
_WATCHED: dict[TableName, tuple[str, ...]] = {
    "photo_table": ("revision", "ratingSum", "ratingCount"),
    "account_table": ("photoCount", "bytes", "albumCount", "cancelledAt"),
    "album_table": ("revision", "photoCount", "openCount", "linkCount", "deletedAt"),
}
"""Attributes that must be as they were read, even if a replacement does not change them."""
_ALL = ("\x01", "~")


class Replacement(msgspec.Struct, frozen=True):
    """Replace the row `before` with `after`. None means no row."""

    table: TableName
    before: Item | None
    after: Item | None


def identify(table: TableName, row: Item) -> RawKey:
    """Return the table and the primary key of a row."""
    partition, sort = KEYS[table]
    return table, row[partition]["S"], row[sort]["S"]


class RawReader(Protocol):
    """Raw rows, as they are now or as they were when they were exported."""

    def scan(self, table: TableName, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        """Return the next rows of a table after the cursor `after`, and the cursor of the next page.

        The cursor is None at the end of the table.
        """

    def read(self, keys: Iterable[RawKey]) -> dict[RawKey, Item]:
        """Return the rows that exist, by their keys. An expired row does not exist."""

    def query(self, table: TableName, partition: str, begin: str = "") -> list[Item]:
        """Return all rows of a partition whose sort key begins with `begin`."""

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        """Return up to `limit` ids of the photos and tombstones of a user that follow `after`, in their order."""

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        """Return the ids of all albums of a user, including albums that are being deleted."""

    def has_rated(self, user_id: UserId) -> bool:
        """Return whether a user has given a rating."""


class DynamoRawRows:
    """The rows of the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._settings, self._client, self._calls = settings, dynamodb, Calls(dynamodb, clock)

    def scan(self, table: TableName, limit: int, after: str | None) -> tuple[list[Item], str | None]:
        start: dict[str, Any] = {"ExclusiveStartKey": json.loads(after)} if after else {}
        page: Any = self._client.scan(TableName=self._name(table), Limit=limit, ConsistentRead=True, **start)
        end = page.get("LastEvaluatedKey")
        return page["Items"], json.dumps(end) if end else None

    def read(self, keys: Iterable[RawKey]) -> dict[RawKey, Item]:
        wanted = [(self._name(table), self._build_key(table, *key)) for table, *key in dict.fromkeys(keys)]
        names = {self._name(table): table for table in KEYS}
        found = self._calls.read_across(wanted) if wanted else {}
        return {identify(names[name], row): row for name, rows in found.items() for row in rows}

    def query(self, table: TableName, partition: str, begin: str = "") -> list[Item]:
        name, sort = KEYS[table]
        low, high = (begin, f"{begin}~") if begin else _ALL
        return self._calls.query(
            KeyRange(self._name(table), (name, partition), (sort, low, high)), None, consistent=True
        )

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        return photo_rows.list_owned_ids(self._calls, self._settings.photo_table, owner, limit, after)

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        partitions = [("ownerKey", name) for name in (owner, f"{owner}#deleted")]
        ranges = [
            KeyRange(self._settings.album_table, partition, ("albumId", "0", "g"), "owner") for partition in partitions
        ]
        return [AlbumId(row["albumId"]["S"]) for keys in ranges for row in self._calls.query(keys, None)]

    def has_rated(self, user_id: UserId) -> bool:
        keys = KeyRange(self._settings.rating_table, ("userId", user_id), ("photoId", "0", "g"), "rater")
        return bool(self._calls.query(keys, 1))

    def replace(self, *replacements: Replacement, unless_changed: Sequence[tuple[RawKey, Item | None]] = ()) -> bool:
        """Apply all `replacements`, or none. Each row must be as it was read, and so must those of `unless_changed`.

        Return False and change nothing if a row differs. There are at most `MAX_REPLACEMENTS`.
        """
        writes = [self._build_write(replacement) for replacement in replacements]
        checks = [self._build_check(key, row) for key, row in unless_changed]
        return not self._calls.transact([*(write for write in writes if write), *checks])

    def _name(self, table: TableName) -> str:
        return str(getattr(self._settings, table))

    def _build_key(self, table: TableName, partition: str, sort: str) -> Key:
        return dict(zip(KEYS[table], ({"S": partition}, {"S": sort}), strict=True))

    def _build_check(self, raw_key: RawKey, row: Item | None) -> Write:
        table, *key = raw_key
        condition = _build_condition(table, row, _WATCHED.get(table, ()))
        return {
            "ConditionCheck": {"TableName": self._name(table), "Key": self._build_key(table, *key)} | condition,
        }

    def _build_write(self, replacement: Replacement) -> Write | None:
        table, before, after = replacement.table, replacement.before, replacement.after
        target: dict[str, Any] = {"TableName": self._name(table)}
        if before is None:
            return {"Put": target | {"Item": after} | _build_condition(table, None, ())} if after else None
        target["Key"] = {name: before[name] for name in KEYS[table]}
        changed = [name for name in {**before, **(after or {})} if before.get(name) != (after or {}).get(name)]
        condition = _build_condition(table, before, (*changed, *_WATCHED.get(table, ())))
        if after is None:
            return {"Delete": target | condition}
        return {"Update": target | _build_update(changed, after, condition)} if changed else None


def _build_condition(table: TableName, row: Item | None, names: Iterable[str]) -> dict[str, Any]:
    """Return the condition that these attributes of a row are as they were read, or that there is no row."""
    partition = KEYS[table][0]
    if row is None:
        return {"ConditionExpression": f"attribute_not_exists({partition})"}
    aliases = {f"#c{number}": name for number, name in enumerate(dict.fromkeys(names)) if name not in KEYS[table]}
    values = {alias.replace("#", ":"): row[name] for alias, name in aliases.items() if name in row}
    terms = [
        f"{alias} = {alias.replace('#', ':')}" if name in row else f"attribute_not_exists({alias})"
        for alias, name in aliases.items()
    ]
    condition: dict[str, Any] = {
        "ConditionExpression": " AND ".join([f"attribute_exists({partition})", *terms]),
    }
    condition |= {"ExpressionAttributeNames": aliases} if aliases else {}
    return condition | ({"ExpressionAttributeValues": values} if values else {})


def _build_update(changed: Sequence[str], after: Item, condition: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of an update that change these attributes to those of `after` if `condition` is true."""
    aliases = {f"#u{number}": name for number, name in enumerate(changed)}
    values = {alias.replace("#", ":"): after[name] for alias, name in aliases.items() if name in after}
    sets = [f"{alias} = {alias.replace('#', ':')}" for alias, name in aliases.items() if name in after]
    removals = [alias for alias, name in aliases.items() if name not in after]
    clauses = [f"{word} {', '.join(terms)}" for word, terms in (("SET", sets), ("REMOVE", removals)) if terms]
    merged = {"ExpressionAttributeNames": condition.get("ExpressionAttributeNames", {}) | aliases}
    if all_values := condition.get("ExpressionAttributeValues", {}) | values:
        merged["ExpressionAttributeValues"] = all_values
    return condition | merged | {"UpdateExpression": " ".join(clauses)}
