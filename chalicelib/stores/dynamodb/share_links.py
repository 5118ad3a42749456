"""Share links on DynamoDB: rows in the partition of their album, which counts them."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.domain import errors
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, LinkId
from chalicelib.domain.share_links import ShareLink
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoShareLinkStore:
    """`ShareLinkStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls, self._albums = Calls(dynamodb, clock), settings.album_table

    def with_link(self, album_id: AlbumId, link_id: LinkId) -> tuple[Album | None, ShareLink | None]:
        keys = [items.album_key(album_id), _link_key(album_id, link_id)]
        rows = {row["record"]["S"]: row for row in self._calls.read_all(self._albums, keys)}
        album, link = rows.get("album"), rows.get(keys[1]["record"]["S"])
        return items.album_of(album) if album else None, _link_of(link) if link else None

    def add_link(self, link: ShareLink, limit: int) -> None:
        put = {"TableName": self._albums, "Item": _link_item(link)}
        is_open = "attribute_exists(albumId) AND attribute_not_exists(deletedAt) AND "
        count = self._count_links(link.album_id, 1, f"{is_open}(attribute_not_exists(linkCount) OR linkCount < :limit)")
        count["Update"]["ExpressionAttributeValues"] |= items.encode({":limit": limit})
        failed = self._calls.transact([{"Put": put}, count])
        if failed:
            album = failed[1].get("Item", {})
            exists = "albumId" in album and "deletedAt" not in album
            raise errors.QuotaExceeded(details={"links": limit}) if exists else errors.NotFound

    def links(self, album_id: AlbumId, limit: int, *, after: LinkId | None = None) -> list[ShareLink]:
        span = ("record", f"link#{after}0" if after else "link#", "link#g")
        rows = self._calls.query(KeyRange(self._albums, ("albumId", album_id), span), limit, consistent=True)
        return [_link_of(row) for row in rows]

    def remove_link(self, album_id: AlbumId, link_id: LinkId) -> bool:
        delete = {**self._target(_link_key(album_id, link_id)), "ConditionExpression": "attribute_exists(albumId)"}
        return not self._calls.transact(
            [{"Delete": delete}, self._count_links(album_id, -1, "attribute_exists(albumId)")]
        )

    def count_password_attempt(self, link: ShareLink, window: int, limit: int) -> bool:
        def add() -> bool:
            counted = "ADD guesses :one", "guessWindow >= :window AND guesses < :limit"
            return self._update_guesses(link, *counted, window=window, limit=limit)

        is_new_window = "attribute_exists(albumId) AND (attribute_not_exists(guessWindow) OR guessWindow < :window)"
        first = "SET guesses = :one, guessWindow = :window", is_new_window
        # Try `add` again: a concurrent attempt may have begun the window.
        return add() or self._update_guesses(link, *first, window=window) or add()

    def uncount_password_attempt(self, link: ShareLink, window: int) -> None:
        subtracted = "ADD guesses :back", "guessWindow = :window AND guesses >= :one"
        self._update_guesses(link, *subtracted, window=window, back=-1)

    def _update_guesses(self, link: ShareLink, expression: str, condition: str, **values: int) -> bool:
        bound = {":one": 1, **{f":{name}": value for name, value in values.items()}}
        update = {
            **self._target(_link_key(link.album_id, link.link_id)),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": items.encode(bound),
        }
        return not self._calls.transact([{"Update": update}])

    def _target(self, key: items.Key) -> dict[str, Any]:
        return {"TableName": self._albums, "Key": key}

    def _count_links(self, album_id: AlbumId, count: int, condition: str) -> Write:
        return {
            "Update": {
                **self._target(items.album_key(album_id)),
                "UpdateExpression": "ADD linkCount :count",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": items.encode({":count": count}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def _link_key(album_id: AlbumId, link_id: LinkId) -> items.Key:
    return {"albumId": {"S": album_id}, "record": {"S": f"link#{link_id}"}}


def _link_item(link: ShareLink) -> items.Item:
    return items.encode(msgspec.to_builtins(link)) | _link_key(link.album_id, link.link_id)


def _link_of(item: items.Item) -> ShareLink:
    return msgspec.convert(items.decode(item), ShareLink)
