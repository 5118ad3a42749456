"""The number of a user's photos in each month, as a part of the transaction that changes a photo."""

from collections import Counter

from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Database, Transaction


def write(transaction: Transaction, before: Photo, after: Photo) -> None:
    """Count `after` instead of `before`.

    The last digit of the photo's id chooses one of sixteen rows of the month. Otherwise, photos of one month that
    become ready at the same time would conflict with each other.
    """
    steps: Counter[str] = Counter()
    for photo, step in ((before, -1), (after, 1)):
        if photo.listed:
            steps[photo.local_month] += step
    for month, step in sorted(steps.items()):
        if step:
            transaction.execute(
                "INSERT INTO month_counts AS m (user_id, month, shard, photo_count) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (user_id, month, shard) DO UPDATE SET photo_count = m.photo_count + EXCLUDED.photo_count",
                *(after.user_id, month, after.photo_id[-1], step),
            )


def read(database: Database, owner: UserId) -> dict[str, int]:
    """Return the number of photos by month, without months that have none."""
    statement = "SELECT month, SUM(photo_count)::bigint FROM month_counts WHERE user_id = %s GROUP BY month"
    return {month: count for month, count in database.read(statement, owner) if count > 0}
