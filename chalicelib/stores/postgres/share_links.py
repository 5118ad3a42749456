"""Share links on PostgreSQL. The row of an album counts its links."""

from collections.abc import Callable

import msgspec

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, LinkId
from chalicelib.domain.share_links import ShareLink
from chalicelib.stores.postgres import idempotency
from chalicelib.stores.postgres.database import Database, Row, Transaction
from chalicelib.stores.postgres.rows import ALBUM, ALBUM_COLUMNS, decode_album, encode_json

LINK = "l.body, l.attempt_window, l.wrong_attempts"
"""The columns of `decode_link`. `l` is the table of share links."""


class PostgresShareLinkStore:
    """`ShareLinkStore` on a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def read_with_link(self, album_id: AlbumId, link_id: LinkId) -> tuple[Album | None, ShareLink | None]:
        # A full join: each of the two rows may be missing.
        rows = self._database.read(
            f"SELECT {ALBUM}, {LINK} FROM (SELECT * FROM albums WHERE album_id = %s) a "
            "FULL JOIN (SELECT * FROM share_links WHERE album_id = %s AND link_id = %s) l ON l.album_id = a.album_id",
            *(album_id, album_id, link_id),
        )
        if not rows:
            return None, None
        album, link = rows[0][:ALBUM_COLUMNS], rows[0][ALBUM_COLUMNS:]
        return decode_album(album) if album[0] else None, decode_link(link) if link[0] else None

    def add_link(self, link: ShareLink, limit: int, record: IdempotencyRecord | None = None) -> bool:
        def add(transaction: Transaction) -> None:
            idempotency.add_record(transaction, record, self._clock())
            exists = "album_id = %s AND deleted_at IS NULL"
            statement = f"UPDATE albums SET link_count = link_count + 1 WHERE {exists} AND link_count < %s"
            if not transaction.execute(statement, link.album_id, limit):
                is_full = transaction.query(f"SELECT 1 FROM albums WHERE {exists}", link.album_id)
                raise errors.QuotaExceeded(details={"links": limit}) if is_full else errors.NotFound
            insert(transaction, link)

        return self._database.change(add)

    def list_links(self, album_id: AlbumId, limit: int, *, after: LinkId | None = None) -> list[ShareLink]:
        rows = self._database.read(
            f"SELECT {LINK} FROM share_links l WHERE l.album_id = %s AND l.link_id > %s ORDER BY l.link_id LIMIT %s",
            *(album_id, after or "", limit),
        )
        return [*map(decode_link, rows)]

    def remove_link(self, album_id: AlbumId, link_id: LinkId) -> bool:
        def remove(transaction: Transaction) -> None:
            transaction.require("DELETE FROM share_links WHERE album_id = %s AND link_id = %s", album_id, link_id)
            transaction.require("UPDATE albums SET link_count = link_count - 1 WHERE album_id = %s", album_id)

        return self._database.change(remove)

    def count_wrong_password(self, link: ShareLink, window: int, limit: int) -> bool:
        def count(transaction: Transaction) -> None:
            transaction.require(
                "UPDATE share_links SET attempt_window = GREATEST(attempt_window, %s), "
                "wrong_attempts = CASE WHEN attempt_window < %s THEN 1 ELSE wrong_attempts + 1 END "
                "WHERE album_id = %s AND link_id = %s AND (attempt_window < %s OR wrong_attempts < %s)",
                *(window, window, link.album_id, link.link_id, window, limit),
            )

        return self._database.change(count)


def insert(transaction: Transaction, link: ShareLink) -> None:
    """Insert the row of a link."""
    transaction.execute(
        "INSERT INTO share_links (album_id, link_id, attempt_window, wrong_attempts, body) VALUES (%s, %s, %s, %s, %s)",
        *(link.album_id, link.link_id, link.attempt_window, link.wrong_attempts, _encode_link(link)),
    )


def _encode_link(link: ShareLink) -> str:
    return encode_json(link.with_(attempt_window=0, wrong_attempts=0))


def decode_link(row: Row) -> ShareLink:
    """Return the link of a row that begins with the columns `LINK`."""
    body, window, attempts = row[:3]
    link = msgspec.json.decode(body, type=ShareLink)
    return link.with_(attempt_window=window, wrong_attempts=attempts)
