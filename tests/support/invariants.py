"""Invariants of rows, objects and counters. Some hold at any time, and others only after all jobs have run."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from chalicelib import wiring
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items, term_rows
from chalicelib.stores.dynamodb.timeline import DynamoTimelineStore
from tests.support import postgres_invariants
from tests.support.cloud import Client, Cloud
from tests.support.moto_data import Row, read_rows


def broken(cloud: Cloud, owner: str) -> list[str]:
    """Return the violated invariants of the photos of `owner` that hold at any time."""
    photos = rows(cloud, owner)
    objects_and_usage = [*_check_ready_photos(cloud, photos), *_check_usage(cloud, owner, photos)]
    if cloud.settings.database_url:
        return [*objects_and_usage, *postgres_invariants.find_broken(wiring.database(), owner, photos)]
    return [
        *objects_and_usage,
        *_check_months(cloud, owner, photos),
        *_check_search_terms(cloud, owner, photos),
        *_check_albums(cloud, owner, photos),
        *_check_digests(cloud, owner, photos),
        *_check_ratings(cloud, photos),
    ]


def untidy(cloud: Cloud, owner: str) -> list[str]:
    """Return the unfinished work on the albums of `owner`. The sweep must finish it."""
    albums = {album.album_id: album for album in albums_of(cloud, owner)}
    unfinished = [f"album {album.album_id} is due" for album in albums.values() if album.due_at or album.deleted_at]
    for photo in rows(cloud, owner):
        for album_id, membership in photo.memberships.items() if photo.listed else ():
            album = albums.get(album_id)
            if album is None or (membership.name, membership.public) != (album.name, album.public):
                unfinished.append(f"{photo.photo_id} has the copy {membership} of {album_id}")
    return unfinished


def left_over(cloud: Cloud, owner: str) -> list[str]:
    """Return the objects that no photo of `owner` uses, and ratings of erased photos. The sweep must delete them."""
    photos = rows(cloud, owner)
    originals = {(photo.s3_key, photo.version_id) for photo in photos if photo.status == "ready"}
    renditions = {key for photo in photos for key in photo.renditions.values()}
    unused = [f"original {key} {version}" for key, version in originals_of(cloud, owner) - originals]
    unused += [f"rendition {key}" for key in renditions_of(cloud, owner) - renditions]
    erased = {photo.photo_id for photo in photos if photo.status == "erased"}
    return unused + [f"rating of {photo_id} by {rater}" for photo_id, rater in ratings(cloud) if photo_id in erased]


def sound(cloud: Cloud, owner: Client) -> bool:
    """Return True if all invariants hold. Call this only after all jobs have run."""
    return broken(cloud, owner.user_id) == left_over(cloud, owner.user_id) == []


def rows(cloud: Cloud, owner: str) -> list[Photo]:
    """Return every photo of `owner`, including tombstones."""
    if cloud.settings.database_url:
        return postgres_invariants.read_photos(wiring.database(), owner)
    photos = map(items.decode_photo, _read(cloud, cloud.settings.photo_table))
    return [photo for photo in photos if photo.user_id == owner]


def albums_of(cloud: Cloud, owner: str) -> list[Album]:
    """Return every album of `owner`, including albums whose deletion is not finished."""
    if cloud.settings.database_url:
        return postgres_invariants.read_albums(wiring.database(), owner)
    album_rows = [
        items.decode(row) for row in _read(cloud, cloud.settings.album_table) if row["record"]["S"] == "album"
    ]
    return [msgspec.convert(row, Album) for row in album_rows if row["userId"] == owner]


def ratings(cloud: Cloud) -> dict[tuple[str, str], int]:
    """Return every rating, by photo and user."""
    if cloud.settings.database_url:
        return postgres_invariants.read_ratings(wiring.database())
    rating_rows = map(items.decode, _read(cloud, cloud.settings.rating_table))
    return {(row["photoId"], row["userId"]): row["rating"] for row in rating_rows}


def originals_of(cloud: Cloud, owner: str) -> set[tuple[str, str | None]]:
    """Return the keys and versions of the originals of `owner`."""
    page = cloud.s3.list_object_versions(Bucket=cloud.settings.originals_bucket, Prefix=f"{owner}/")
    return {(entry["Key"], entry["VersionId"]) for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]}


def renditions_of(cloud: Cloud, owner: str) -> set[str]:
    """Return the keys of the renditions of `owner`."""
    page = cloud.s3.list_objects_v2(Bucket=cloud.settings.renditions_bucket, Prefix=f"{owner}/")
    return {entry["Key"] for entry in page.get("Contents", [])}


def _check_ready_photos(cloud: Cloud, photos: list[Photo]) -> Iterator[str]:
    for photo in photos:
        if photo.status == "ready":
            stored = cloud.bucket.read(photo.s3_key, photo.version_id)
            if stored is None or stored.content is None:
                yield f"{photo.photo_id} is ready, but its object is missing"
            elif (photo.size, photo.sha256) != (stored.size, sha256(stored.content).hexdigest()):
                yield f"{photo.photo_id} is ready, but its object has other bytes"
            if set(photo.renditions) != {"256", "1024", "2048", "full"}:
                yield f"{photo.photo_id} is ready, but has the renditions {sorted(photo.renditions)}"
            stored_keys = renditions_of(cloud, f"{photo.user_id}/{photo.photo_id}")
            yield from (f"{key} is missing" for key in {*photo.renditions.values()} - stored_keys)


def _check_usage(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    account = cloud.accounts.get_account(UserId(owner))
    charged = (sum(photo.counted for photo in photos), sum(photo.charged_bytes for photo in photos))
    if charged != (account.photo_count, account.bytes):
        yield f"{owner} is charged {account.photo_count} photos and {account.bytes} bytes instead of {charged}"


def _check_months(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    expected = Counter(photo.local_time[:7] for photo in photos if photo.listed)
    counted = DynamoTimelineStore(cloud.settings, cloud.dynamodb).count_by_month(UserId(owner))
    if counted != expected:
        yield f"{owner} has the months {counted} instead of {dict(expected)}"
    yield from (f"{photo.photo_id} has an outdated key" for photo in photos if photo.outdated_taken_key is not None)


def _check_ratings(cloud: Cloud, photos: list[Photo]) -> Iterator[str]:
    stored = ratings(cloud)
    scores = {row["photoId"]["S"]: row.get("score") for row in _read(cloud, cloud.settings.photo_table)}
    for photo in photos:
        values = [rating for (photo_id, _), rating in stored.items() if photo_id == photo.photo_id]
        expected = (0, 0) if photo.status == "erased" else (sum(values), len(values))
        if (photo.rating_sum, photo.rating_count) != expected:
            yield f"{photo.photo_id} has the sum {photo.rating_sum} of {photo.rating_count} ratings instead of {values}"
        if scores[photo.photo_id] != items.encode_photo(photo).get("score"):
            yield f"{photo.photo_id} is indexed with the score {scores[photo.photo_id]}"


def _check_search_terms(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    expected = [items.decode(row) for photo in photos for row in term_rows.encode_terms(photo).values()]
    stored = [items.decode(row) for row in _read(cloud, cloud.settings.term_table)]
    stored = [row for row in stored if row["ownerPart"].startswith(f"{owner}#")]
    if _sort_terms(expected) != _sort_terms(stored):
        yield f"terms of {owner}: {stored} instead of {expected}"


def _check_albums(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    albums = {album.album_id: album for album in albums_of(cloud, owner)}
    expected = {(key, photo.photo_id): row for photo in photos for key, row in items.encode_entries(photo).items()}
    photo_ids = {photo.photo_id for photo in photos}
    all_entries = _read(cloud, cloud.settings.entry_table)
    entries = {
        (row["albumId"]["S"], row["photoId"]["S"]): row for row in all_entries if row["photoId"]["S"] in photo_ids
    }
    if expected != entries:
        yield f"entries of {owner}: {entries} instead of {expected}"
    links = [row for row in _read(cloud, cloud.settings.album_table) if row["record"]["S"].startswith("link#")]
    for album in albums.values():
        album_entries = [row for key, row in entries.items() if key[0] == album.album_id]
        counts = (len(album_entries), sum("openKey" in row for row in album_entries))
        if counts != (album.photo_count, album.non_private_count):
            yield f"{album.album_id} counts {album.photo_count} and {album.non_private_count} instead of {counts}"
        if (link_count := sum(row["albumId"]["S"] == album.album_id for row in links)) != album.link_count:
            yield f"{album.album_id} counts {album.link_count} links instead of {link_count}"
    yield from (f"an entry in the deleted album {album_id}" for album_id, _ in entries if album_id not in albums)
    account = cloud.dynamodb.get_item(
        TableName=cloud.settings.account_table, Key=items.build_account_key(UserId(owner))
    )
    album_count = sum(album.deleted_at is None for album in albums.values())
    if (charged := int(account.get("Item", {}).get("albumCount", {"N": "0"})["N"])) != album_count:
        yield f"{owner} is charged {charged} albums instead of {album_count}"


def _check_digests(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    expected = {row["record"]["S"] for photo in photos if (row := items.encode_digest(photo))}
    records = {row["record"]["S"] for row in _read(cloud, cloud.settings.account_table) if row["userId"]["S"] == owner}
    if expected != {record for record in records if record.startswith("sha256#")}:
        yield f"digests of {owner}: {records} instead of {expected}"


def _sort_terms(terms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(terms, key=lambda row: (row["ownerPart"], row["wordPhoto"]))


def _read(cloud: Cloud, table: str) -> list[Row]:
    return read_rows(cloud.dynamodb, table)
