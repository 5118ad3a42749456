"""Photos on PostgreSQL. Each change of a photo is one transaction with the rows that are derived from it."""

from collections.abc import Callable, Sequence
from itertools import batched
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.accounts import IdempotencyRecord, Limits
from chalicelib.domain.feed import FEW_PHOTOS, Span
from chalicelib.domain.ids import PhotoId, Timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import TOMBSTONE_SECONDS, Photo
from chalicelib.stores.postgres import accounts, entries, idempotency, listed, months, photo_lists, words
from chalicelib.stores.postgres.database import Database, Refused, Transaction
from chalicelib.stores.postgres.rows import build_list, encode_photo

_RATINGS_PER_CALL = 100
_POSTPONED_PER_TRANSACTION = 500
"""Aurora DSQL changes at most 3,000 rows in one transaction. AWS contract DSQL-8."""


class PostgresPhotoStore:
    """`PhotoStore` on a database."""

    walk_sizes = FEW_PHOTOS

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def get_photo(self, photo_id: PhotoId) -> Photo | None:
        return self.get_photos([photo_id]).get(photo_id)

    def get_photos(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        return photo_lists.read_photos(self._database, photo_ids, self._clock())

    def add_pending(self, photo: Photo, limits: Limits, record: IdempotencyRecord | None = None) -> bool:
        quota_error = errors.QuotaExceeded(details={"photos": limits.photos, "bytes": limits.bytes})
        if photo.charged_bytes > limits.bytes or limits.photos < 1:
            raise quota_error
        condition, bounds = "a.photo_count < %s AND a.bytes <= %s", (limits.photos, limits.bytes - photo.charged_bytes)

        def add(transaction: Transaction) -> None:
            idempotency.add_record(transaction, record, self._clock())
            if not accounts.try_charge(transaction, photo, 1, photo.charged_bytes, condition, *bounds):
                raise errors.InvalidToken if accounts.is_cancelled(transaction, photo.user_id) else quota_error
            self._insert(transaction, photo)

        return self._database.change(add)

    def rebuild(self, photo: Photo) -> bool:
        def add(transaction: Transaction) -> None:
            # The ratings of a lost photo survive, and no new ones arrive before the photo exists again.
            statement = "SELECT COALESCE(SUM(rating), 0)::bigint, COUNT(*) FROM ratings WHERE photo_id = %s"
            ((total, count),) = transaction.query(statement, photo.photo_id)
            rebuilt = photo.with_(rating_sum=total, rating_count=count)
            nothing = rebuilt.with_(status="erased", charged_bytes=0)
            rebuilt = entries.adapt_to_albums(transaction, nothing, rebuilt)
            self._insert(transaction, rebuilt)
            write_derived_rows(transaction, nothing, rebuilt)
            accounts.charge(transaction, photo, int(photo.counted), photo.charged_bytes)

        return self._database.change(add)

    def replace(self, before: Photo, after: Photo) -> bool:
        def change(transaction: Transaction) -> None:
            target = after.with_(revision=before.revision + 1, outdated_taken_key=None)
            target = entries.adapt_to_albums(transaction, before, target)
            target = self._update(transaction, before, target)
            write_derived_rows(transaction, before, target)
            _charge_difference(transaction, before, target)

        return self._database.change(change)

    def remove(self, photo: Photo) -> bool:
        def delete(transaction: Transaction) -> None:
            statement = "DELETE FROM photos WHERE photo_id = %s AND revision = %s"
            transaction.require(statement, photo.photo_id, photo.revision)
            nothing = photo.with_(status="erased", charged_bytes=0)
            write_derived_rows(transaction, photo, nothing)
            _charge_difference(transaction, photo, nothing)

        return self._database.change(delete)

    def delete_ratings(self, photo_id: PhotoId) -> int:
        return self._database.write(lambda transaction: delete_ratings(transaction, photo_id, _RATINGS_PER_CALL))

    def list_by_time(
        self,
        listing: Listing,
        limit: int,
        *,
        newest_first: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        if listing.tag:
            raise ValueError("Use `list_by_tag` for a listing with a tag.")
        part = photo_lists.IdRange(after, since, until, newest_first)
        return photo_lists.list_by_id(self._database, listing, limit, part)

    def list_by_tag(
        self,
        listing: Listing,
        limit: int,
        *,
        newest_first: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        part = photo_lists.IdRange(after, since, until, newest_first)
        return photo_lists.list_by_id(self._database, listing, limit, part)

    def list_by_score(self, listing: Listing, limit: int, *, after: tuple[float, PhotoId] | None = None) -> list[Photo]:
        return photo_lists.list_by_score(self._database, listing, limit, after)

    def list_by_rank(self, listing: Listing, spans: Sequence[Span], limit: int | None = None) -> list[list[Photo]]:
        return photo_lists.list_by_rank(self._database, listing, spans, limit)

    def list_due(self, now: Timestamp, limit: int) -> list[PhotoId]:
        statement = "SELECT photo_id FROM photos WHERE sweep_at <= %s ORDER BY sweep_at LIMIT %s"
        return [PhotoId(row[0]) for row in self._database.read(statement, now, limit)]

    def postpone(self, photo_ids: Sequence[PhotoId], until: Timestamp) -> None:
        # Short transactions rarely conflict with users who change one of the photos.
        for some in batched(photo_ids, _POSTPONED_PER_TRANSACTION):
            names, values = build_list(some)
            statement = f"UPDATE photos SET sweep_at = %s WHERE photo_id IN {names} AND sweep_at < %s"
            self._write(statement, until, *values, until)

    def _write(self, statement: str, *values: str) -> None:
        self._database.write(lambda transaction: transaction.execute(statement, *values))

    def _insert(self, transaction: Transaction, photo: Photo) -> None:
        transaction.require(
            "INSERT INTO photos AS p (photo_id, user_id, revision, rating_sum, rating_count, sweep_at, body) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (photo_id) DO UPDATE SET user_id = EXCLUDED.user_id, "
            "revision = EXCLUDED.revision, rating_sum = EXCLUDED.rating_sum, rating_count = EXCLUDED.rating_count, "
            "sweep_at = EXCLUDED.sweep_at, expires_at = NULL, body = EXCLUDED.body WHERE p.expires_at <= %s",
            *(photo.photo_id, photo.user_id, photo.revision, photo.rating_sum, photo.rating_count, photo.sweep_at),
            *(encode_photo(photo), int(self._clock())),
        )

    def _update(self, transaction: Transaction, before: Photo, after: Photo) -> Photo:
        """Update the row of a photo. Return the photo with its current ratings.

        Raises:
            Refused: another writer has changed the photo.
        """
        changes: dict[str, Any] = {"body": encode_photo(after), "revision": after.revision}
        if before.sweep_at != after.sweep_at:
            # Otherwise, keep the time to which a sweep has postponed the photo.
            changes["sweep_at"] = after.sweep_at
        if (before.rating_sum, before.rating_count) != (after.rating_sum, after.rating_count):
            changes |= {"rating_sum": after.rating_sum, "rating_count": after.rating_count}
        if after.status == "erased":
            # A rating may have arrived since `before` was read. A tombstone gets no ratings.
            changes |= {"rating_sum": 0, "rating_count": 0, "expires_at": int(self._clock()) + TOMBSTONE_SECONDS}
        columns = ", ".join(f"{name} = %s" for name in changes)
        rows = transaction.query(
            f"UPDATE photos SET {columns} WHERE photo_id = %s AND revision = %s RETURNING rating_sum, rating_count",
            *(*changes.values(), before.photo_id, before.revision),
        )
        if not rows:
            raise Refused
        return after.with_(rating_sum=rows[0][0], rating_count=rows[0][1])


def write_derived_rows(transaction: Transaction, before: Photo, after: Photo) -> None:
    """Turn the rows that are derived from `before` into those of `after`. The usage is not one of them."""
    listed.write(transaction, before, after)
    words.write(transaction, before, after)
    entries.write(transaction, before, after)
    idempotency.write_digest(transaction, before, after)
    months.write(transaction, before, after)


def delete_ratings(transaction: Transaction, photo_id: PhotoId, limit: int) -> int:
    """Delete up to `limit` ratings of a photo. Return how many."""
    return transaction.execute(
        "DELETE FROM ratings WHERE photo_id = %s "
        "AND user_id IN (SELECT r.user_id FROM ratings r WHERE r.photo_id = %s ORDER BY r.user_id LIMIT %s)",
        *(photo_id, photo_id, limit),
    )


def _charge_difference(transaction: Transaction, before: Photo, after: Photo) -> None:
    count, size = after.counted - before.counted, after.charged_bytes - before.charged_bytes
    if count or size:
        accounts.charge(transaction, before, count, size)
