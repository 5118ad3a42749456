"""Rows as records that the reconciliation compares."""

import json
from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any, NamedTuple

import msgspec

from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import entries, listed, words
from chalicelib.stores.postgres.database import Row
from chalicelib.stores.postgres.rows import ALBUM, ALBUM_COLUMNS, build_placeholders, decode_album, decode_photo
from chalicelib.stores.row_audit import (
    DerivedRow,
    RowId,
    RowKind,
    StoredAccount,
    StoredAlbum,
    StoredPhoto,
    StoredRating,
    WrongKeys,
)

_ROWS = 1000
"""The largest number of rows in one statement."""


class Table(NamedTuple):
    """A table of rows that are written with a photo."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns, those of the key first."""
        return self.key + self.values


TABLES: dict[RowKind, Table] = {
    "entry": Table("entries", ("album_id", "photo_id"), ("is_private", "sort_key", "rank", "taken_key")),
    "search-row": Table("words", ("listing", "photo_id", "word")),
    "list-row": Table("listed_photos", ("listing", "photo_id"), ("rank", "score", "taken_key")),
    "digest": Table("digests", ("user_id", "sha256", "photo_id")),
}
PHOTO_ROW = "p.photo_id, p.body, p.revision, p.rating_sum, p.rating_count, p.user_id, p.sweep_at, p.expires_at"
ACCOUNT_ROW = "c.user_id, c.photo_count, c.bytes, c.album_count, c.cancelled_at, c.due_at, c.expires_at"
ALBUM_ROW = f"{ALBUM}, a.album_id, a.user_id, a.visibility, a.deleted_at, a.change_number"
ALBUM_ROW_COLUMNS = ALBUM_COLUMNS + 5


def build_rows(photo: Photo) -> dict[RowId, DerivedRow]:
    """Return the rows that should be stored with a photo."""
    photo_id = photo.photo_id
    rows: list[tuple[RowKind, Row]] = [
        ("list-row", (name, photo_id, *keys)) for name, keys in listed.build_keys(photo).items()
    ]
    rows += [("search-row", (listing, photo_id, word)) for listing, word in sorted(words.build_keys(photo))]
    rows += [("entry", (album_id, photo_id, *entry)) for album_id, entry in entries.build_entries(photo).items()]
    if photo.listed and photo.sha256:
        rows.append(("digest", (photo.user_id, photo.sha256, photo_id)))
    return dict(decode_row(kind, row) for kind, row in rows)


def find_month(photo: Photo) -> tuple[str, str] | None:
    """Return the record and the month that count a photo, or None if no month does."""
    month = photo.local_month
    return (f"{month} {photo.photo_id[-1]}", month) if photo.listed else None


def build_selections(row_ids: Iterable[RowId]) -> Iterable[tuple[RowKind, str, list[Any]]]:
    """Yield statements that select the rows of these ids, with their kinds and values."""
    by_kind: dict[RowKind, list[tuple[str, ...]]] = {}
    for row_id in dict.fromkeys(row_ids):
        by_kind.setdefault(row_id.kind, []).append(row_id.key)
    for kind, all_keys in by_kind.items():
        table = TABLES[kind]
        columns = ", ".join(f"t.{name}" for name in table.columns)
        matches = " AND ".join(f"t.{name} = s.{name}" for name in table.key)
        for keys in batched(all_keys, _ROWS):
            groups, values = build_placeholders(keys, types=["text"] * len(table.key))
            source = f"(VALUES {groups}) AS s ({', '.join(table.key)})"
            yield kind, f"SELECT {columns} FROM {source} JOIN {table.name} t ON {matches}", values


def decode_row(kind: RowKind, row: Row) -> tuple[RowId, DerivedRow]:
    """Return the id and the row of the columns of a table."""
    table = TABLES[kind]
    named = dict(zip(table.columns, row, strict=True))
    _, owner, tag = _parse_listing(named.get("listing", "[]"))
    owner = named.get("user_id", owner)
    position = named.get("sort_key", "").partition("#")[0]
    return RowId(kind, row[: len(table.key)]), DerivedRow(
        photo_id=named["photo_id"],
        row=row,
        user_id=UserId(owner) if owner is not None else None,
        album_id=named.get("album_id"),
        position=int(position) if position.isdecimal() else 0,
        tag=tag,
    )


def _parse_listing(name: str) -> Sequence[str | None]:
    """Return the scope, the owner and the tag in the name of a list. None if it has no owner or no tag."""
    try:
        return [*json.loads(name), None, None, None][:3]
    except (ValueError, TypeError):
        return None, None, None


def decode_stored_photo(row: Row) -> StoredPhoto:
    """Return the photo of the columns `PHOTO_ROW`."""
    photo_id = PhotoId(row[0])
    try:
        photo: Photo | None = decode_photo(row[1:])
    except msgspec.MsgspecError:
        photo = None
    return StoredPhoto(photo_id=photo_id, photo=photo if photo and photo.photo_id == photo_id else None, row=row)


def check_keys(stored: StoredPhoto) -> WrongKeys:
    """Compare the columns of a readable photo with its body. The rows of lists have the scores."""
    photo, (user_id, sweep_at, expires_at) = stored.photo, stored.row[-3:]
    if photo is None:
        return WrongKeys()
    # The sweep postpones photos, and a tombstone expires some time after its photo was erased.
    found = (user_id, sweep_at is None, expires_at is None)
    return WrongKeys(others=found != (photo.user_id, photo.sweep_at is None, photo.status != "erased"))


def decode_stored_account(row: Row) -> StoredAccount:
    """Return the account of the columns `ACCOUNT_ROW`."""
    user_id, photo_count, size, album_count, cancelled_at, due_at, expires_at = row
    return StoredAccount(
        user_id=user_id,
        photo_count=photo_count,
        bytes=size,
        album_count=album_count,
        cancelled_at=cancelled_at,
        is_due=due_at is not None,
        expires=expires_at is not None,
        row=row,
    )


def decode_stored_album(row: Row) -> tuple[AlbumId, StoredAlbum]:
    """Return the id and the album of the columns `ALBUM_ROW`."""
    album_id, *columns = row[ALBUM_COLUMNS:ALBUM_ROW_COLUMNS]
    album = decode_album(row)
    expected = [album.user_id, album.visibility, album.deleted_at, album.change_number]
    return AlbumId(album_id), StoredAlbum(album=album, has_wrong_keys=columns != expected, row=row)


def decode_stored_rating(row: Row) -> StoredRating:
    """Return the rating of a row of the photo, the user and the rating."""
    photo_id, user_id, rating = row
    return StoredRating(photo_id=photo_id, user_id=user_id, rating=rating, row=row)
