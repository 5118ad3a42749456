"""A store for the tests of the service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.postgres_rows import new_database, on_sql
from tests.support.postgres_server import PostgresServer

EmptyStore = Callable[[], dict[str, str]]
"""Empties the store, and returns the environment variables that choose it."""


@contextmanager
def opened_store(store: str | None, get_server: Callable[[], PostgresServer]) -> Iterator[EmptyStore]:
    """Open a store. `get_server` starts a server for `postgres`. All other values mean DynamoDB."""
    if store != "postgres":
        yield dict
        return
    with on_sql(new_database(get_server())) as empty:
        yield lambda: {"DATABASE_URL": empty().client.parameters}
