"""Apply deletions and visibility changes again after a restore: `python -m release.rehide STAGE FROM TO [DATA]`.

FROM is the database that was in use, and TO is the database that was restored. `release.databases` describes their
names. A suffix of tables, a connection string of PostgreSQL and an endpoint of Aurora DSQL are accepted too. DATA is
the directory of a local cloud.
The command repeats in TO each deletion, hiding, revocation and cancellation in FROM. Nothing becomes more visible.
An album without a row in FROM counts as deleted, and a link without a row as revoked.
The command is idempotent. No function may run at the same time. AWS contracts DDB-22, DDB-23.
"""

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from chalicelib.albums.link_creation import MAX_LINKS
from chalicelib.domain.albums import Album
from chalicelib.domain.errors import Busy, PhotoshareError
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import TRASH_LIFETIME, Photo, Visibility
from chalicelib.infra import aws
from chalicelib.infra.settings import MissingSetting, Settings, load_settings
from chalicelib.stores.backend import Stores
from chalicelib.stores.dynamodb.stores import build_stores
from chalicelib.stores.protocols import AlbumStore, ShareLinkStore
from chalicelib.stores.row_audit import iterate_rows
from release import databases
from release.environment import load_environment
from release.failures import exit_on_failure

_BY_STRICTNESS: tuple[Visibility, ...] = ("public", "unlisted", "private")


class Unreadable(Exception):
    """The row of a photo is unreadable. The message is the id of the photo."""


def main(stage: str, previous: str, restored: str, data: str = ".data") -> None:
    """Run the command on the databases FROM and TO. The suffix of tables can be empty."""
    load_environment(stage, Path(data))
    settings = load_settings()
    with databases.explained_refusals():
        in_use, target = (open_stores(settings, stage, name) for name in (previous, restored))
        changes = rehide(in_use, target, datetime.now(UTC))
    for kind, count in sorted(changes.items()):
        print(f"Changed {count} {kind}.")


def open_stores(settings: Settings, stage: str, name: str) -> Stores:
    """Return the stores on a database of a stage.

    `name` is a name that `release.databases` describes, or a suffix of tables, a connection string or an endpoint.

    Raises:
        InvalidDatabase: the name belongs to another stage, has another form, or is empty for an SQL database.
    """
    if name.startswith(databases.DYNAMODB):
        named_stage, suffix = databases.split_stage(name)
        if named_stage != stage:
            raise databases.InvalidDatabase(
                f"{name} is not a database of the stage {stage}. Set STAGE= to the stage of the database."
            )
        tables = settings if suffix is None else databases.select_tables(settings, stage, suffix)
        return build_stores(tables, aws.create_client("dynamodb"))
    is_sql = name.startswith(databases.DSQL) or "://" in name
    if not (is_sql or settings.database_url or settings.dsql):
        return build_stores(databases.select_tables(settings, stage, name), aws.create_client("dynamodb"))
    if not name:
        raise databases.InvalidDatabase("FROM is missing. Name the database that the stage used before the restore.")
    from chalicelib.stores.postgres.dsql import open_database
    from chalicelib.stores.postgres.stores import build_stores as build_sql_stores

    if settings.dsql and "://" not in name:
        cluster = msgspec.structs.replace(settings.dsql, endpoint=name.removeprefix(databases.DSQL))
        return build_sql_stores(open_database(cluster))
    return build_sql_stores(databases.connect(name))


def rehide(previous: Stores, restored: Stores, now: datetime) -> Counter[str]:
    """Hide everything again in `restored`, and return the number of changes by kind.

    Raises:
        Busy: another writer changes the restored rows.
        Unreadable: the previous row of a photo is unreadable.
    """
    changes = Counter(accounts=0, albums=0, links=0, photos=0)
    for stored in iterate_rows(previous.audit.scan_photos):
        if stored.photo is None:
            raise Unreadable(stored.photo_id)
        changes["photos"] += _rehide_photo(restored, stored.photo, now)
    for album_id, owner in iterate_rows(restored.audit.scan_albums):
        album = restored.albums.get_album(album_id) if owner else None
        if album:
            changes["links"] += _revoke_links(previous.links, restored.links, album)
            changes["albums"] += _rehide_album(restored.albums, previous.albums.get_album(album_id), album, now)
    for account in iterate_rows(previous.audit.scan_accounts):
        if account.cancelled_at and not restored.accounts.get_account(account.user_id).cancelled:
            restored.deletions.cancel_account(account.user_id, account.cancelled_at, format_timestamp(now))
            changes["accounts"] += 1
    return changes


def _rehide_photo(restored: Stores, previous: Photo, now: datetime) -> bool:
    photo = restored.photos.get_photo(previous.photo_id)
    if photo is None or photo.status == "erased":
        return False
    hidden_photo = (
        photo.to_tombstone(format_timestamp(now)) if previous.status == "erased" else _hide(photo, previous, now)
    )
    if hidden_photo == photo or restored.accounts.get_account(photo.user_id).cancelled:
        return False
    if not restored.photos.replace(photo, hidden_photo):
        raise Busy(f"{photo.photo_id} is being changed. Check whether a function still runs.")
    return True


def _hide(photo: Photo, previous: Photo, now: datetime) -> Photo:
    memberships = {
        album_id: membership for album_id, membership in photo.memberships.items() if album_id in previous.memberships
    }
    # A pending photo cannot be in the trash, so make it private.
    is_trashed_pending = previous.trashed_at is not None and photo.status == "pending"
    visibility = (
        "private" if is_trashed_pending else max(photo.visibility, previous.visibility, key=_BY_STRICTNESS.index)
    )
    hidden_photo = photo.with_(visibility=visibility, memberships=memberships)
    if previous.trashed_at and photo.listed:
        return hidden_photo.with_(trashed_at=previous.trashed_at, due_at=previous.due_at)
    if photo.trashed_at and not previous.trashed_at:
        # The owner had restored the photo. Give the owner time to restore it again before the sweep erases it.
        return hidden_photo.with_(due_at=format_timestamp(now + TRASH_LIFETIME))
    return hidden_photo


def _revoke_links(previous_links: ShareLinkStore, restored_links: ShareLinkStore, album: Album) -> int:
    existing = {link.link_id for link in previous_links.list_links(album.album_id, MAX_LINKS)}
    revoked = [link for link in restored_links.list_links(album.album_id, MAX_LINKS) if link.link_id not in existing]
    return sum(restored_links.remove_link(album.album_id, link.link_id) for link in revoked)


def _rehide_album(albums: AlbumStore, previous: Album | None, album: Album, now: datetime) -> bool:
    if album.deleted_at:
        return False
    # The sweep propagates the change to the photos.
    due_at = format_timestamp(now)
    if previous is None or previous.deleted_at:
        _replace(
            albums,
            album,
            album.with_(deleted_at=format_timestamp(now), due_at=due_at, change_number=album.change_number + 1),
        )
        return True
    visibility = max(album.visibility, previous.visibility, key=_BY_STRICTNESS.index)
    if visibility == album.visibility:
        return False
    hidden_album = album.with_(visibility=visibility, updated_at=format_timestamp(now))
    if hidden_album.public != album.public:
        hidden_album = hidden_album.with_(due_at=due_at, change_number=album.change_number + 1)
    _replace(albums, album, hidden_album)
    return True


def _replace(albums: AlbumStore, album: Album, changed_album: Album) -> None:
    if not albums.change(album, changed_album):
        raise Busy(f"{album.album_id} is being changed. Check whether a function still runs.")


if __name__ == "__main__":
    with exit_on_failure(
        "`make rehide` is incomplete", PhotoshareError, MissingSetting, databases.InvalidDatabase, TypeError
    ):
        try:
            main(*sys.argv[1:])
        except Unreadable as error:
            sys.exit(
                "`make rehide` is incomplete, because the row of a photo is unreadable. "
                f"Restore the row from a backup, and run the command again: {error}"
            )
        except databases.RefusedStatement as error:
            sys.exit(f"`make rehide` is incomplete. {error}")
