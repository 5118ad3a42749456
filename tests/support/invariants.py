"""Invariants of rows, objects and counters. Some hold at any time, and others only after all jobs have run."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from tests.support.cloud import Client, Cloud


def broken(cloud: Cloud, owner: str) -> list[str]:
    """Return the violated invariants of the photos of `owner` that hold at any time."""
    photos = rows(cloud, owner)
    return [
        *_check_ready_photos(cloud, photos),
        *_check_usage(cloud, owner, photos),
        *_check_months(cloud, owner, photos),
        *_check_derived_rows(cloud, owner, photos),
        *_check_albums(cloud, owner, photos),
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
    """Return objects that no photo of `owner` uses, and ratings of erased photos. The sweep must delete both."""
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
    return [photo for photo in cloud.stored.list_photos() if photo.user_id == owner]


def albums_of(cloud: Cloud, owner: str) -> list[Album]:
    """Return every album of `owner`, including albums whose deletion is not finished."""
    return [album for album in cloud.stored.list_albums() if album.user_id == owner]


def ratings(cloud: Cloud) -> dict[tuple[str, str], int]:
    """Return every rating, by photo and user."""
    return cloud.stored.list_ratings()


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
    counted = cloud.stored.count_months(owner)
    if counted != expected:
        yield f"{owner} has the months {counted} instead of {dict(expected)}"
    yield from (f"{photo.photo_id} has an outdated key" for photo in photos if photo.outdated_taken_key is not None)


def _check_ratings(cloud: Cloud, photos: list[Photo]) -> Iterator[str]:
    stored = ratings(cloud)
    for photo in photos:
        values = [rating for (photo_id, _), rating in stored.items() if photo_id == photo.photo_id]
        expected = (0, 0) if photo.status == "erased" else (sum(values), len(values))
        if (photo.rating_sum, photo.rating_count) != expected:
            yield f"{photo.photo_id} has the sum {photo.rating_sum} of {photo.rating_count} ratings instead of {values}"


def _check_derived_rows(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    stored = cloud.stored.list_derived(owner, {photo.photo_id for photo in photos})
    expected = cloud.stored.derive(photos)
    yield from (f"{owner} has the row {row}" for row in sorted(stored - expected))
    yield from (f"{owner} has no row {row}" for row in sorted(expected - stored))


def _check_albums(cloud: Cloud, owner: str, photos: list[Photo]) -> Iterator[str]:
    albums = {album.album_id: album for album in albums_of(cloud, owner)}
    photo_ids = {photo.photo_id for photo in photos}
    entries = [entry for entry in cloud.stored.list_entries() if entry.photo_id in photo_ids]
    links = Counter(cloud.stored.list_link_albums())
    for album in albums.values():
        open_entries = [entry.is_open for entry in entries if entry.album_id == album.album_id]
        counts = (len(open_entries), sum(open_entries), links[album.album_id])
        if (stored := (album.photo_count, album.non_private_count, album.link_count)) != counts:
            yield f"{album.album_id} counts {stored} photos, open photos and links instead of {counts}"
    yield from (f"an entry in the deleted album {entry.album_id}" for entry in entries if entry.album_id not in albums)
    album_count = sum(album.deleted_at is None for album in albums.values())
    if (charged := cloud.stored.count_albums(owner)) != album_count:
        yield f"{owner} is charged {charged} albums instead of {album_count}"
