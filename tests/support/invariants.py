"""What must hold of rows, objects and counters at any time, and what once all work is done."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items, term_rows
from tests.support.cloud import Client, Cloud


def broken(cloud: Cloud, owner: str) -> list[str]:
    """What is wrong with the photos of `owner`, at any time."""
    photos = rows(cloud, owner)
    wrong = [*_unready(cloud, photos), *_miscounted(cloud, owner, photos), *_misfound(cloud, owner, photos)]
    return [*wrong, *_misplaced(cloud, owner, photos), *_mistaken(cloud, owner, photos), *_misrated(cloud, photos)]


def untidy(cloud: Cloud, owner: str) -> list[str]:
    """What of the albums of `owner` is still to be done, which may be so only until the sweep."""
    albums = {album.album_id: album for album in albums_of(cloud, owner)}
    found = [f"album {album.album_id} is due" for album in albums.values() if album.due_at or album.deleted_at]
    for photo in rows(cloud, owner):
        for album_id, placement in photo.albums.items() if photo.listed else ():
            album = albums.get(album_id)
            if album is None or (placement.name, placement.public) != (album.name, album.public):
                found.append(f"{photo.photo_id} knows {album_id} as {placement}")
    return found


def left_over(cloud: Cloud, owner: str) -> list[str]:
    """Objects and ratings of what `owner` has erased, which may be there only until the sweep."""
    photos = rows(cloud, owner)
    originals = {(photo.s3_key, photo.version_id) for photo in photos if photo.status == "ready"}
    renditions = {key for photo in photos for key in photo.renditions.values()}
    unserved = [f"original {key} {version}" for key, version in originals_of(cloud, owner) - originals]
    unserved += [f"rendition {key}" for key in renditions_of(cloud, owner) - renditions]
    erased = {photo.photo_id for photo in photos if photo.status == "erased"}
    return unserved + [f"rating of {photo_id} by {rater}" for photo_id, rater in ratings(cloud) if photo_id in erased]


def sound(cloud: Cloud, owner: Client) -> bool:
    """Whether all is as it must be when no work is left."""
    return broken(cloud, owner.user_id) == left_over(cloud, owner.user_id) == []


def rows(cloud: Cloud, owner: str) -> list[Photo]:
    """Every row of `owner`, tombstones as well."""
    found = map(items.photo_of, _scan(cloud, cloud.settings.photo_table))
    return [photo for photo in found if photo.user_id == owner]


def albums_of(cloud: Cloud, owner: str) -> list[Album]:
    """Every album of `owner`, those that are being deleted as well."""
    found = [items.decode(row) for row in _scan(cloud, cloud.settings.album_table) if row["record"]["S"] == "album"]
    return [msgspec.convert(row, Album) for row in found if row["userId"] == owner]


def ratings(cloud: Cloud) -> dict[tuple[str, str], int]:
    """Every rating, by photo and by who gave it."""
    found = map(items.decode, _scan(cloud, cloud.settings.rating_table))
    return {(row["photoId"], row["userId"]): row["rating"] for row in found}


def originals_of(cloud: Cloud, owner: str) -> set[tuple[str, str | None]]:
    """Keys and versions in the originals bucket."""
    found = cloud.s3.list_object_versions(Bucket=cloud.settings.originals_bucket, Prefix=f"{owner}/")
    return {(each["Key"], each["VersionId"]) for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]}


def renditions_of(cloud: Cloud, owner: str) -> set[str]:
    """Keys in the renditions bucket."""
    found = cloud.s3.list_objects_v2(Bucket=cloud.settings.renditions_bucket, Prefix=f"{owner}/")
    return {each["Key"] for each in found.get("Contents", [])}


def _unready(cloud: Cloud, photos: list[Photo]) -> Iterator[str]:
    for photo in photos:
        if photo.status == "ready":
            stored = cloud.bucket.read(photo.s3_key, photo.version_id)
            if stored is None or stored.content is None:
                yield f"{photo.photo_id} is ready without its object"
            elif (photo.size, photo.sha256) != (stored.size, sha256(stored.content).hexdigest()):
                yield f"{photo.photo_id} is ready with other bytes"
            if set(photo.renditions) != {"256", "1024", "2048", "full"}:
                yield f"{photo.photo_id} is ready with the renditions {sorted(photo.renditions)}"
            there = renditions_of(cloud, f"{photo.user_id}/{photo.photo_id}")
            yield from (f"{key} is not there" for key in {*photo.renditions.values()} - there)


def _miscounted(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    account = cloud.accounts.account(UserId(owner))
    charged = (sum(photo.counted for photo in photos), sum(photo.charged for photo in photos))
    if charged != (account.photo_count, account.bytes):
        yield f"{owner} is charged {account.photo_count} photos and {account.bytes} bytes instead of {charged}"


def _misrated(cloud: Cloud, photos: list[Photo]) -> Iterator[str]:
    given = ratings(cloud)
    scores = {row["photoId"]["S"]: row.get("score") for row in _scan(cloud, cloud.settings.photo_table)}
    for photo in photos:
        values = [rating for (photo_id, _), rating in given.items() if photo_id == photo.photo_id]
        expected = (0, 0) if photo.status == "erased" else (sum(values), len(values))
        if (photo.rating_sum, photo.rating_count) != expected:
            yield f"{photo.photo_id} has {photo.rating_sum} of {photo.rating_count} ratings instead of {values}"
        if scores[photo.photo_id] != items.photo_item(photo).get("score"):
            yield f"{photo.photo_id} is listed by the score {scores[photo.photo_id]}"


def _misfound(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    expected = [items.decode(row) for photo in photos for row in term_rows.term_items(photo).values()]
    found = [items.decode(row) for row in _scan(cloud, cloud.settings.term_table)]
    found = [row for row in found if row["ownerTerm"].startswith(f"{owner}#")]
    if _sorted(expected) != _sorted(found):
        yield f"terms of {owner}: {found} instead of {expected}"


def _misplaced(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    albums = {album.album_id: album for album in albums_of(cloud, owner)}
    expected = {(key, photo.photo_id): row for photo in photos for key, row in items.entry_items(photo).items()}
    ours = {photo.photo_id for photo in photos}
    listed = _scan(cloud, cloud.settings.entry_table)
    found = {(row["albumId"]["S"], row["photoId"]["S"]): row for row in listed if row["photoId"]["S"] in ours}
    if expected != found:
        yield f"entries of {owner}: {found} instead of {expected}"
    links = [row for row in _scan(cloud, cloud.settings.album_table) if row["record"]["S"].startswith("link#")]
    for album in albums.values():
        there = [row for key, row in found.items() if key[0] == album.album_id]
        counts = (len(there), sum("openKey" in row for row in there))
        if counts != (album.photo_count, album.open_count):
            yield f"{album.album_id} counts {album.photo_count} and {album.open_count} instead of {counts}"
        if (linked := sum(row["albumId"]["S"] == album.album_id for row in links)) != album.link_count:
            yield f"{album.album_id} counts {album.link_count} links instead of {linked}"
    yield from (f"an entry in {album_id}, which is gone" for album_id, _ in found if album_id not in albums)
    counted = cloud.dynamodb.get_item(TableName=cloud.settings.account_table, Key=items.account_key(UserId(owner)))
    standing = sum(album.deleted_at is None for album in albums.values())
    if (charged := int(counted.get("Item", {}).get("albumCount", {"N": "0"})["N"])) != standing:
        yield f"{owner} is charged {charged} albums instead of {standing}"


def _mistaken(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    expected = {row["record"]["S"] for photo in photos if (row := items.digest_item(photo))}
    found = {row["record"]["S"] for row in _scan(cloud, cloud.settings.account_table) if row["userId"]["S"] == owner}
    if expected != {record for record in found if record.startswith("sha256#")}:
        yield f"bytes of {owner}: {found} instead of {expected}"


def _sorted(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: (row["ownerTerm"], row["photoId"]))


def _scan(cloud: Cloud, table: str) -> list[Any]:
    pages = cloud.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [row for page in pages for row in page["Items"]]
