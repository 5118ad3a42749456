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


def dump(database: Database) -> dict[str, list[Row]]:
    """Return all rows by table, except tokens and migrations."""
    tables = [name for (name,) in database.read(_LIST_TABLES) if name not in _INTERNAL]
    return {table: database.read(f"SELECT t.* FROM {table} t ORDER BY t") for table in tables}
