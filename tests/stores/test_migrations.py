"""Migrations may be repeated, interrupted, and executed by several processes at once."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chalicelib.stores.postgres.database import Connection, Database
from chalicelib.stores.postgres.migrations import SCHEMA, MigrationFailed, grant_access, migrate
from tests.support.dsql import DsqlProxy
from tests.support.postgres_hooks import hooked, list_tables
from tests.support.postgres_rows import new_database
from tests.support.postgres_server import PostgresServer
from tests.support.races import run_concurrently

pytestmark = pytest.mark.xdist_group("postgres")

NAMES = sorted(path.stem for path in SCHEMA.glob("*.sql"))

New = Callable[[], AbstractContextManager[Database]]


@pytest.fixture(params=["postgres", "dsql"])
def new(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> New:
    """A function that creates a database without tables."""
    if request.param == "postgres":
        return partial(new_database, postgres_server)
    proxy: DsqlProxy = request.getfixturevalue("dsql_proxy")
    return proxy.new_database


def list_relations(database: Database) -> list[tuple[str, str, str]]:
    """Return the names, kinds and definitions of the tables, indexes and views."""
    return [
        (name, kind, definition)
        for name, kind, definition in database.read(
            "SELECT relname::text, relkind::text, COALESCE(pg_get_viewdef(oid), CASE relkind WHEN 'i' THEN "
            "pg_get_indexdef(oid) END, '') FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
        )
    ]


def test_each_migration_runs_once(new: New) -> None:
    with new() as database:
        reported: list[str] = []
        assert migrate(database, report=reported.append) == NAMES
        assert reported == NAMES
        assert migrate(database) == []


def test_interrupted_migration_resumes(new: New) -> None:
    with new() as database:
        migrate(database)
        relations = list_relations(database)
        # The statement was executed, but its number was not stored.
        database.execute("DELETE FROM migrations WHERE number > 20")
        assert migrate(database) == NAMES[20:]
        assert list_relations(database) == relations


def test_several_processes_migrate_at_once(new: New) -> None:
    with new() as database, new() as other:
        migrate(other)
        databases = [Database(database.parameters, dialect=database.dialect) for _ in range(4)]
        run_concurrently([partial(migrate, one) for one in databases])
        for one in databases:
            one.close()
        assert list_relations(database) == list_relations(other)
        assert len(database.read("SELECT number FROM migrations")) == len(NAMES)


def test_both_databases_have_the_same_tables_and_indexes(
    postgres_server: PostgresServer, dsql_proxy: DsqlProxy
) -> None:
    with new_database(postgres_server) as postgres, dsql_proxy.new_database() as dsql:
        migrate(postgres)
        migrate(dsql)
        assert list_relations(postgres) == list_relations(dsql)


def test_refused_statement_is_named(new: New, tmp_path: Path) -> None:
    (tmp_path / "0001_migrations.sql").write_text((SCHEMA / "0001_migrations.sql").read_text())
    (tmp_path / "0002_wrong.sql").write_text("CREATE TABLE IF NOT EXISTS wrong (id unknown_type)")
    with (
        new() as database,
        pytest.raises(MigrationFailed, match=r"unknown_type[\s\S]*CREATE TABLE IF NOT EXISTS wrong"),
    ):
        migrate(database, tmp_path)


def test_cause_of_a_failure_is_named_after_all_attempts(new: New) -> None:
    def fill_storage(_: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        if "accounts_due" in statement:
            raise psycopg.errors.DiskFull("No space left on device")
        return execute()

    with new() as database:
        full = Database(database.parameters, hooked(fill_storage), dialect=database.dialect)
        with pytest.raises(MigrationFailed, match=r"No space left on device\nCREATE INDEX"):
            migrate(full)
        full.close()


@pytest.fixture
def role(postgres_server: PostgresServer) -> str:
    """A role without permissions."""
    name = f"app-{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{name}" WITH LOGIN')
    return name


def test_role_may_read_and_write_all_tables_after_a_grant(new: New, postgres_server: PostgresServer, role: str) -> None:
    with new() as database:
        migrate(database)
        grant_access(database, role)
        ((name,),) = database.read("SELECT current_database()::text")
        url = postgres_server.url(name).replace("user=postgres", f"user={role}")
        with psycopg.connect(url, autocommit=True) as connection:
            for table in (*list_tables(database), "transactions", "public_albums"):
                connection.execute(f"DELETE FROM {table}")


def test_grant_to_an_unknown_role_fails(new: New) -> None:
    with new() as database:
        migrate(database)
        with pytest.raises(MigrationFailed, match='role "unknown" does not exist'):
            grant_access(database, "unknown")


def test_every_text_is_sorted_by_its_bytes(postgres_server: PostgresServer) -> None:
    with new_database(postgres_server) as database:
        migrate(database)
        assert (
            database.read(
                "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                "WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND a.atttypid = 'text'::regtype "
                "AND a.attcollation <> (SELECT oid FROM pg_collation WHERE collname = 'C')"
            )
            == []
        )


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_database_that_cannot_store_every_text_gets_no_tables(postgres_server: PostgresServer, encoding: str) -> None:
    name = f"test_{encoding.lower()}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'")
    database = Database(postgres_server.url(name))
    with pytest.raises(MigrationFailed, match=f"The encoding of the database is {encoding}"):
        migrate(database)
    assert list_relations(database) == []
    database.close()
