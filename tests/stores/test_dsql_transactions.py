"""Transactions on Aurora DSQL: conflicts that COMMIT reports, tables that change meanwhile, and lost responses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.errors import InternalError_, SerializationFailure

from chalicelib.domain.errors import NotFound
from chalicelib.stores.postgres.database import Connection, Database, Row, Transaction, connect
from chalicelib.stores.postgres.dialects import DSQL
from chalicelib.stores.postgres.migrations import migrate
from tests.support.dsql import MAX_ROWS, DsqlProxy
from tests.support.postgres_hooks import hooked

ADD = "INSERT INTO month_counts (user_id, month, shard, photo_count) VALUES (%s, '2026-01', '0', %s)"
READ = "SELECT photo_count FROM month_counts WHERE user_id = %s"
SET = "UPDATE month_counts SET photo_count = %s WHERE user_id = %s"

pytestmark = pytest.mark.xdist_group("postgres")

Hook = Callable[[Connection, str, Callable[..., Any]], Any]


def add(transaction: Transaction, name: str) -> int:
    return transaction.execute(ADD, name, 0)


def increment(transaction: Transaction) -> int:
    ((count,),) = transaction.query(READ, "ann")
    transaction.execute(SET, count + 1, "ann")
    return int(count) + 1


@pytest.fixture(scope="module")
def migrated(dsql_proxy: DsqlProxy) -> Iterator[Database]:
    """A database with tables."""
    with dsql_proxy.new_database() as database:
        migrate(database)
        yield database


@pytest.fixture
def database(migrated: Database) -> Database:
    """A database with the count 0 of two users."""
    migrated.execute("DELETE FROM month_counts; DELETE FROM digests; DELETE FROM transactions")
    for name in ("ann", "bob"):
        migrated.write(partial(add, name=name))
    return migrated


@contextmanager
def opened(database: Database, hook: Hook) -> Iterator[Database]:
    """Yield the same database with other connections, which call a hook."""
    other = Database(database.parameters, hooked(hook), dialect=DSQL)
    yield other
    other.close()


def test_transaction_whose_commit_reports_a_conflict_is_repeated(database: Database) -> None:
    errors: list[tuple[str, str | None]] = []

    def record(_: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        try:
            return execute()
        except psycopg.Error as error:
            errors.append((statement, error.sqlstate))
            raise

    def connect_serializable(parameters: str) -> Connection:
        # A serializable transaction of PostgreSQL reports this conflict at COMMIT, as Aurora DSQL does.
        connection = hooked(record)(parameters)
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        return connection

    serializable = Database(database.parameters, connect_serializable, dialect=DSQL)

    def copy_from_ann(transaction: Transaction) -> None:
        ((count,),) = transaction.query(READ, "ann")
        transaction.execute(SET, count, "bob")
        if not errors:
            serializable.write(copy_from_bob)

    def copy_from_bob(transaction: Transaction) -> None:
        ((count,),) = transaction.query(READ, "bob")
        transaction.execute(SET, count + 1, "ann")

    serializable.write(copy_from_ann)
    serializable.close()
    assert errors == [("COMMIT", "40001")]
    assert database.read(READ, "bob") == [(1,)]
    # The COMMIT has failed for certain, so nothing had to be settled.
    assert (True,) not in database.read("SELECT is_void FROM transactions")


def test_transaction_is_repeated_if_a_table_is_created_meanwhile(database: Database) -> None:
    attempts: list[int] = []

    def change(transaction: Transaction) -> None:
        attempts.append(increment(transaction))
        if len(attempts) == 1:
            database.execute("CREATE TABLE others (id bigint NOT NULL, PRIMARY KEY (id))")
        transaction.execute(SET, attempts[-1], "bob")

    database.write(change)
    assert attempts == [1, 1]
    assert database.read(READ, "bob") == [(1,)]


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("lost", [InternalError_, psycopg.OperationalError])
def test_commit_without_a_response_changes_the_row_once(
    database: Database, executed: bool, lost: type[psycopg.Error]
) -> None:
    commits: list[str] = []

    def lose_first_commit(_: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        commits.append(statement) if statement == "COMMIT" else None
        if commits != ["COMMIT"] or statement != "COMMIT":
            return execute()
        if executed:
            execute()
        raise lost("server unavailable")

    with opened(database, lose_first_commit) as other:
        assert other.write(increment) == 1
    assert database.read(READ, "ann") == [(1,)]


class LateCommit:
    """A first COMMIT whose response is lost. It is still under way when the next attempt asks for its result."""

    def __init__(self, *, succeeds: bool) -> None:
        self._succeeds = succeeds
        self._late: Connection | None = None
        self._is_over = False

    def connect(self, parameters: str) -> Connection:
        """Open a connection. The first one will be late."""
        late = self

        class LateConnection(psycopg.Connection[Row]):
            def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
                return late.execute(self, query, partial(super().execute, query, *arguments, **options))

            def close(self) -> None:
                """Close the connection, unless its COMMIT is under way."""
                if self is not late._late or late._is_over:
                    super().close()

        return connect(parameters, LateConnection)

    def execute(self, connection: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        """Execute a statement. The first COMMIT has no response."""
        if not self._late and statement == "COMMIT":
            self._late = connection
        if not self._late or self._is_over:
            return execute()
        if connection is self._late:
            raise psycopg.OperationalError("connection lost")
        self._is_over = True
        # PostgreSQL would make this statement wait for the COMMIT. In Aurora DSQL, one of the two fails.
        psycopg.Connection.execute(self._late, "COMMIT" if self._succeeds else "ROLLBACK")
        self._late.close()
        if self._succeeds:
            raise SerializationFailure("change conflicts with another transaction, please retry: (OC000)")
        return execute()


@pytest.mark.parametrize(("succeeds", "expected"), [(True, "first"), (False, "second")])
def test_commit_that_is_under_way_is_settled_before_the_next_attempt(
    database: Database, succeeds: bool, expected: str
) -> None:
    results = iter(["first", "second"])

    def change(transaction: Transaction) -> str:
        increment(transaction)
        return next(results)

    other = Database(database.parameters, LateCommit(succeeds=succeeds).connect, dialect=DSQL)
    assert other.write(change) == expected
    other.close()
    assert database.read(READ, "ann") == [(1,)]


def test_error_after_a_lost_commit_is_raised_only_if_the_commit_has_failed(database: Database) -> None:
    commits: list[str] = []

    def lose_every_commit(_: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        if statement == "COMMIT":
            commits.append(statement)
            raise psycopg.OperationalError("connection lost")
        return execute()

    def change(transaction: Transaction) -> None:
        increment(transaction)
        if commits:
            raise NotFound

    with opened(database, lose_every_commit) as other, pytest.raises(NotFound):
        other.write(change)
    assert database.read(READ, "ann") == [(0,)]
    # The token of the lost COMMIT is void.
    assert (True,) in database.read("SELECT is_void FROM transactions")


def test_other_internal_error_is_raised(database: Database) -> None:
    def fail(_: Transaction) -> None:
        raise psycopg.errors.DivisionByZero

    with pytest.raises(psycopg.errors.DivisionByZero):
        database.write(fail)


def test_transaction_of_the_stand_in_changes_at_most_3000_rows(database: Database) -> None:
    statement = (
        "INSERT INTO digests (user_id, sha256, photo_id) SELECT 'ann', n::text, 'x' FROM generate_series(1, %s) n"
    )
    assert database.write(lambda transaction: transaction.execute(statement, MAX_ROWS - 1)) == MAX_ROWS - 1
    with pytest.raises(AssertionError, match="3001 rows"):
        database.write(lambda transaction: transaction.execute(statement.replace("'x'", "'y'"), MAX_ROWS))


def test_connection_of_the_stand_in_refuses_what_aurora_dsql_refuses(database: Database) -> None:
    with connect(database.parameters) as connection:
        for statement in ("TRUNCATE photos", "SET statement_timeout = '1s'", "CREATE INDEX i ON photos (body)"):
            with pytest.raises(psycopg.errors.FeatureNotSupported):
                connection.execute(statement)
