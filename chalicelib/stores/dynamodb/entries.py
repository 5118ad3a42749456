"""The rows that list a photo in its albums, and the albums' counts: written with the photo, in its transaction."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Reason, Write


def changes(entry_table: str, album_table: str, before: Photo, after: Photo) -> list[Write]:
    """What makes the entries of `before` those of `after`, and keeps the counts of their albums.

    A photo can come into an album only while the album has the name and visibility that its placement says.
    """
    old, new = items.entry_items(before), items.entry_items(after)
    writes: list[Write] = []
    for album_id in sorted(album_id for album_id in {**old, **new} if old.get(album_id) != new.get(album_id)):
        if album_id in new:
            writes.append({"Put": {"TableName": entry_table, "Item": new[album_id]}})
        else:
            key = {"albumId": {"S": album_id}, "photoId": {"S": before.photo_id}}
            writes.append({"Delete": {"TableName": entry_table, "Key": key}})
        count = (album_id in new) - (album_id in old)
        opened = ("openKey" in new.get(album_id, ())) - ("openKey" in old.get(album_id, ()))
        if count or opened:
            writes.append(_counted(album_table, album_id, after, count, opened))
    return writes


def corrected(photo: Photo, writes: Sequence[Write], reasons: Sequence[Reason]) -> Photo | None:
    """`photo` as the albums are that refused it; None where something else refused it as well.

    `writes`: of the transaction that failed; `reasons`: why, one for each of them.
    """
    placements = dict(photo.albums)
    for write, reason in zip(writes, reasons, strict=True):
        if reason.get("Code") != "ConditionalCheckFailed":
            continue
        key = write.get("Update", {}).get("Key", {})
        if key.get("record") != {"S": "album"}:
            return None
        album_id = AlbumId(key["albumId"]["S"])
        there = items.decode(reason.get("Item", {}))
        placement = placements.pop(album_id, None)
        if placement and there and "deletedAt" not in there:
            public = there["visibility"] == "public"
            placements[album_id] = placement.with_(name=there["name"], public=public)
    return photo.with_(albums=placements) if placements != photo.albums else None


def _counted(table: str, album_id: AlbumId, after: Photo, count: int, opened: int) -> Write:
    sent: dict[str, Any] = {":count": count, ":opened": opened}
    names, latest, condition = {}, "", "attribute_exists(albumId)"
    if count > 0:
        condition += " AND attribute_not_exists(deletedAt) AND #name = :name AND "
        condition += "visibility = :public" if after.albums[album_id].public else "visibility <> :public"
        sent |= {":name": after.albums[album_id].name, ":public": "public", ":photo": after.photo_id}
        names = {"ExpressionAttributeNames": {"#name": "name"}}
        # A private one would leave the album without a cover for everybody else.
        latest = " SET latestPhotoId = " + (":photo" if opened > 0 else "if_not_exists(latestPhotoId, :photo)")
    return {
        "Update": {
            "TableName": table,
            "Key": items.album_key(album_id),
            "UpdateExpression": f"ADD photoCount :count, openCount :opened{latest}",
            "ConditionExpression": condition,
            **names,
            "ExpressionAttributeValues": items.encode(sent),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
