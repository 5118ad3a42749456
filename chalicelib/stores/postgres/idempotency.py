"""Idempotency records and photos by their bytes on PostgreSQL."""

from collections.abc import Callable

import msgspec

from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Database, Transaction
from chalicelib.stores.postgres.rows import encode_json


class PostgresIdempotencyStore:
    """`IdempotencyStore` on a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def get_record(self, user_id: UserId, key: str) -> IdempotencyRecord | None:
        rows = self._database.read(
            "SELECT body FROM idempotency_records WHERE user_id = %s AND key = %s AND expires_at > %s",
            *(user_id, key, int(self._clock())),
        )
        return msgspec.json.decode(rows[0][0], type=IdempotencyRecord) if rows else None

    def add(self, record: IdempotencyRecord) -> bool:
        return self._database.change(lambda transaction: add_record(transaction, record, self._clock()))

    def find_duplicate(self, user_id: UserId, sha256: str) -> PhotoId | None:
        rows = self._database.read(
            "SELECT photo_id FROM digests WHERE user_id = %s AND sha256 = %s ORDER BY photo_id LIMIT 1",
            *(user_id, sha256),
        )
        return PhotoId(rows[0][0]) if rows else None


def add_record(transaction: Transaction, record: IdempotencyRecord | None, now: float) -> None:
    """Add a record, if there is one, in place of an expired record with its key.

    Do this before the other conditions are checked. On a retry, a limit may be reached because of the original request.

    Raises:
        Refused: the key has a record that is valid at `now`, in Unix seconds.
    """
    if record:
        transaction.require(
            "INSERT INTO idempotency_records AS r (user_id, key, expires_at, body) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (user_id, key) DO UPDATE SET expires_at = EXCLUDED.expires_at, body = EXCLUDED.body "
            "WHERE r.expires_at <= %s",
            *(record.user_id, record.key, record.expires_at, encode_json(record), int(now)),
        )


def write_digest(transaction: Transaction, before: Photo, after: Photo) -> None:
    """Make a photo findable by its current bytes, if the photo is listed."""
    old, new = (photo.sha256 if photo.listed else None for photo in (before, after))
    if old == new:
        return
    if new:
        transaction.execute(
            "INSERT INTO digests (user_id, sha256, photo_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            *(after.user_id, new, after.photo_id),
        )
    if old:
        transaction.execute(
            "DELETE FROM digests WHERE user_id = %s AND sha256 = %s AND photo_id = %s",
            *(before.user_id, old, before.photo_id),
        )
