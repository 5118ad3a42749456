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
    used = load_settings({"AWS_REGION": lambdas.meta.region_name, **function["Environment"]["Variables"]})
    was, restored = (suffixed(used, stage, suffix) for suffix in (before, after))
    for kind, count in sorted(rehide(aws.client("dynamodb"), was, restored, datetime.now(UTC)).items()):
        print(f"Changed {count} {kind}.")


def suffixed(settings: Settings, stage: str, suffix: str) -> Settings:
    """Return the settings with the names of the tables that have this suffix."""
    tables = {field: f"photoshare-{stage}-{name}{suffix}" for field, name in TABLES.items()}
    return msgspec.structs.replace(settings, **tables)


def rehide(dynamodb: Any, was: Settings, restored: Settings, now: datetime) -> Counter[str]:
    """Hide everything again in the tables of `restored`, and return the number of changes by kind.

    Raises:
        Busy: another writer changes the restored tables.
    """
    changed = Counter(accounts=0, albums=0, links=0, photos=0)
    store = DynamoPhotoStore(restored, dynamodb)
    accounts = DynamoAccountStore(restored, dynamodb)
    before, after = (DynamoAlbumStore(tables, dynamodb) for tables in (was, restored))
    links_before, links_after = (DynamoShareLinkStore(tables, dynamodb) for tables in (was, restored))
    for row in _rows(dynamodb, was.photo_table):
        changed["photos"] += _rehide_photo(store, accounts, items.photo_of(row), now)
    for row in _rows(dynamodb, restored.album_table):
        if row["record"]["S"] == "album":
            album = msgspec.convert(items.decode(row), Album)
            changed["links"] += _revoke_links(links_before, links_after, album)
            changed["albums"] += _rehide_album(after, before.album(album.album_id), album, now)
    deletions = DynamoAccountDeletionStore(restored, dynamodb)
    for row in _rows(dynamodb, was.account_table):
        user_id = UserId(row["userId"]["S"])
        if "cancelledAt" in row and not accounts.account(user_id).cancelled:
            deletions.begin(user_id, row["cancelledAt"]["S"], timestamp(now))
            changed["accounts"] += 1
    return changed


def _rows(dynamodb: Any, table: str) -> Iterator[items.Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _rehide_photo(store: DynamoPhotoStore, accounts: DynamoAccountStore, was: Photo, now: datetime) -> bool:
    photo = store.photo(was.photo_id)
    if photo is None or photo.status == "erased":
        return False
    hidden = photo.tombstone(timestamp(now)) if was.status == "erased" else _hide(photo, was, now)
    if hidden == photo or accounts.account(photo.user_id).cancelled:
        return False
    if not store.replace(photo, hidden):
        raise Busy(f"{photo.photo_id} is being changed. Check whether a function still runs.")
    return True


def _hide(photo: Photo, was: Photo, now: datetime) -> Photo:
    placements = {album_id: placement for album_id, placement in photo.albums.items() if album_id in was.albums}
    # A pending photo cannot be in the trash, so make it private.
    is_pending = was.trashed_at is not None and photo.status == "pending"
    stricter = "private" if is_pending else max(photo.visibility, was.visibility, key=_BY_STRICTNESS.index)
    hidden = photo.with_(visibility=stricter, albums=placements)
    if was.trashed_at and photo.listed:
        return hidden.with_(trashed_at=was.trashed_at, due_at=was.due_at)
    if photo.trashed_at and not was.trashed_at:
        # The owner had restored the photo. Give the owner time to restore it again before the sweep erases it.
        return hidden.with_(due_at=timestamp(now + TRASH_LIFETIME))
    return hidden


def _revoke_links(before: DynamoShareLinkStore, after: DynamoShareLinkStore, album: Album) -> int:
    existing = {link.link_id for link in before.links(album.album_id, MAX_LINKS)}
    revoked = [link for link in after.links(album.album_id, MAX_LINKS) if link.link_id not in existing]
    return sum(after.remove_link(album.album_id, link.link_id) for link in revoked)


def _rehide_album(after: DynamoAlbumStore, was: Album | None, album: Album, now: datetime) -> bool:
    if album.deleted_at:
        return False
    # The sweep propagates the change to the photos.
    due_at = timestamp(now)
    if was is None or was.deleted_at:
        _replace(after, album, album.with_(deleted_at=timestamp(now), due_at=due_at, wording=album.wording + 1))
        return True
    stricter = max(album.visibility, was.visibility, key=_BY_STRICTNESS.index)
    if stricter == album.visibility:
        return False
    hidden = album.with_(visibility=stricter, updated_at=timestamp(now))
    if hidden.public != album.public:
        hidden = hidden.with_(due_at=due_at, wording=album.wording + 1)
    _replace(after, album, hidden)
    return True


def _replace(after: DynamoAlbumStore, album: Album, changed: Album) -> None:
    if not after.change(album, changed):
        raise Busy(f"{album.album_id} is being changed. Check whether a function still runs.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, PhotoshareError, MissingSetting, TypeError) as error:
        sys.exit(f"The rehide is incomplete: {error}")
