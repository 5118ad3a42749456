"""Ratings on PostgreSQL: one row per user and photo, and the sums on the row of the photo."""

from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import listed
from chalicelib.stores.postgres.database import Database, Refused, Transaction


class PostgresRatingStore:
    """`RatingStore` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_rating(self, photo_id: PhotoId, user_id: UserId) -> int | None:
        statement = "SELECT rating FROM ratings WHERE photo_id = %s AND user_id = %s"
        rows = self._database.read(statement, photo_id, user_id)
        return int(rows[0][0]) if rows else None

    def rate(self, photo: Photo, user_id: UserId, before: int | None, after: int | None) -> bool:
        def change(transaction: Transaction) -> None:
            replace_rating(transaction, photo.photo_id, user_id, before, after)
            update_sums(transaction, photo, before, after)

        return self._database.change(change)


def replace_rating(
    transaction: Transaction, photo_id: PhotoId, user_id: UserId, before: int | None, after: int | None
) -> None:
    """Replace the rating `before` of a user with `after`. None means no rating.

    Raises:
        Refused: the rating differs from `before`.
    """
    key = (photo_id, user_id)
    if before is None and after is None:
        if transaction.query("SELECT 1 FROM ratings WHERE photo_id = %s AND user_id = %s", *key):
            raise Refused
    elif before is None:
        statement = "INSERT INTO ratings (photo_id, user_id, rating) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        transaction.require(statement, *key, after)
    elif after is None:
        statement = "DELETE FROM ratings WHERE photo_id = %s AND user_id = %s AND rating = %s"
        transaction.require(statement, *key, before)
    else:
        statement = "UPDATE ratings SET rating = %s WHERE photo_id = %s AND user_id = %s AND rating = %s"
        transaction.require(statement, after, *key, before)


def update_sums(transaction: Transaction, photo: Photo, before: int | None, after: int | None) -> None:
    """Change a rating from `before` to `after` in a photo's sums, and move the photo in the order of scores.

    Raises:
        Refused: the photo or its sums have changed since the photo was read.
    """
    rated = photo.with_rating(before, after)
    if rated == photo:
        _require_current(transaction, photo)
        return
    # Restoring computes the score from the sums. A restore that has read these sums must fail.
    revision = photo.revision if photo.listed else photo.revision + 1
    transaction.require(
        "UPDATE photos SET rating_sum = %s, rating_count = %s, revision = %s "
        "WHERE photo_id = %s AND revision = %s AND rating_sum = %s AND rating_count = %s",
        *(rated.rating_sum, rated.rating_count, revision),
        *(photo.photo_id, photo.revision, photo.rating_sum, photo.rating_count),
    )
    listed.write(transaction, photo, rated)


def _require_current(transaction: Transaction, photo: Photo) -> None:
    """Require that a photo and its sums have not changed since the photo was read. A tombstone has no sums.

    The sums can stay the same if they do not include the rating, because they were read before it.
    """
    if photo.status != "erased":
        statement = "SELECT revision, rating_sum, rating_count FROM photos WHERE photo_id = %s FOR UPDATE"
        if transaction.query(statement, photo.photo_id) != [(photo.revision, photo.rating_sum, photo.rating_count)]:
            raise Refused
