"""Connections to PostgreSQL or Aurora DSQL, and transactions that are retried until their result is known."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors as sql
from psycopg.pq import TransactionStatus

from chalicelib.domain.errors import Busy
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.stores.postgres.dialects import POSTGRES, Dialect

log = logging.getLogger(__name__)

_ATTEMPTS = 10
_CONNECTIONS = 8
"""The largest number of connections of a process, by default."""
_MAX_AGE_SECONDS = 50 * 60
"""Aurora DSQL closes connections after an hour. AWS contract DSQL-3."""
_CHECK_AFTER_SECONDS = 5
_WAIT_SECONDS = 20
_TOKEN_SECONDS = 24 * 60 * 60
_FAILED_COMMITS = frozenset({"40001", "40P01", "OC000", "OC001"})
"""The SQLSTATEs of conflicts. If COMMIT raises one of them, the transaction has changed nothing. AWS contract DSQL-6.
"""

_TRANSIENT = (psycopg.OperationalError, psycopg.InterfaceError, sql.ReadOnlySqlTransaction)
"""Conflicts, lost connections, and servers that lack a resource or only read. All need a new attempt."""

Row = tuple[Any, ...]
Connection = psycopg.Connection[Row]


def connect(parameters: str, kind: type[Connection] = psycopg.Connection) -> Connection:
    """Open a connection. `parameters` is a connection string of libpq."""
    return kind.connect(parameters, autocommit=True, prepare_threshold=None)


class Refused(Exception):
    """A condition of a transaction is false. The transaction changes nothing."""


class Transaction:
    """The statements of one transaction. All of them see the state at its beginning and their own changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def query(self, statement: str, *values: Any) -> list[Row]:
        """Return the rows of a statement."""
        return self._connection.execute(statement, values).fetchall()

    def execute(self, statement: str, *values: Any) -> int:
        """Execute a statement. Return the number of changed rows."""
        return self._connection.execute(statement, values).rowcount

    def require(self, statement: str, *values: Any) -> None:
        """Execute a statement that changes one row.

        Raises:
            Refused: the statement has changed no row.
        """
        if not self.execute(statement, *values):
            raise Refused


class Database:
    """A database with the tables of `schema`.

    `url` is a URL or a connection string of libpq. `connect` opens a connection. `clock` returns seconds that never go
    back. Threads share at most `connections` connections, and wait for a free one.
    """

    def __init__(
        self,
        url: str,
        connect: Callable[[str], Connection] = connect,
        clock: Callable[[], float] = time.monotonic,
        dialect: Dialect = POSTGRES,
        connections: int = _CONNECTIONS,
    ) -> None:
        self.parameters, self._open, self._clock, self.dialect = dialect.add_defaults(url), connect, clock, dialect
        self._slots = threading.BoundedSemaphore(connections)
        self._idle: list[_Pooled] = []

    def read(self, statement: str, *values: Any) -> list[Row]:
        """Return the rows of one statement.

        Raises:
            Busy: the database cannot be reached, or needs too long.
        """

        def attempt() -> list[Row]:
            with self._connect() as connection:
                return connection.execute(statement, values).fetchall()

        with self._slot():
            return retry_on_conflict(attempt, error_factory=Busy, attempts=_ATTEMPTS)

    def write[Result](self, unit: Callable[[Transaction], Result]) -> Result:
        """Execute a transaction and return the result of `unit`. If `unit` raises an error, change nothing.

        Run `unit` again after a conflict with another transaction, and if the connection is lost.

        Raises:
            Busy: the database cannot be reached or needs too long, or every attempt conflicted with another writer.
        """
        attempts = _Attempts(unit, self.dialect.begin)

        def attempt() -> Result:
            with self._connect() as connection:
                return attempts.run(connection)

        with self._slot():
            return retry_on_conflict(attempt, error_factory=Busy, attempts=_ATTEMPTS)

    def change(self, unit: Callable[[Transaction], object]) -> bool:
        """Execute a transaction as `write` does. Return False if `unit` raises `Refused`."""
        try:
            self.write(unit)
        except Refused:
            return False
        return True

    def execute(self, statement: str) -> None:
        """Execute one statement outside a transaction."""
        with self._slot(), self._connect() as connection:
            connection.execute(statement)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().connection.close()

    @contextmanager
    def _slot(self) -> Iterator[None]:
        # A waiting thread keeps its slot while it retries. Otherwise many threads would conflict with each other.
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise Busy
        try:
            yield
        finally:
            self._slots.release()

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        """Lend a connection. Translate the errors of the database."""
        pooled = self._take()
        try:
            yield pooled.connection
        except psycopg.Error as error:
            if not isinstance(error, _TRANSIENT) and error.sqlstate not in self.dialect.transient_codes:
                raise
            if error.sqlstate not in _FAILED_COMMITS:
                reason = error.diag.message_primary or str(error).partition("\n")[0]
                log.error("a statement failed: %s: %s", type(error).__name__, reason)
            if isinstance(error, sql.QueryCanceled):
                raise Busy from error
            if isinstance(error, sql.ReadOnlySqlTransaction):
                # The server has become a replica. A new connection finds the new primary.
                pooled.connection.close()
            raise WriteConflict from error
        finally:
            self._give_back(pooled)

    def _take(self) -> "_Pooled":
        while self._idle:
            with suppress(IndexError):
                pooled = self._idle.pop()
                if pooled.is_usable(self._clock()):
                    return pooled
                pooled.connection.close()
        try:
            connection = self._open(self.parameters)
        except psycopg.OperationalError as error:
            log.error("no connection to the database: %s", error)
            raise Busy from error
        return _Pooled(connection, self._clock())

    def _give_back(self, pooled: "_Pooled") -> None:
        connection = pooled.connection
        with suppress(psycopg.Error):
            if connection.info.transaction_status != TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
        if connection.info.transaction_status == TransactionStatus.IDLE:
            pooled.used_at = self._clock()
            self._idle.append(pooled)
        else:
            connection.close()


class _Pooled:
    """A connection, and when it was opened and used."""

    def __init__(self, connection: Connection, now: float) -> None:
        self.connection = connection
        self.opened_at = self.used_at = now

    def is_usable(self, now: float) -> bool:
        """Return whether the connection is young and still open."""
        if self.connection.closed or now - self.opened_at > _MAX_AGE_SECONDS:
            return False
        if now - self.used_at > _CHECK_AFTER_SECONDS:
            try:
                self.connection.execute("SELECT 1")
            except psycopg.Error:
                return False
        return True


class _Attempts[Result]:
    """The attempts of one transaction. Each of them writes a token.

    If the response to a COMMIT is lost, the token shows whether the COMMIT has succeeded. A void token in its place
    prevents the COMMIT from succeeding later.
    """

    def __init__(self, unit: Callable[[Transaction], Result], begin: str) -> None:
        self._unit, self._begin = unit, begin
        self._token = _create_token()
        self._unsettled: list[Result] = []

    def run(self, connection: Connection) -> Result:
        if self._unsettled:
            if self._is_committed(connection):
                return self._unsettled[0]
            self._unsettled.clear()
            self._token = _create_token()
        connection.execute(self._begin)
        self._write_token(connection, is_void=False)
        result = self._unit(Transaction(connection))
        self._unsettled.append(result)
        self._commit(connection)
        return result

    def _commit(self, connection: Connection) -> None:
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            if error.sqlstate in _FAILED_COMMITS:
                self._unsettled.clear()
            raise

    def _is_committed(self, connection: Connection) -> bool:
        """Return whether a COMMIT whose response was lost has succeeded. If not, prevent it from succeeding later."""
        # PostgreSQL waits for a COMMIT that is under way. Aurora DSQL reports a conflict to one of the two writers.
        if self._write_token(connection, is_void=True):
            return False
        statement = "SELECT is_void FROM transactions WHERE token = %s"
        return connection.execute(statement, (self._token,)).fetchall() == [(False,)]

    def _write_token(self, connection: Connection, *, is_void: bool) -> int:
        statement = "INSERT INTO transactions (token, is_void, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        expires_at = int(time.time()) + _TOKEN_SECONDS
        return connection.execute(statement, (self._token, is_void, expires_at)).rowcount


def _create_token() -> str:
    return secrets.token_hex(16)
