"""What must hold of rows, objects and counters at any time, and what once all work is done."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from chalicelib.ids import UserId
from chalicelib.models import Photo
from chalicelib.stores import items
from tests.cloud import Cloud


def broken(cloud: Cloud, owner: str) -> list[str]:
    """What is wrong with the photos of `owner`, at any time."""
    photos = rows(cloud, owner)
    wrong = [*_unready(cloud, photos), *_miscounted(cloud, owner, photos), *_misfound(cloud, owner, photos)]
    return [*wrong, *_misrated(cloud, photos)]


def left_over(cloud: Cloud, owner: str) -> list[str]:
    """Objects and ratings of what `owner` has erased, which may be there only until the sweep."""
    photos = rows(cloud, owner)
    originals = {(photo.s3_key, photo.version_id) for photo in photos if photo.status == "ready"}
    renditions = {key for photo in photos for key in photo.renditions.values()}
    unserved = [f"original {key} {version}" for key, version in originals_of(cloud, owner) - originals]
    unserved += [f"rendition {key}" for key in renditions_of(cloud, owner) - renditions]
    erased = {photo.photo_id for photo in photos if photo.status == "erased"}
    return unserved + [f"rating of {photo_id} by {rater}" for photo_id, rater in ratings(cloud) if photo_id in erased]


def rows(cloud: Cloud, owner: str) -> list[Photo]:
    """Every row of `owner`, tombstones as well."""
    found = map(items.photo_of, _scan(cloud, cloud.settings.photo_table))
    return [photo for photo in found if photo.user_id == owner]


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
    account = cloud.store.account(UserId(owner))
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
    expected = [items.decode(row) for photo in photos for row in items.term_items(photo).values()]
    found = [items.decode(row) for row in _scan(cloud, cloud.settings.term_table)]
    found = [row for row in found if row["ownerTerm"].startswith(f"{owner}#")]
    if _sorted(expected) != _sorted(found):
        yield f"terms of {owner}: {found} instead of {expected}"


def _sorted(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: (row["ownerTerm"], row["photoId"]))


def _scan(cloud: Cloud, table: str) -> list[Any]:
    pages = cloud.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [row for page in pages for row in page["Items"]]
