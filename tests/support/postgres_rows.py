"""Stores on PostgreSQL or its stand-in for Aurora DSQL, for the tests of the storage contracts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import migrate
from chalicelib.stores.postgres.stores import build_stores
from tests.support.postgres_server import PostgresServer
from tests.support.rows import START, Backend

_LIST_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'"


@contextmanager
def on_sql(opened: AbstractContextManager[Database]) -> Iterator[Callable[[], Backend]]:
    """Yield a function that empties a new database and returns stores for it."""
    with opened as database:
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
    database = Database(server.url(server.create_database()))
    try:
        yield database
    finally:
        database.close()


def build_backend(database: Database) -> Backend:
    """Return stores on a database, with a clock of their own."""
    now = [START.timestamp()]
    return Backend(build_stores(database, lambda: now[0]), now, database)
