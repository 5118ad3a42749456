"""Accounts on PostgreSQL."""

from collections.abc import Callable

from chalicelib.domain.accounts import Account
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Database, Refused, Transaction


class PostgresAccountStore:
    """`AccountStore` on a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def get_account(self, user_id: UserId) -> Account:
        rows = self._database.read(
            "SELECT created_at, photo_count, bytes, cancelled_at IS NOT NULL FROM accounts "
            "WHERE user_id = %s AND (expires_at IS NULL OR expires_at > %s)",
            user_id,
            int(self._clock()),
        )
        if not rows:
            return Account(user_id=user_id)
        created_at, photo_count, size, cancelled = rows[0]
        return Account(user_id=user_id, created_at=created_at, photo_count=photo_count, bytes=size, cancelled=cancelled)

    def open_account(self, account: Account) -> Account:
        is_added = self._database.write(
            lambda transaction: transaction.execute(
                "INSERT INTO accounts (user_id, created_at) VALUES (%s, %s) ON CONFLICT (user_id) DO NOTHING",
                account.user_id,
                account.created_at,
            )
        )
        return account if is_added else self.get_account(account.user_id)


def charge(transaction: Transaction, photo: Photo, count: int, size: int) -> None:
    """Add to the usage of a photo's owner, `size` in bytes. Open the account if it does not exist.

    Raises:
        Refused: the account is cancelled.
    """
    if not try_charge(transaction, photo, count, size, "TRUE"):
        raise Refused


def try_charge(transaction: Transaction, photo: Photo, count: int, size: int, condition: str, *values: int) -> bool:
    """Add to the usage as `charge` does. Return False if the account is cancelled or `condition` is false.

    The condition does not hold for an account that does not exist.
    """
    return bool(
        transaction.execute(
            "INSERT INTO accounts AS a (user_id, created_at, photo_count, bytes) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (user_id) DO UPDATE SET photo_count = a.photo_count + EXCLUDED.photo_count, "
            "bytes = a.bytes + EXCLUDED.bytes, created_at = COALESCE(a.created_at, EXCLUDED.created_at) "
            f"WHERE a.cancelled_at IS NULL AND {condition}",
            *(photo.user_id, photo.uploaded_at, count, size, *values),
        )
    )


def is_cancelled(transaction: Transaction, user_id: UserId) -> bool:
    """Return whether an account is cancelled."""
    statement = "SELECT 1 FROM accounts WHERE user_id = %s AND cancelled_at IS NOT NULL"
    return bool(transaction.query(statement, user_id))
