"""Reads of rows, damaged ones included, for the reconciliation. `audited_rows` turns them into records."""

import json
from collections.abc import Callable, Iterable, Sequence

from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import audited_rows
from chalicelib.stores.postgres.audited_rows import (
    ACCOUNT_ROW,
    ALBUM_ROW,
    ALBUM_ROW_COLUMNS,
    PHOTO_ROW,
    TABLES,
    decode_row,
    decode_stored_account,
    decode_stored_album,
    decode_stored_photo,
    decode_stored_rating,
)
from chalicelib.stores.postgres.database import Database, Row
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.photo_lists import IS_CURRENT, choose_ids, list_owned_ids
from chalicelib.stores.postgres.rows import build_list
from chalicelib.stores.row_audit import (
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


class PostgresRowReader:
    """`RowReader` of a database."""

    kinds: Sequence[RowKind] = tuple(TABLES)

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def build_rows(self, photo: Photo) -> dict[RowId, DerivedRow]:
        return audited_rows.build_rows(photo)

    def list_row_ids(self, photo: Photo) -> Iterable[RowId]:
        return audited_rows.build_rows(photo).keys()

    def check_keys(self, stored: StoredPhoto) -> WrongKeys:
        return audited_rows.check_keys(stored)

    def find_month(self, photo: Photo) -> tuple[str, str] | None:
        return audited_rows.find_month(photo)

    def scan_photos(self, limit: int, after: str | None) -> RowPage[StoredPhoto]:
        rows, end = self._scan(PHOTO_ROW, "photos p", ["photo_id"], limit, after)
        return RowPage([*map(decode_stored_photo, rows)], end)

    def scan_accounts(self, limit: int, after: str | None) -> RowPage[StoredAccount]:
        rows, end = self._scan(ACCOUNT_ROW, "accounts c", ["user_id"], limit, after)
        return RowPage([*map(decode_stored_account, rows)], end)

    def scan_rows(self, kind: RowKind, limit: int, after: str | None) -> RowPage[tuple[RowId, DerivedRow]]:
        table = TABLES[kind]
        rows, end = self._scan(", ".join(table.columns), table.name, table.key, limit, after)
        return RowPage([decode_row(kind, row) for row in rows], end)

    def scan_ratings(self, limit: int, after: str | None) -> RowPage[StoredRating]:
        rows, end = self._scan("photo_id, user_id, rating", "ratings", ["photo_id", "user_id"], limit, after)
        return RowPage([*map(decode_stored_rating, rows)], end)

    def scan_albums(self, limit: int, after: str | None) -> RowPage[tuple[AlbumId, UserId | None]]:
        # The share links follow the albums.
        table, _, position = (after or "albums").partition(" ")
        if table == "albums":
            rows, end = self._scan("album_id, user_id", table, ["album_id"], limit, position)
            return RowPage([(album_id, user_id) for album_id, user_id in rows], f"{table} {end}" if end else "links")
        rows, end = self._scan("album_id, link_id", "share_links", ["album_id", "link_id"], limit, position)
        return RowPage([(album_id, None) for album_id, _ in rows], f"{table} {end}" if end else None)

    def read_photos(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, StoredPhoto]:
        names, values = build_list(choose_ids(photo_ids))
        if not values:
            return {}
        statement = f"SELECT {PHOTO_ROW} FROM photos p WHERE p.photo_id IN {names} AND {IS_CURRENT}"
        rows = self._database.read(statement, *values, int(self._clock()))
        return {stored.photo_id: stored for stored in map(decode_stored_photo, rows)}

    def read_rows(self, row_ids: Iterable[RowId]) -> dict[RowId, DerivedRow]:
        return dict(
            decode_row(kind, row)
            for kind, statement, values in audited_rows.build_selections(row_ids)
            for row in self._database.read(statement, *values)
        )

    def read_accounts(self, user_ids: Iterable[UserId]) -> dict[UserId, StoredAccount]:
        names, values = build_list(filter(_is_text, user_ids))
        if not values:
            return {}
        is_current = "(c.expires_at IS NULL OR c.expires_at > %s)"
        statement = f"SELECT {ACCOUNT_ROW} FROM accounts c WHERE c.user_id IN {names} AND {is_current}"
        rows = self._database.read(statement, *values, int(self._clock()))
        return {stored.user_id: stored for stored in map(decode_stored_account, rows)}

    def read_months(self, user_id: UserId) -> dict[str, dict[str, int]]:
        statement = "SELECT month, shard, photo_count FROM month_counts WHERE user_id = %s ORDER BY month, shard"
        return {f"{month} {shard}": {month: count} for month, shard, count in self._database.read(statement, user_id)}

    def read_albums(self, album_ids: Iterable[AlbumId]) -> dict[AlbumId, StoredAlbum]:
        names, values = build_list(album_ids)
        if not values:
            return {}
        rows = self._database.read(f"SELECT {ALBUM_ROW} FROM albums a WHERE a.album_id IN {names}", *values)
        return dict(map(decode_stored_album, rows))

    def read_with_links(self, album_id: AlbumId) -> tuple[StoredAlbum | None, list[StoredLink]]:
        # One statement reads the count and the links in the same state of the database. Either of them can be missing.
        rows = self._database.read(
            f"SELECT {ALBUM_ROW}, l.link_id FROM (SELECT * FROM albums WHERE album_id = %s) a FULL JOIN "
            "(SELECT * FROM share_links WHERE album_id = %s) l ON l.album_id = a.album_id ORDER BY l.link_id",
            *(album_id, album_id),
        )
        links = [StoredLink(album_id=album_id, link_id=row[-1], row=None) for row in rows if row[-1]]
        has_album = bool(rows and rows[0][0])
        return decode_stored_album(rows[0][:ALBUM_ROW_COLUMNS])[1] if has_album else None, links

    def list_ratings(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, list[StoredRating]]:
        found: dict[PhotoId, list[StoredRating]] = {photo_id: [] for photo_id in photo_ids}
        names, values = build_list(found)
        if values:
            statement = f"SELECT photo_id, user_id, rating FROM ratings WHERE photo_id IN {names} ORDER BY 1, 2"
            for rating in map(decode_stored_rating, self._database.read(statement, *values)):
                found[rating.photo_id].append(rating)
        return found

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        return list_owned_ids(self._database, owner, limit, after, self._clock()) if _is_text(owner) else []

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        rows = self._database.read("SELECT album_id FROM albums WHERE user_id = %s ORDER BY album_id", owner)
        return [AlbumId(row[0]) for row in rows]

    def list_surviving_ids(self, user_id: UserId, photo_id: PhotoId) -> list[RowId]:
        listings = [build_name("owner", user_id), build_name("public")]
        statement = "SELECT listing, word FROM words WHERE listing IN (%s, %s) AND photo_id = %s"
        found = self._database.read(statement, *listings, photo_id)
        ids = [RowId("search-row", (listing, photo_id, word)) for listing, word in found]
        ids += [RowId("list-row", (name, photo_id)) for name in [*listings, build_name("public", user_id)]]
        return ids + [RowId("entry", (album_id, photo_id)) for album_id in self.list_album_ids(user_id)]

    def has_records(self, user_id: UserId) -> bool:
        tables = ("digests", "month_counts", "user_requests", "idempotency_records")
        selects = [f"SELECT 1 FROM {table} WHERE user_id = %s" for table in tables]
        statement = f"{' UNION ALL '.join(selects)} AND expires_at > %s LIMIT 1"
        return bool(self._database.read(statement, *[user_id] * len(tables), int(self._clock())))

    def has_digest(self, user_id: UserId, sha256: str, photo_id: PhotoId) -> bool:
        return bool(self.read_rows([RowId("digest", (user_id, sha256, photo_id))]))

    def has_rated(self, user_id: UserId) -> bool:
        return bool(self._database.read("SELECT 1 FROM ratings WHERE user_id = %s LIMIT 1", user_id))

    def _scan(
        self, columns: str, table: str, key: Sequence[str], limit: int, after: str | None
    ) -> tuple[list[Row], str | None]:
        """Return the next rows of a table, and the cursor of the next page. The columns begin with the key."""
        order, position = ", ".join(key), json.loads(after) if after else []
        condition = f"WHERE ({order}) > {build_list(position)[0]}" if position else ""
        statement = f"SELECT {columns} FROM {table} {condition} ORDER BY {order} LIMIT %s"
        rows = self._database.read(statement, *position, limit)
        return rows, json.dumps(rows[-1][: len(key)]) if len(rows) == limit else None


def _is_text(name: str) -> bool:
    """Return whether a text of PostgreSQL can have the name of a folder."""
    return "\x00" not in name
