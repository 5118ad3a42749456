"""Deletion of accounts on PostgreSQL. Each call deletes at most a few hundred rows in each transaction."""

from collections.abc import Callable
from functools import partial

from chalicelib.domain.ids import PhotoId, Timestamp, UserId
from chalicelib.domain.photos import TOMBSTONE_SECONDS, Photo
from chalicelib.stores.postgres import ratings
from chalicelib.stores.postgres.database import Database, Transaction
from chalicelib.stores.postgres.photo_lists import read_photos
from chalicelib.stores.postgres.photos import delete_ratings, write_derived_rows
from chalicelib.stores.postgres.rows import encode_photo

_PAGE = 100
_RATINGS = 1000
"""The largest number of ratings that one transaction deletes."""
_RECORDS = {
    "digests": "sha256, photo_id",
    "month_counts": "month, shard",
    "idempotency_records": "key",
    "user_requests": "kind",
}
"""The tables of records, and the columns that are their primary key together with `user_id`."""


class PostgresAccountDeletionStore:
    """`AccountDeletionStore` on a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def cancel_account(self, user_id: UserId, now: Timestamp, due_at: Timestamp) -> None:
        self._write(
            "INSERT INTO accounts AS a (user_id, cancelled_at, due_at) VALUES (%s, %s, %s) ON CONFLICT (user_id) "
            "DO UPDATE SET cancelled_at = EXCLUDED.cancelled_at, due_at = EXCLUDED.due_at WHERE a.cancelled_at IS NULL",
            *(user_id, now, due_at),
        )

    def get_cancellation_time(self, user_id: UserId) -> Timestamp | None:
        statement = "SELECT cancelled_at FROM accounts WHERE user_id = %s AND due_at IS NOT NULL"
        rows = self._database.read(statement, user_id)
        return Timestamp(rows[0][0]) if rows else None

    def postpone(self, user_id: UserId, due_at: Timestamp) -> None:
        self._write("UPDATE accounts SET due_at = %s WHERE user_id = %s AND due_at IS NOT NULL", due_at, user_id)

    def list_due(self, now: Timestamp, limit: int) -> list[UserId]:
        statement = "SELECT user_id FROM accounts WHERE due_at <= %s ORDER BY due_at, user_id LIMIT %s"
        return [UserId(row[0]) for row in self._database.read(statement, now, limit)]

    def purge_albums(self, user_id: UserId) -> int:
        rows = self._database.read("SELECT album_id FROM albums WHERE user_id = %s LIMIT %s", user_id, _PAGE)
        return sum(self._database.write(partial(_delete_album, album_id=row[0])) for row in rows)

    def purge_photos(self, user_id: UserId) -> int:
        statement = "SELECT photo_id FROM photos WHERE user_id = %s ORDER BY photo_id LIMIT %s"
        photo_ids = [PhotoId(row[0]) for row in self._database.read(statement, user_id, _PAGE)]
        # Delete expired tombstones too.
        for photo in read_photos(self._database, photo_ids, 0).values():
            self._database.change(partial(_purge_photo, photo=photo, expires_at=int(self._clock()) + TOMBSTONE_SECONDS))
        return len(photo_ids)

    def purge_ratings(self, user_id: UserId) -> int:
        statement = "SELECT photo_id, rating FROM ratings WHERE user_id = %s ORDER BY photo_id LIMIT %s"
        rows = self._database.read(statement, user_id, _PAGE)
        photos = read_photos(self._database, (PhotoId(row[0]) for row in rows), self._clock())
        for photo_id, rating in rows:
            photo = photos.get(PhotoId(photo_id))
            self._database.change(
                partial(_purge_rating, user_id=user_id, photo_id=photo_id, rating=rating, photo=photo)
            )
        return len(rows)

    def purge_records(self, user_id: UserId) -> int:
        def purge(transaction: Transaction) -> int:
            return sum(_delete_records(transaction, table, key, user_id) for table, key in _RECORDS.items())

        return self._database.write(purge)

    def finish_purge_run(self, user_id: UserId, due_at: Timestamp | None) -> None:
        expires_at = None if due_at else int(self._clock()) + TOMBSTONE_SECONDS
        self._write(
            "UPDATE accounts SET created_at = NULL, photo_count = 0, bytes = 0, album_count = 0, due_at = %s, "
            "expires_at = %s WHERE user_id = %s AND due_at IS NOT NULL",
            *(due_at, expires_at, user_id),
        )

    def _write(self, statement: str, *values: str | int | None) -> None:
        self._database.write(lambda transaction: transaction.execute(statement, *values))


def _delete_album(transaction: Transaction, album_id: str) -> int:
    # A client that adds a link meanwhile changes the album's row, so one of the two transactions is repeated.
    return transaction.execute("DELETE FROM albums WHERE album_id = %s", album_id) + transaction.execute(
        "DELETE FROM share_links WHERE album_id = %s", album_id
    )


def _purge_photo(transaction: Transaction, photo: Photo, expires_at: int) -> None:
    """Purge a photo, or replace it with a tombstone if it has more ratings than one transaction may delete.

    The next purge deletes the rest. A tombstone gets no new ratings.
    """
    if delete_ratings(transaction, photo.photo_id, _RATINGS) < _RATINGS:
        statement = "DELETE FROM photos WHERE photo_id = %s AND revision = %s"
        transaction.require(statement, photo.photo_id, photo.revision)
    else:
        tombstone = photo.to_tombstone(photo.due_at or photo.uploaded_at)
        transaction.require(
            "UPDATE photos SET body = %s, revision = revision + 1, rating_sum = 0, rating_count = 0, sweep_at = %s, "
            "expires_at = %s WHERE photo_id = %s AND revision = %s",
            *(encode_photo(tombstone), tombstone.sweep_at, expires_at, photo.photo_id, photo.revision),
        )
    write_derived_rows(transaction, photo, photo.with_(status="erased"))


def _purge_rating(
    transaction: Transaction, user_id: UserId, photo_id: PhotoId, rating: int, photo: Photo | None
) -> None:
    ratings.replace_rating(transaction, photo_id, user_id, rating, None)
    if photo:
        ratings.update_sums(transaction, photo, rating, None)


def _delete_records(transaction: Transaction, table: str, key: str, user_id: UserId) -> int:
    chosen = f"SELECT {key} FROM {table} WHERE user_id = %s LIMIT %s"
    return transaction.execute(
        f"DELETE FROM {table} WHERE user_id = %s AND ({key}) IN ({chosen})", user_id, user_id, _PAGE
    )
