"""Delete rows that have expired. Every store already treats them as deleted."""

from chalicelib.stores.postgres.database import Database, Transaction

_TABLES = {
    "transactions": "token",
    "idempotency_records": "user_id, key",
    "photos": "photo_id",
    "accounts": "user_id",
}
"""The tables whose rows expire, and the columns of their keys."""


def delete_expired(database: Database, now: float, limit: int = 500) -> int:
    """Delete up to `limit` expired rows of each table at a time in Unix seconds. Return how many."""

    def delete(transaction: Transaction) -> int:
        return sum(_delete(transaction, table, key, int(now), limit) for table, key in _TABLES.items())

    return database.write(delete)


def _delete(transaction: Transaction, table: str, key: str, now: int, limit: int) -> int:
    chosen = f"SELECT {key} FROM {table} WHERE expires_at <= %s LIMIT %s"
    return transaction.execute(f"DELETE FROM {table} WHERE ({key}) IN ({chosen}) AND expires_at <= %s", now, limit, now)
