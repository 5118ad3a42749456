"""`Database`: transactions that conflict, connections that end, and a database that cannot be reached."""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import pytest

from chalicelib.domain import errors
from chalicelib.stores.postgres.database import Connection, Database, Refused, Transaction, connect
from chalicelib.stores.postgres.migrations import migrate
from tests.support.postgres_hooks import hooked
from tests.support.postgres_server import PostgresServer, running_server, start
from tests.support.races import run_concurrently

pytestmark = pytest.mark.xdist_group("postgres")

ADD = "INSERT INTO month_counts (user_id, month, shard, photo_count) VALUES (%s, '2026-01', '0', 0)"
COUNT = "UPDATE month_counts SET photo_count = %s WHERE user_id = 'ann'"
READ = "SELECT photo_count FROM month_counts WHERE user_id = 'ann'"


def add_row(transaction: Transaction, name: str = "ann") -> int:
    return transaction.execute(ADD, name)


def increment(transaction: Transaction) -> None:
    ((count,),) = transaction.query(READ)
    transaction.execute(COUNT, count + 1)


def test_transactions_that_read_and_write_the_same_row_do_not_lose_a_change(database: Database) -> None:
    database.write(add_row)
    run_concurrently([partial(database.write, increment)] * 24)
    assert database.read(READ) == [(24,)]


def test_transaction_that_raises_changes_nothing(database: Database) -> None:
    def refuse(transaction: Transaction) -> None:
        add_row(transaction)
        raise Refused

    def fail(transaction: Transaction) -> None:
        add_row(transaction)
        raise errors.NotFound

    assert not database.change(refuse)
    with pytest.raises(errors.NotFound):
        database.write(fail)
    assert database.read(READ) == []


def test_conflict_in_every_attempt_is_busy(database: Database) -> None:
    attempts: list[int] = []

    def conflict(_: Transaction) -> None:
        attempts.append(1)
        raise psycopg.errors.DeadlockDetected

    with pytest.raises(errors.Busy):
        database.write(conflict)
    assert len(attempts) == 10


def test_database_that_cannot_be_reached_is_busy() -> None:
    unreachable = Database("host=127.0.0.1 port=8150 dbname=none")
    for call in (partial(unreachable.read, "SELECT 1"), partial(unreachable.write, add_row)):
        with pytest.raises(errors.Busy):
            call()


def test_statement_that_takes_too_long_is_busy(database: Database) -> None:
    impatient = Database(f"{database.parameters} options='-c statement_timeout=300ms'")
    with pytest.raises(errors.Busy):
        impatient.read("SELECT pg_sleep(5)")
    assert impatient.read("SELECT 1") == [(1,)]
    impatient.close()


def test_options_of_the_url_override_single_settings(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("postgres")
    other = Database(f"{url} options='-c search_path=photos -c statement_timeout=3s'")
    names = "search_path", "statement_timeout", "idle_in_transaction_session_timeout", "jit"
    assert [other.read(f"SHOW {name}")[0][0] for name in names] == ["photos", "3s", "15s", "off"]
    other.close()


def test_writes_continue_after_the_server_has_crashed_and_restarted() -> None:
    with running_server() as server:
        database = Database(server.url())
        migrate(database)
        database.write(add_row)
        restarted = server.restart()
        try:
            database.write(increment)
            assert database.read(READ) == [(1,)]
        finally:
            database.close()
            restarted.stop()


def test_standby_is_not_used_in_place_of_the_primary(postgres_server: PostgresServer) -> None:
    with running_server() as standby:
        standby.stop()
        (standby.folder / "standby.signal").touch()
        restarted = start(standby.folder)
        try:
            several = Database(f"host={standby.folder},{postgres_server.folder} user=postgres dbname=postgres")
            assert several.read("SELECT pg_is_in_recovery()") == [(False,)]
            several.close()
            with pytest.raises(errors.Busy):
                Database(standby.url()).read("SELECT 1")
        finally:
            restarted.stop()


@pytest.mark.parametrize(("pause", "opened"), [(1, 1), (60, 1), (51 * 60, 2)])
def test_connection_is_used_again_until_it_is_old(database: Database, pause: int, opened: int) -> None:
    connections: list[Connection] = []

    def count(parameters: str) -> Connection:
        connections.append(connect(parameters))
        return connections[-1]

    now = [0.0]
    counted = Database(database.parameters, count, lambda: now[0])
    counted.read("SELECT 1")
    now[0] += pause
    counted.read("SELECT 1")
    counted.close()
    assert len(connections) == opened
    assert all(connection.closed for connection in connections)


@pytest.mark.parametrize("pause", [0, 60])
def test_idle_connection_that_was_closed_by_the_server_is_replaced(database: Database, pause: int) -> None:
    now = [0.0]
    idle = Database(database.parameters, clock=lambda: now[0])
    ((first,),) = idle.read("SELECT pg_backend_pid()")
    with connect(database.parameters) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (first,))
    now[0] += pause
    ((second,),) = idle.read("SELECT pg_backend_pid()")
    assert first != second
    idle.close()


def test_server_that_has_become_a_replica_is_left(database: Database) -> None:
    connections: list[Connection] = []

    def connect_to_replica_first(parameters: str) -> Connection:
        connections.append(connect(parameters))
        if len(connections) == 1:
            connections[0].execute("SET default_transaction_read_only = on")
        return connections[-1]

    other = Database(database.parameters, connect_to_replica_first)
    other.write(add_row)
    other.close()
    assert len(connections) == 2
    assert database.read(READ) == [(0,)]


def test_process_has_at_most_eight_connections(database: Database) -> None:
    reads = run_concurrently([partial(database.read, "SELECT pg_sleep(0.02), pg_backend_pid()")] * 24)
    assert len({backend for ((_, backend),) in reads}) <= 8


def test_conflict_at_commit_repeats_the_transaction(database: Database) -> None:
    commits: list[str] = []

    def hook(_: Connection, statement: str, execute: Callable[..., Any]) -> Any:
        if statement == "COMMIT":
            commits.append(statement)
            if len(commits) == 1:
                raise psycopg.errors.SerializationFailure
        return execute()

    database.write(add_row)
    other = Database(database.parameters, hooked(hook))
    other.write(increment)
    other.close()
    assert (len(commits), database.read(READ)) == (2, [(1,)])


def test_app_does_not_import_the_driver() -> None:
    code = "import sys, app; sys.exit('psycopg' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_transaction_that_the_server_ends_because_it_is_idle_is_repeated(database: Database) -> None:
    options = " options='-c idle_in_transaction_session_timeout=300ms'"
    impatient = Database(database.parameters + options)
    pauses = [0.8]

    def add(transaction: Transaction) -> int:
        time.sleep(pauses.pop() if pauses else 0)
        return add_row(transaction)

    assert impatient.write(add) == 1
    impatient.close()
    assert database.read(READ) == [(0,)]


def test_texts_do_not_depend_on_the_encoding_of_the_environment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    other = Database(database.parameters.replace("client_encoding=UTF8", ""))
    other.write(partial(add_row, name="ænn 😀"))
    assert other.read("SELECT user_id FROM month_counts") == [("ænn 😀",)]
    other.close()


def test_transaction_that_the_server_ends_because_it_takes_too_long_is_repeated(database: Database) -> None:
    timeouts = [psycopg.errors.TransactionTimeout()]

    def hook(_: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        if statement == ADD and timeouts:
            raise timeouts.pop()
        return execute()

    other = Database(database.parameters, hooked(hook))
    assert other.write(add_row) == 1
    other.close()


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (psycopg.errors.DiskFull("No space left on device"), ["a statement failed: DiskFull: No space left on device"]),
        (psycopg.errors.QueryCanceled("too long"), ["a statement failed: QueryCanceled: too long"]),
        (psycopg.errors.SerializationFailure("conflict"), []),
    ],
)
def test_cause_of_busy_is_logged_except_conflicts(
    database: Database, caplog: pytest.LogCaptureFixture, error: psycopg.Error, logged: list[str]
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    other = Database(database.parameters, hooked(fail))
    with pytest.raises(errors.Busy):
        other.read(READ)
    other.close()
    assert [*dict.fromkeys(caplog.messages)] == logged
