"""Apply deletions and visibility changes again after a restore: `python -m release.rehide STAGE FROM TO`.

FROM is the suffix of the tables that were in use. TO is the suffix of the tables that were restored from them.
Each photo, album, link or account that was erased, hidden, moved to the trash, removed from an album, cancelled or
revoked in the FROM tables is so in the TO tables afterwards. Nothing becomes more visible.
An album without a row in the FROM tables counts as deleted, and a link without a row as revoked.
The command is idempotent. No function may run at the same time. AWS contracts DDB-22, DDB-23.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.albums.links import MAX_LINKS
from chalicelib.domain.albums import Album
from chalicelib.domain.errors import Busy, PhotoshareError
from chalicelib.domain.ids import UserId, timestamp
from chalicelib.domain.photos import TRASH_LIFETIME, Photo, Visibility
from chalicelib.infra import aws
from chalicelib.infra.settings import MissingSetting, Settings, load_settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.account_deletion import DynamoAccountDeletionStore
from chalicelib.stores.dynamodb.accounts import DynamoAccountStore
from chalicelib.stores.dynamodb.albums import DynamoAlbumStore
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from chalicelib.stores.dynamodb.share_links import DynamoShareLinkStore

_BY_STRICTNESS: tuple[Visibility, ...] = ("public", "unlisted", "private")
TABLES = {
    "photo_table": "PhotoMetadata",
    "account_table": "Accounts",
    "term_table": "SearchTerms",
    "album_table": "Albums",
    "entry_table": "AlbumPhotos",
    "rating_table": "PhotoRatings",
}
"""The names of the tables by the fields of `Settings`."""


def main(stage: str, before: str, after: str) -> None:
    """Run the command. `before` is FROM and `after` is TO. Each is empty for tables without a suffix."""
    lambdas = boto3.client("lambda")
    function = lambdas.get_function_configuration(FunctionName=f"photoshare-{stage}")
    settings = load_settings({"AWS_REGION": lambdas.meta.region_name, **function["Environment"]["Variables"]})
    previous, restored = (select_tables(settings, stage, suffix) for suffix in (before, after))
    for kind, count in sorted(rehide(aws.create_client("dynamodb"), previous, restored, datetime.now(UTC)).items()):
        print(f"Changed {count} {kind}.")


def select_tables(settings: Settings, stage: str, suffix: str) -> Settings:
    """Return the settings with the names of the tables that have this suffix."""
    tables = {field: f"photoshare-{stage}-{name}{suffix}" for field, name in TABLES.items()}
    return msgspec.structs.replace(settings, **tables)


def rehide(dynamodb: Any, previous: Settings, restored: Settings, now: datetime) -> Counter[str]:
    """Hide everything again in the tables of `restored`, and return the number of changes by kind.

    Raises:
        Busy: another writer changes the restored tables.
    """
    changes = Counter(accounts=0, albums=0, links=0, photos=0)
    store = DynamoPhotoStore(restored, dynamodb)
    accounts = DynamoAccountStore(restored, dynamodb)
    before, after = (DynamoAlbumStore(tables, dynamodb) for tables in (previous, restored))
    links_before, links_after = (DynamoShareLinkStore(tables, dynamodb) for tables in (previous, restored))
    for row in _scan_rows(dynamodb, previous.photo_table):
        changes["photos"] += _rehide_photo(store, accounts, items.decode_photo(row), now)
    for row in _scan_rows(dynamodb, restored.album_table):
        if row["record"]["S"] == "album":
            album = msgspec.convert(items.decode(row), Album)
            changes["links"] += _revoke_links(links_before, links_after, album)
            changes["albums"] += _rehide_album(after, before.album(album.album_id), album, now)
    deletions = DynamoAccountDeletionStore(restored, dynamodb)
    for row in _scan_rows(dynamodb, previous.account_table):
        user_id = UserId(row["userId"]["S"])
        if "cancelledAt" in row and not accounts.account(user_id).cancelled:
            deletions.begin(user_id, row["cancelledAt"]["S"], timestamp(now))
            changes["accounts"] += 1
    return changes


def _scan_rows(dynamodb: Any, table: str) -> Iterator[items.Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _rehide_photo(store: DynamoPhotoStore, accounts: DynamoAccountStore, previous: Photo, now: datetime) -> bool:
    photo = store.photo(previous.photo_id)
    if photo is None or photo.status == "erased":
        return False
    hidden_version = photo.tombstone(timestamp(now)) if previous.status == "erased" else _hide(photo, previous, now)
    if hidden_version == photo or accounts.account(photo.user_id).cancelled:
        return False
    if not store.replace(photo, hidden_version):
        raise Busy(f"{photo.photo_id} is being changed. Check whether a function still runs.")
    return True


def _hide(photo: Photo, previous: Photo, now: datetime) -> Photo:
    memberships = {album_id: membership for album_id, membership in photo.albums.items() if album_id in previous.albums}
    # A pending photo cannot be in the trash, so make it private.
    is_pending = previous.trashed_at is not None and photo.status == "pending"
    visibility = "private" if is_pending else max(photo.visibility, previous.visibility, key=_BY_STRICTNESS.index)
    hidden_version = photo.with_(visibility=visibility, albums=memberships)
    if previous.trashed_at and photo.listed:
        return hidden_version.with_(trashed_at=previous.trashed_at, due_at=previous.due_at)
    if photo.trashed_at and not previous.trashed_at:
        # The owner had restored the photo. Give the owner time to restore it again before the sweep erases it.
        return hidden_version.with_(due_at=timestamp(now + TRASH_LIFETIME))
    return hidden_version


def _revoke_links(before: DynamoShareLinkStore, after: DynamoShareLinkStore, album: Album) -> int:
    existing = {link.link_id for link in before.links(album.album_id, MAX_LINKS)}
    revoked = [link for link in after.links(album.album_id, MAX_LINKS) if link.link_id not in existing]
    return sum(after.remove_link(album.album_id, link.link_id) for link in revoked)


def _rehide_album(after: DynamoAlbumStore, previous: Album | None, album: Album, now: datetime) -> bool:
    if album.deleted_at:
        return False
    # The sweep propagates the change to the photos.
    due_at = timestamp(now)
    if previous is None or previous.deleted_at:
        _replace(
            after, album, album.with_(deleted_at=timestamp(now), due_at=due_at, change_number=album.change_number + 1)
        )
        return True
    visibility = max(album.visibility, previous.visibility, key=_BY_STRICTNESS.index)
    if visibility == album.visibility:
        return False
    hidden_version = album.with_(visibility=visibility, updated_at=timestamp(now))
    if hidden_version.public != album.public:
        hidden_version = hidden_version.with_(due_at=due_at, change_number=album.change_number + 1)
    _replace(after, album, hidden_version)
    return True


def _replace(after: DynamoAlbumStore, album: Album, changed: Album) -> None:
    if not after.change(album, changed):
        raise Busy(f"{album.album_id} is being changed. Check whether a function still runs.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, PhotoshareError, MissingSetting, TypeError) as error:
        sys.exit(f"The rehide is incomplete: {error}")
