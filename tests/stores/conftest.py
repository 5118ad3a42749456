"""A database for the tests of one implementation."""

from collections.abc import Iterator

import pytest

from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import migrate
from tests.support.postgres_rows import new_database
from tests.support.postgres_server import PostgresServer


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    """A database with tables."""
    with new_database(postgres_server) as database:
        migrate(database)
        yield database
