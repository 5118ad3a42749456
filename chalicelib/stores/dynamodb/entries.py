"""The rows that list a photo in its albums, and the counts of the albums, written in the photo's transaction."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import Membership, Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Reason, Write


def build_writes(entry_table: str, album_table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that turn the entries of `before` into those of `after` and keep the counts of their albums.

    A write that adds the photo to an album, or changes its copies of the album's name and visibility, fails if the
    album has another name or visibility.
    """
    old, new = items.encode_entries(before), items.encode_entries(after)
    writes: list[Write] = []
    for album_id in sorted(album_id for album_id in {**old, **new} if old.get(album_id) != new.get(album_id)):
        if album_id in new:
            writes.append({"Put": {"TableName": entry_table, "Item": new[album_id]}})
        else:
            key = {"albumId": {"S": album_id}, "photoId": {"S": before.photo_id}}
            writes.append({"Delete": {"TableName": entry_table, "Key": key}})
        count_delta = (album_id in new) - (album_id in old)
        non_private_delta = ("openKey" in new.get(album_id, ())) - ("openKey" in old.get(album_id, ()))
        if count_delta or non_private_delta:
            writes.append(_build_count_update(album_table, album_id, after, count_delta, non_private_delta))
    counted = {write["Update"]["Key"]["albumId"]["S"] for write in writes if "Update" in write}
    changed = [album_id for album_id in after.memberships if _are_copies_changed(album_id, before, after)]
    return writes + [
        _build_album_check(album_table, album_id, after.memberships[album_id])
        for album_id in changed
        if album_id not in counted
    ]


def adapt_to_albums(photo: Photo, writes: Sequence[Write], reasons: Sequence[Reason]) -> Photo | None:
    """Adapt a photo to the albums whose conditions failed. Return None if another write failed too.

    AWS contract DDB-4.

    `writes` are those of the failed transaction, and `reasons` has one reason for each.
    """
    memberships = dict(photo.memberships)
    for write, reason in zip(writes, reasons, strict=True):
        if reason.get("Code") != "ConditionalCheckFailed":
            continue
        key = (write.get("Update") or write.get("ConditionCheck") or {}).get("Key", {})
        if key.get("record") != {"S": "album"}:
            return None
        album_id = AlbumId(key["albumId"]["S"])
        album = items.decode(reason.get("Item", {}))
        membership = memberships.pop(album_id, None)
        if membership and album and "deletedAt" not in album:
            public = album["visibility"] == "public"
            memberships[album_id] = membership.with_(name=album["name"], public=public)
    return photo.with_(memberships=memberships) if memberships != photo.memberships else None


def _are_copies_changed(album_id: AlbumId, before: Photo, after: Photo) -> bool:
    old, new = before.memberships.get(album_id), after.memberships[album_id]
    return old is not None and (old.name, old.public) != (new.name, new.public)


def _build_album_check(table: str, album_id: AlbumId, membership: Membership) -> Write:
    """Return a check that the album still has the name and visibility of the membership.

    Without this check, a job that read the album before a later change could write the earlier name or visibility.
    """
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": items.build_album_key(album_id),
            "ConditionExpression": _build_album_condition(membership),
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": items.encode({":name": membership.name, ":public": "public"}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _build_album_condition(membership: Membership) -> str:
    visibility = "visibility = :public" if membership.public else "visibility <> :public"
    return f"attribute_exists(albumId) AND attribute_not_exists(deletedAt) AND #name = :name AND {visibility}"


def _build_count_update(table: str, album_id: AlbumId, after: Photo, count_delta: int, non_private_delta: int) -> Write:
    values: dict[str, Any] = {":count": count_delta, ":opened": non_private_delta}
    names, latest, condition = {}, "", "attribute_exists(albumId)"
    if count_delta > 0:
        condition = _build_album_condition(after.memberships[album_id])
        values |= {":name": after.memberships[album_id].name, ":public": "public", ":photo": after.photo_id}
        names = {"ExpressionAttributeNames": {"#name": "name"}}
        # A private photo would leave the album without a cover for other users.
        latest = " SET latestPhotoId = " + (
            ":photo" if non_private_delta > 0 else "if_not_exists(latestPhotoId, :photo)"
        )
    return {
        "Update": {
            "TableName": table,
            "Key": items.build_album_key(album_id),
            "UpdateExpression": f"ADD photoCount :count, openCount :opened{latest}",
            "ConditionExpression": condition,
            **names,
            "ExpressionAttributeValues": items.encode(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
