"""Requests for jobs on PostgreSQL."""

from chalicelib.domain.ids import Timestamp, UserId
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.user_requests import RequestKind


class PostgresUserRequestStore:
    """`UserRequestStore` on a database. The deletion of an account deletes its requests too."""

    def __init__(self, database: Database, kind: RequestKind) -> None:
        self._database, self._kind = database, kind

    def add(self, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> None:
        self._write(
            "INSERT INTO user_requests AS r (kind, user_id, requested_at, due_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (kind, user_id) DO UPDATE SET requested_at = EXCLUDED.requested_at, "
            "due_at = EXCLUDED.due_at WHERE r.requested_at < EXCLUDED.requested_at",
            *(self._kind, user_id, requested_at, due_at),
        )

    def get_time(self, user_id: UserId) -> Timestamp | None:
        statement = "SELECT requested_at FROM user_requests WHERE kind = %s AND user_id = %s"
        rows = self._database.read(statement, self._kind, user_id)
        return Timestamp(rows[0][0]) if rows else None

    def postpone(self, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> None:
        statement = "UPDATE user_requests SET due_at = %s WHERE kind = %s AND user_id = %s AND requested_at = %s"
        self._write(statement, due_at, self._kind, user_id, requested_at)

    def remove(self, user_id: UserId, requested_at: Timestamp) -> None:
        statement = "DELETE FROM user_requests WHERE kind = %s AND user_id = %s AND requested_at = %s"
        self._write(statement, self._kind, user_id, requested_at)

    def list_due(self, now: Timestamp, limit: int) -> list[UserId]:
        statement = (
            "SELECT user_id FROM user_requests WHERE kind = %s AND due_at <= %s ORDER BY due_at, user_id LIMIT %s"
        )
        return [UserId(row[0]) for row in self._database.read(statement, self._kind, now, limit)]

    def _write(self, statement: str, *values: str) -> None:
        self._database.write(lambda transaction: transaction.execute(statement, *values))
