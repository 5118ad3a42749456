"""Delete rows that have expired. PostgreSQL has no time to live, so the sweep does this."""

import time
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
_BUDGET_SECONDS = 120
"""The time budget of one sweep, whose function has five minutes. Each write of the service leaves a row, so a limit on
the number of rows would let the table grow without end under enough load.
"""


class PostgresExpiredRows:
    """`ExpiredRows` of a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def delete(self) -> int:
        deleted, end = 0, time.monotonic() + _BUDGET_SECONDS
        while True:
            counts = self._database.write(self._delete_some)
            deleted += sum(counts)
            # Zero may never come: rows expire all the time under load, and each transaction adds a row.
            if max(counts) < _ROWS or time.monotonic() >= end:
                return deleted

    def _delete_some(self, transaction: Transaction) -> list[int]:
        now = int(self._clock())
        return [_delete(transaction, table, key, now) for table, key in _TABLES.items()]


def _delete(transaction: Transaction, table: str, key: str, now: int) -> int:
    chosen = f"SELECT {key} FROM {table} WHERE expires_at <= %s LIMIT %s"
    statement = f"DELETE FROM {table} WHERE ({key}) IN ({chosen}) AND expires_at <= %s"
    return transaction.execute(statement, now, _ROWS, now)
