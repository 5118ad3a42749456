"""Migrations may be repeated, interrupted, and executed by several processes at once."""

from functools import partial

import pytest

from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import SCHEMA, migrate
from tests.support.postgres_rows import new_database
from tests.support.postgres_server import PostgresServer
from tests.support.races import run_concurrently

NAMES = sorted(path.stem for path in SCHEMA.glob("*.sql"))


def list_relations(database: Database) -> list[tuple[str, str]]:
    rows = database.read("SELECT relname, relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    return sorted((name, kind) for name, kind in rows)


def test_each_migration_runs_once(postgres_server: PostgresServer) -> None:
    with new_database(postgres_server) as database:
        assert migrate(database) == NAMES
        assert migrate(database) == []


def test_interrupted_migration_resumes(postgres_server: PostgresServer) -> None:
    with new_database(postgres_server) as database:
        migrate(database)
        relations = list_relations(database)
        # The statement was executed, but its number was not stored.
        database.execute("DELETE FROM migrations WHERE number > 20")
        assert migrate(database) == NAMES[20:]
        assert list_relations(database) == relations


def test_several_processes_migrate_at_once(postgres_server: PostgresServer) -> None:
    with new_database(postgres_server) as database, new_database(postgres_server) as other:
        migrate(other)
        databases = [Database(database.parameters) for _ in range(4)]
        run_concurrently([partial(migrate, one) for one in databases])
        for one in databases:
            one.close()
        assert list_relations(database) == list_relations(other)
        assert len(database.read("SELECT number FROM migrations")) == len(NAMES)


@pytest.mark.parametrize("word", ["REFERENCES", "SERIAL", "TRIGGER", "EXTENSION", "jsonb", "[]", "USING", ";"])
def test_no_migration_uses_what_aurora_dsql_lacks(word: str) -> None:
    assert [path.name for path in SCHEMA.glob("*.sql") if word in path.read_text()] == []


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
