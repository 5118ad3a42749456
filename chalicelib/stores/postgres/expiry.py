"""Delete rows that have expired. PostgreSQL has no time to live, so the sweep does this."""

from collections.abc import Callable

from chalicelib.stores.postgres.database import Database, Transaction

_TABLES = {
    "transactions": "token",
    "idempotency_records": "user_id, key",
    "photos": "photo_id",
    "accounts": "user_id",
}
"""The tables whose rows expire, and the columns of their keys."""
_ROWS = 500
"""The number of rows of each table in one transaction. Aurora DSQL changes at most 3,000 rows in one.
AWS contract DSQL-8.
"""
_TRANSACTIONS = 200
"""The number of transactions in one sweep. Together they delete up to 100,000 rows of each table."""


class PostgresExpiredRows:
    """`ExpiredRows` of a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def delete(self) -> int:
        deleted = 0
        for _ in range(_TRANSACTIONS):
            count = self._database.write(self._delete_some)
            deleted += count
            if not count:
                break
        return deleted

    def _delete_some(self, transaction: Transaction) -> int:
        now = int(self._clock())
        return sum(_delete(transaction, table, key, now) for table, key in _TABLES.items())


def _delete(transaction: Transaction, table: str, key: str, now: int) -> int:
    chosen = f"SELECT {key} FROM {table} WHERE expires_at <= %s LIMIT %s"
    statement = f"DELETE FROM {table} WHERE ({key}) IN ({chosen}) AND expires_at <= %s"
    return transaction.execute(statement, now, _ROWS, now)
