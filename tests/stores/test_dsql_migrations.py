"""Migrations of Aurora DSQL wait for their indexes, which the database builds after it has answered."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.stores.postgres.database import Connection, Database
from chalicelib.stores.postgres.dialects import DSQL
from chalicelib.stores.postgres.migrations import SCHEMA, MigrationFailed, migrate
from tests.support.dsql import DsqlProxy
from tests.support.postgres_hooks import hooked

pytestmark = pytest.mark.xdist_group("postgres")

INDEX = "0039_user_requests_of_user"
SET_STATE = "UPDATE pg_index SET indisvalid = {} WHERE indexrelid = 'user_requests_of_user'::regclass"
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('user_requests_of_user')"


@pytest.fixture
def database(dsql_proxy: DsqlProxy) -> Iterator[Database]:
    """A database whose last index is not built yet."""
    with dsql_proxy.new_database() as database:
        migrate(database)
        database.execute("DELETE FROM migrations WHERE number = 39")
        database.execute(SET_STATE.format("FALSE"))
        yield database


def migrate_with_job(database: Database, *jobs: str) -> list[str]:
    """Migrate, and replace the list of jobs if `jobs` are given. Return one text for each read of the list."""
    statements: list[str] = []
    rows = " UNION ALL ".join(f"SELECT {job}" for job in jobs)

    def hook(connection: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        if "sys.jobs" not in statement:
            return execute()
        statements.append("jobs")
        if len(statements) == 2:
            database.execute(SET_STATE.format("TRUE"))
        return connection.execute(rows) if rows else execute()

    other = Database(database.parameters, hooked(hook), dialect=DSQL)
    try:
        migrate(other)
    finally:
        other.close()
    return statements


def test_migration_waits_until_its_index_is_built(database: Database) -> None:
    job = "'public.user_requests_of_user', 'processing', NULL"
    assert migrate_with_job(database, job) == ["jobs", "jobs"]
    assert migrate(database) == []


@pytest.mark.parametrize(
    ("jobs", "details"),
    [
        (("'public.user_requests_of_user', 'failed', 'too many rows'",), "too many rows"),
        (("'public.user_requests_of_user', 'failed', NULL", "'public.others', 'processing', NULL"), "no details"),
        ((), "no details"),
    ],
)
def test_index_that_cannot_be_built_is_dropped_and_built_by_the_next_run(
    database: Database, jobs: tuple[str, ...], details: str
) -> None:
    with pytest.raises(MigrationFailed, match=f"could not build the index user_requests_of_user: {details}"):
        migrate_with_job(database, *jobs)
    assert database.read(IS_VALID) == []
    assert migrate(database) == [INDEX]
    assert database.read(IS_VALID) == [(True,)]


def test_index_that_becomes_ready_while_its_job_ends_is_not_dropped(database: Database) -> None:
    def hook(connection: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        if "sys.jobs" in statement:
            database.execute(SET_STATE.format("TRUE"))
            return connection.execute("SELECT 'public.user_requests_of_user', 'completed', NULL")
        return execute()

    other = Database(database.parameters, hooked(hook), dialect=DSQL)
    assert migrate(other) == [INDEX]
    other.close()


def test_every_index_of_the_schema_is_awaited() -> None:
    texts = [path.read_text() for path in SCHEMA.glob("*.sql")]
    assert {text.split(" IF NOT EXISTS")[0] for text in texts if "INDEX" in text} == {"CREATE INDEX ASYNC"}
