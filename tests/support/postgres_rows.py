"""Stores on PostgreSQL, for the tests of the storage contracts."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import migrate
from chalicelib.stores.postgres.stores import build_stores
from tests.support.postgres_server import PostgresServer
from tests.support.rows import START, Backend

_LIST_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'"


@contextmanager
def on_postgres(server: PostgresServer) -> Iterator[Callable[[], Backend]]:
    """Yield a function that empties a database of its own and returns stores for it."""
    with new_database(server) as database:
        migrate(database)
        tables = [name for (name,) in database.read(_LIST_TABLES)]

        def empty_backend() -> Backend:
            # Deleting a few rows is faster than truncating, which creates a file for each table and index.
            database.execute("; ".join(f"DELETE FROM {table}" for table in tables))
            return build_backend(database)

        yield empty_backend


@contextmanager
def new_database(server: PostgresServer) -> Iterator[Database]:
    """Yield a new database without tables."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(server.url(name))
    yield database
    database.close()


def build_backend(database: Database) -> Backend:
    """Return stores on a database, with a clock of their own."""
    now = [START.timestamp()]
    return Backend(build_stores(database, lambda: now[0]), now, database)
