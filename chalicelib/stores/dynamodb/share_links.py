"""Share links on DynamoDB: rows in the partition of their album, which counts them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, LinkId
from chalicelib.domain.share_links import ShareLink
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import idempotency, items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoShareLinkStore:
    """`ShareLinkStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._albums, self._accounts = settings.album_table, settings.account_table

    def read_with_link(self, album_id: AlbumId, link_id: LinkId) -> tuple[Album | None, ShareLink | None]:
        keys = [items.build_album_key(album_id), _build_link_key(album_id, link_id)]
        rows = {row["record"]["S"]: row for row in self._calls.read_all(self._albums, keys)}
        album, link = rows.get("album"), rows.get(keys[1]["record"]["S"])
        return items.decode_album(album) if album else None, decode_link(link) if link else None

    def add_link(self, link: ShareLink, limit: int, record: IdempotencyRecord | None = None) -> bool:
        put = {"TableName": self._albums, "Item": encode_link(link)}
        exists_condition = "attribute_exists(albumId) AND attribute_not_exists(deletedAt) AND "
        count = self._build_count_update(
            link.album_id, 1, f"{exists_condition}(attribute_not_exists(linkCount) OR linkCount < :limit)"
        )
        count["Update"]["ExpressionAttributeValues"] |= items.encode({":limit": limit})
        records = [idempotency.build_put(self._accounts, record, self._clock())] if record else []
        reasons = self._calls.transact([{"Put": put}, count, *records])
        if idempotency.is_key_taken(reasons, 2):
            return False
        if reasons:
            album = reasons[1].get("Item", {})
            exists = "albumId" in album and "deletedAt" not in album
            raise errors.QuotaExceeded(details={"links": limit}) if exists else errors.NotFound
        return True

    def list_links(self, album_id: AlbumId, limit: int, *, after: LinkId | None = None) -> list[ShareLink]:
        span = ("record", f"link#{after}0" if after else "link#", "link#g")
        rows = self._calls.query(KeyRange(self._albums, ("albumId", album_id), span), limit, consistent=True)
        return [decode_link(row) for row in rows]

    def remove_link(self, album_id: AlbumId, link_id: LinkId) -> bool:
        delete = {
            **self._build_target(_build_link_key(album_id, link_id)),
            "ConditionExpression": "attribute_exists(albumId)",
        }
        return not self._calls.transact(
            [{"Delete": delete}, self._build_count_update(album_id, -1, "attribute_exists(albumId)")]
        )

    def count_wrong_password(self, link: ShareLink, window: int, limit: int) -> bool:
        def add() -> bool:
            increment = "ADD guesses :one", "guessWindow >= :window AND guesses < :limit"
            return self._update_attempts(link, *increment, window=window, limit=limit)

        is_new_window = "attribute_exists(albumId) AND (attribute_not_exists(guessWindow) OR guessWindow < :window)"
        start_window = "SET guesses = :one, guessWindow = :window", is_new_window
        # Try `add` again: a concurrent attempt may have begun the window.
        return add() or self._update_attempts(link, *start_window, window=window) or add()

    def _update_attempts(self, link: ShareLink, expression: str, condition: str, **values: int) -> bool:
        expression_values = {":one": 1, **{f":{name}": value for name, value in values.items()}}
        update = {
            **self._build_target(_build_link_key(link.album_id, link.link_id)),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": items.encode(expression_values),
        }
        return not self._calls.transact([{"Update": update}])

    def _build_target(self, key: items.Key) -> dict[str, Any]:
        return {"TableName": self._albums, "Key": key}

    def _build_count_update(self, album_id: AlbumId, count: int, condition: str) -> Write:
        return {
            "Update": {
                **self._build_target(items.build_album_key(album_id)),
                "UpdateExpression": "ADD linkCount :count",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": items.encode({":count": count}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _build_link_key(album_id: AlbumId, link_id: LinkId) -> items.Key:
    return {"albumId": {"S": album_id}, "record": {"S": f"link#{link_id}"}}


def encode_link(link: ShareLink) -> items.Item:
    """Return the item of a link."""
    return items.encode(msgspec.to_builtins(link)) | _build_link_key(link.album_id, link.link_id)


def decode_link(item: items.Item) -> ShareLink:
    """Return the link of an item."""
    return msgspec.convert(items.decode(item), ShareLink)
