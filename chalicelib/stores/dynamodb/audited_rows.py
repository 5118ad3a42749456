"""Raw rows as records that the reconciliation compares."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import msgspec

from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp, UserId, get_upload_time, is_photo_id
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items, months, term_rows
from chalicelib.stores.dynamodb.albums import encode_album
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.dynamodb.raw_rows import RawKey, RawReader, TableName, identify
from chalicelib.stores.dynamodb.tags import get_term
from chalicelib.stores.row_audit import (
    CountName,
    DerivedRow,
    RowId,
    RowKind,
    RowPage,
    StoredAccount,
    StoredAlbum,
    StoredLink,
    StoredPhoto,
    StoredRating,
    WrongKeys,
)

TABLES: dict[RowKind, TableName] = {"entry": "entry_table", "search-row": "term_table", "digest": "account_table"}
COUNTS: dict[CountName, str] = {"photo_count": "photoCount", "bytes": "bytes", "album_count": "albumCount"}
PHOTO_KEYS = (
    "dueShard",
    "expiresAt",
    "feedShard",
    "ownerKey",
    "publicKey",
    "publicOwnerKey",
    "rank",
    "sweepAt",
    "takenKey",
)
"""The index keys of a photo, except its score."""
ALBUM_KEYS = ("ownerKey", "publicKey", "dueShard", "visibility")
_DIGEST, _LINK = "sha256#", "link#"
_READERS = 8


class DynamoRowReader:
    """`RowReader` of tables or of their exports."""

    kinds: Sequence[RowKind] = tuple(TABLES)

    def __init__(self, raw: RawReader) -> None:
        self._raw = raw

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "reconcile")

    def build_rows(self, photo: Photo) -> dict[RowId, DerivedRow]:
        rows: list[tuple[RowKind, Item]] = [("search-row", row) for row in term_rows.encode_terms(photo).values()]
        rows += [("entry", row) for row in items.encode_entries(photo).values()]
        rows += [("digest", row) for row in (items.encode_digest(photo),) if row]
        return dict(_decode_row(kind, row) for kind, row in rows)

    def list_row_ids(self, photo: Photo) -> set[RowId]:
        # Do not encode the rows of the words.
        ids = {RowId("search-row", key) for key in term_rows.list_keys(photo)}
        ids |= {RowId("entry", (album_id, photo.photo_id)) for album_id in items.encode_entries(photo)}
        digest = items.encode_digest(photo)
        return ids | ({_decode_row("digest", digest)[0]} if digest else set())

    def check_keys(self, stored: StoredPhoto) -> WrongKeys:
        row, expected = stored.row, items.encode_photo(stored.photo) if stored.photo else {}
        # The sweep postpones photos, so only the presence of `sweepAt` follows from the photo. The time at which a
        # tombstone expires does not follow from it either.
        free = {"sweepAt", "expiresAt"}
        are_wrong = any(
            (name in row) != (name in expected) if name in free else row.get(name) != expected.get(name)
            for name in PHOTO_KEYS
        )
        return WrongKeys(score=row.get("score") != expected.get("score"), others=are_wrong)

    def find_month(self, photo: Photo) -> tuple[str, str] | None:
        taken_key = items.get_stored_taken_key(photo)
        return months.find_count(photo, taken_key) if taken_key else None

    def scan_photos(self, limit: int, after: str | None) -> RowPage[StoredPhoto]:
        rows, end = self._raw.scan("photo_table", limit, after)
        return RowPage([*map(_decode_photo, rows)], end)

    def scan_accounts(self, limit: int, after: str | None) -> RowPage[StoredAccount]:
        rows, end = self._raw.scan("account_table", limit, after)
        return RowPage([_decode_account(row) for row in rows if row["record"]["S"] == "account"], end)

    def scan_rows(self, kind: RowKind, limit: int, after: str | None) -> RowPage[tuple[RowId, DerivedRow]]:
        rows, end = self._raw.scan(TABLES[kind], limit, after)
        # In the table of accounts, only the digests follow from photos.
        derived = [row for row in rows if kind != "digest" or row["record"]["S"].startswith(_DIGEST)]
        return RowPage([_decode_row(kind, row) for row in derived], end)

    def scan_ratings(self, limit: int, after: str | None) -> RowPage[StoredRating]:
        rows, end = self._raw.scan("rating_table", limit, after)
        return RowPage([*map(_decode_rating, rows)], end)

    def scan_albums(self, limit: int, after: str | None) -> RowPage[tuple[AlbumId, UserId | None]]:
        rows, end = self._raw.scan("album_table", limit, after)
        owners = [UserId(row["userId"]["S"]) if row["record"]["S"] == "album" else None for row in rows]
        return RowPage([(AlbumId(row["albumId"]["S"]), owner) for row, owner in zip(rows, owners, strict=True)], end)

    def read_photos(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, StoredPhoto]:
        keys = [locate_photo(photo_id) for photo_id in photo_ids if is_photo_id(photo_id)]
        return {PhotoId(row["photoId"]["S"]): _decode_photo(row) for row in self._raw.read(keys).values()}

    def read_rows(self, row_ids: Iterable[RowId]) -> dict[RowId, DerivedRow]:
        kinds = {locate_row(row_id): row_id.kind for row_id in row_ids}
        return dict(_decode_row(kinds[key], row) for key, row in self._raw.read(kinds).items())

    def read_accounts(self, user_ids: Iterable[UserId]) -> dict[UserId, StoredAccount]:
        keys: list[RawKey] = [("account_table", user_id, "account") for user_id in user_ids]
        return {UserId(row["userId"]["S"]): _decode_account(row) for row in self._raw.read(keys).values()}

    def read_months(self, user_id: UserId) -> dict[str, dict[str, int]]:
        rows = self._raw.query("account_table", user_id, months.PREFIX)
        return {row["record"]["S"]: {name: int(row[name]["N"]) for name in row if "N" in row[name]} for row in rows}

    def read_albums(self, album_ids: Iterable[AlbumId]) -> dict[AlbumId, StoredAlbum]:
        rows = self._raw.read(locate_album(album_id) for album_id in album_ids)
        return {AlbumId(row["albumId"]["S"]): _decode_album(row) for row in rows.values()}

    def read_with_links(self, album_id: AlbumId) -> tuple[StoredAlbum | None, list[StoredLink]]:
        rows = {row["record"]["S"]: row for row in self._raw.query("album_table", album_id)}
        links = [
            StoredLink(album_id=album_id, link_id=LinkId(record.removeprefix(_LINK)), row=row)
            for record, row in rows.items()
            if record.startswith(_LINK)
        ]
        return _decode_album(rows["album"]) if "album" in rows else None, links

    def list_ratings(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, list[StoredRating]]:
        rows = self._readers.map(lambda photo_id: self._raw.query("rating_table", photo_id), photo_ids)
        return {photo_id: [*map(_decode_rating, found)] for photo_id, found in zip(photo_ids, rows, strict=True)}

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        return self._raw.list_photo_ids(owner, limit, after)

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        return self._raw.list_album_ids(owner)

    def list_surviving_ids(self, user_id: UserId, photo_id: PhotoId) -> list[RowId]:
        return [RowId("entry", (album_id, photo_id)) for album_id in self.list_album_ids(user_id)]

    def has_records(self, user_id: UserId) -> bool:
        return any(row["record"]["S"] != "account" for row in self._raw.query("account_table", user_id))

    def has_digest(self, user_id: UserId, sha256: str, photo_id: PhotoId) -> bool:
        return bool(self._raw.read([("account_table", user_id, f"{_DIGEST}{sha256}#{photo_id}")]))

    def has_rated(self, user_id: UserId) -> bool:
        return self._raw.has_rated(user_id)


def locate_row(row_id: RowId) -> RawKey:
    """Return the table and the primary key of a row that is written with a photo."""
    partition, sort = row_id.key
    return TABLES[row_id.kind], partition, sort


def locate_photo(photo_id: PhotoId) -> RawKey:
    """Return the table and the primary key of a photo."""
    return "photo_table", photo_id, get_upload_time(photo_id)


def locate_album(album_id: AlbumId) -> RawKey:
    """Return the table and the primary key of an album."""
    return "album_table", album_id, "album"


def _decode_photo(row: Item) -> StoredPhoto:
    photo_id = PhotoId(row["photoId"]["S"])
    try:
        return StoredPhoto(photo_id=photo_id, photo=items.decode_photo(row), row=row)
    except (msgspec.ValidationError, KeyError, ValueError, TypeError):
        return StoredPhoto(photo_id=photo_id, photo=None, row=row)


def _decode_row(kind: RowKind, row: Item) -> tuple[RowId, DerivedRow]:
    _, *key = identify(TABLES[kind], row)
    is_entry = kind == "entry"
    position = row.get("position", {"S": ""})["S"].partition("#")[0] if is_entry else ""
    return RowId(kind, tuple(key)), DerivedRow(
        photo_id=PhotoId(row["photoId"]["S"]),
        row=row,
        user_id=None if is_entry else UserId(key[0].partition("#")[0]),
        album_id=AlbumId(key[0]) if is_entry else None,
        position=int(position) if position.isdecimal() else 0,
        tag=get_term(row),
    )


def _decode_account(row: Item) -> StoredAccount:
    counts: dict[Any, int] = {count: int(row.get(name, {"N": "0"})["N"]) for count, name in COUNTS.items()}
    return StoredAccount(
        user_id=UserId(row["userId"]["S"]),
        cancelled_at=Timestamp(row["cancelledAt"]["S"]) if "cancelledAt" in row else None,
        is_due="dueAt" in row,
        expires="expiresAt" in row,
        row=row,
        **counts,
    )


def _decode_album(row: Item) -> StoredAlbum:
    album = items.decode_album(row)
    expected = encode_album(album)
    return StoredAlbum(
        album=album, has_wrong_keys=any(row.get(name) != expected.get(name) for name in ALBUM_KEYS), row=row
    )


def _decode_rating(row: Item) -> StoredRating:
    photo_id, user_id = PhotoId(row["photoId"]["S"]), UserId(row["userId"]["S"])
    return StoredRating(photo_id=photo_id, user_id=user_id, rating=int(row["rating"]["N"]), row=row)
