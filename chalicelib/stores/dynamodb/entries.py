"""The rows that list a photo in its albums, and the counts of the albums, written in the photo's transaction."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import Photo, Placement
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Reason, Write


def changes(entry_table: str, album_table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that turn the entries of `before` into those of `after` and keep the counts of their albums.

    A write that adds the photo to an album, or changes its copies of the album's name and visibility, fails if the
    album has another name or visibility.
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
            writes.append(_count_update(album_table, album_id, after, count, opened))
    counted = {write["Update"]["Key"]["albumId"]["S"] for write in writes if "Update" in write}
    changed = [album_id for album_id in after.albums if _are_copies_changed(album_id, before, after)]
    return writes + [
        _album_check(album_table, album_id, after.albums[album_id]) for album_id in changed if album_id not in counted
    ]


def adapt_to_albums(photo: Photo, writes: Sequence[Write], reasons: Sequence[Reason]) -> Photo | None:
    """Adapt a photo to the albums whose conditions failed. Return None if another write failed too.

    AWS contract DDB-4.

    `writes` are those of the failed transaction, and `reasons` has one reason for each.
    """
    placements = dict(photo.albums)
    for write, reason in zip(writes, reasons, strict=True):
        if reason.get("Code") != "ConditionalCheckFailed":
            continue
        key = (write.get("Update") or write.get("ConditionCheck") or {}).get("Key", {})
        if key.get("record") != {"S": "album"}:
            return None
        album_id = AlbumId(key["albumId"]["S"])
        album = items.decode(reason.get("Item", {}))
        placement = placements.pop(album_id, None)
        if placement and album and "deletedAt" not in album:
            public = album["visibility"] == "public"
            placements[album_id] = placement.with_(name=album["name"], public=public)
    return photo.with_(albums=placements) if placements != photo.albums else None


def _are_copies_changed(album_id: AlbumId, before: Photo, after: Photo) -> bool:
    old, new = before.albums.get(album_id), after.albums[album_id]
    return old is not None and (old.name, old.public) != (new.name, new.public)


def _album_check(table: str, album_id: AlbumId, placement: Placement) -> Write:
    """Return a check that the album still has the name and visibility of the placement.

    Without this check, a job that read the album before a later change could write the earlier name or visibility.
    """
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": items.album_key(album_id),
            "ConditionExpression": _is_same_album(placement),
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": items.encode({":name": placement.name, ":public": "public"}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _is_same_album(placement: Placement) -> str:
    visibility = "visibility = :public" if placement.public else "visibility <> :public"
    return f"attribute_exists(albumId) AND attribute_not_exists(deletedAt) AND #name = :name AND {visibility}"


def _count_update(table: str, album_id: AlbumId, after: Photo, count: int, opened: int) -> Write:
    values: dict[str, Any] = {":count": count, ":opened": opened}
    names, latest, condition = {}, "", "attribute_exists(albumId)"
    if count > 0:
        condition = _is_same_album(after.albums[album_id])
        values |= {":name": after.albums[album_id].name, ":public": "public", ":photo": after.photo_id}
        names = {"ExpressionAttributeNames": {"#name": "name"}}
        # A private photo would leave the album without a cover for other users.
        latest = " SET latestPhotoId = " + (":photo" if opened > 0 else "if_not_exists(latestPhotoId, :photo)")
    return {
        "Update": {
            "TableName": table,
            "Key": items.album_key(album_id),
            "UpdateExpression": f"ADD photoCount :count, openCount :opened{latest}",
            "ConditionExpression": condition,
            **names,
            "ExpressionAttributeValues": items.encode(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
