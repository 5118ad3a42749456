"""Connections to PostgreSQL that fail, wait or explain their statements, and the rows of a whole database."""

from collections.abc import Callable
from typing import Any

import psycopg

from chalicelib.stores.postgres.database import Connection, Database, Row, connect

Connect = Callable[[str], Connection]
_LIST_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_INTERNAL = ("migrations", "transactions")


class Cut:
    """A cut of the connection at one of the statements, before or after the database has executed it."""

    def __init__(self, number: int, *, executed: bool) -> None:
        self._number, self._executed = number, executed
        self.statements: list[str] = []

    @property
    def happened(self) -> bool:
        """Return whether there was a statement with this number."""
        return len(self.statements) > self._number

    def connect(self, parameters: str) -> Connection:
        """Open a connection that will be cut."""
        return hooked(self._execute)(parameters)

    def _execute(self, connection: Connection, statement: str, execute: Callable[..., Any]) -> Any:
        self.statements.append(statement)
        if len(self.statements) != self._number + 1:
            return execute()
        if self._executed:
            execute()
        connection.close()
        raise psycopg.OperationalError("The connection was cut.")


def hooked(hook: Callable[[Connection, str, Callable[..., Any]], Any]) -> Connect:
    """Return a function that opens connections. They call `hook` for each statement instead of executing it.

    The third argument of `hook` executes the statement, after a prefix if given.
    """

    class HookedConnection(psycopg.Connection[Row]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            run = super().execute
            return hook(self, query, lambda prefix="": run(prefix + query, params, **options))

    return lambda parameters: connect(parameters, HookedConnection)


def dump(database: Database) -> list[Row]:
    """Return all rows as texts with their tables, except tokens and migrations."""
    selects = [f"SELECT '{table}', t::text FROM {table} t" for table in list_tables(database)]
    return database.read(f"{' UNION ALL '.join(selects)} ORDER BY 1, 2")


def list_tables(database: Database) -> list[str]:
    """Return the names of the tables, except those of tokens and migrations."""
    return [name for (name,) in database.read(_LIST_TABLES) if name not in _INTERNAL]
