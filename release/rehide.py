"""`python -m release.rehide STAGE FROM TO`: after a restore, people are not shown what they have hidden since.

FROM and TO are the suffixes of the tables that were in use, and of those restored from them. What was erased, hidden,
put into the trash, taken out of an album, cancelled or revoked in the former is so in the latter afterwards; nothing
becomes more visible. An album or a link that has no row in the former counts as deleted or revoked. Once more is no
harm. No function may run meanwhile. AWS contracts DDB-22, DDB-23.
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
"""By their settings."""


def main(stage: str, before: str, after: str) -> None:
    """As the module says; `before` and `after` are empty where there is no suffix."""
    lambdas = boto3.client("lambda")
    function = lambdas.get_function_configuration(FunctionName=f"photoshare-{stage}")
    used = load_settings({"AWS_REGION": lambdas.meta.region_name, **function["Environment"]["Variables"]})
    was, restored = (suffixed(used, stage, suffix) for suffix in (before, after))
    for what, count in sorted(rehide(aws.client("dynamodb"), was, restored, datetime.now(UTC)).items()):
        print(f"{count} {what} were changed.")


def suffixed(settings: Settings, stage: str, suffix: str) -> Settings:
    """These settings, of the tables with this suffix."""
    tables = {field: f"photoshare-{stage}-{name}{suffix}" for field, name in TABLES.items()}
    return msgspec.structs.replace(settings, **tables)


def rehide(dynamodb: Any, was: Settings, restored: Settings, now: datetime) -> Counter[str]:
    """Do it; how many of what were changed.

    Raises:
        Busy: somebody else changes the restored tables.
    """
    done = Counter(accounts=0, albums=0, links=0, photos=0)
    store = DynamoPhotoStore(restored, dynamodb)
    accounts = DynamoAccountStore(restored, dynamodb)
    before, after = (DynamoAlbumStore(tables, dynamodb) for tables in (was, restored))
    links_before, links_after = (DynamoShareLinkStore(tables, dynamodb) for tables in (was, restored))
    for row in _rows(dynamodb, was.photo_table):
        done["photos"] += _photo(store, accounts, items.photo_of(row), now)
    for row in _rows(dynamodb, restored.album_table):
        if row["record"]["S"] == "album":
            album = msgspec.convert(items.decode(row), Album)
            done["links"] += _links(links_before, links_after, album)
            done["albums"] += _album(after, before.album(album.album_id), album, now)
    deletions = DynamoAccountDeletionStore(restored, dynamodb)
    for row in _rows(dynamodb, was.account_table):
        user_id = UserId(row["userId"]["S"])
        if "cancelledAt" in row and not accounts.account(user_id).cancelled:
            deletions.begin(user_id, row["cancelledAt"]["S"], timestamp(now))
            done["accounts"] += 1
    return done


def _rows(dynamodb: Any, table: str) -> Iterator[items.Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _photo(store: DynamoPhotoStore, accounts: DynamoAccountStore, was: Photo, now: datetime) -> bool:
    photo = store.photo(was.photo_id)
    if photo is None or photo.status == "erased":
        return False
    hidden = photo.tombstone(timestamp(now)) if was.status == "erased" else _hidden(photo, was, now)
    if hidden == photo or accounts.account(photo.user_id).cancelled:
        return False
    if not store.replace(photo, hidden):
        raise Busy(f"{photo.photo_id} is being changed: does a function still run?")
    return True


def _hidden(photo: Photo, was: Photo, now: datetime) -> Photo:
    placements = {album_id: each for album_id, each in photo.albums.items() if album_id in was.albums}
    # Nothing that is pending can be in the trash.
    unready = was.trashed_at is not None and photo.status == "pending"
    stricter = "private" if unready else max(photo.visibility, was.visibility, key=_BY_STRICTNESS.index)
    hidden = photo.with_(visibility=stricter, albums=placements)
    if was.trashed_at and photo.listed:
        return hidden.with_(trashed_at=was.trashed_at, due_at=was.due_at)
    if photo.trashed_at and not was.trashed_at:
        # It was taken out of the trash since, and the sweep would empty that before anybody can do so again.
        return hidden.with_(due_at=timestamp(now + TRASH_LIFETIME))
    return hidden


def _links(before: DynamoShareLinkStore, after: DynamoShareLinkStore, album: Album) -> int:
    kept = {link.link_id for link in before.links(album.album_id, MAX_LINKS)}
    revoked = [link for link in after.links(album.album_id, MAX_LINKS) if link.link_id not in kept]
    return sum(after.remove_link(album.album_id, link.link_id) for link in revoked)


def _album(after: DynamoAlbumStore, was: Album | None, album: Album, now: datetime) -> bool:
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
        raise Busy(f"{album.album_id} is being changed: does a function still run?")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, PhotoshareError, MissingSetting, TypeError) as error:
        sys.exit(f"Not everything is hidden again: {error}")
