"""A stand-in for Aurora DSQL: a PostgreSQL server behind a proxy that refuses what Aurora DSQL refuses."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from chalicelib.stores.postgres.database import Connection, Database
from chalicelib.stores.postgres.dialects import DSQL
from local.cloud import EMULATOR
from tests.support.postgres_hooks import hooked
from tests.support.postgres_server import PostgresServer
from tests.support.programs import skip_except_in_ci

MAX_ROWS = 3000
_PROCESS = Path(__file__).parent / "dsql_proxy_process.py"
_LINT = Path(sys.executable).parent / "dsql-lint"
_LOCKS = re.compile(r"SELECT [^()]+ FROM \w+( \w)? WHERE (\w\.)?(album|photo)_id = %s FOR UPDATE")
_CHANGES = ("INSERT", "UPDATE", "DELETE")


class DsqlProxy(NamedTuple):
    """A running proxy."""

    folder: Path
    server: PostgresServer

    @property
    def socket(self) -> Path:
        """Return the socket on which the proxy listens."""
        return self.folder / ".s.PGSQL.5432"

    @contextmanager
    def new_database(self) -> Iterator[Database]:
        """Yield a new database without tables. It checks all statements."""
        name = self.server.create_database()
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            # Aurora DSQL has no other isolation level.
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
        checks = StatementChecks()
        url = f"host={self.folder} user=admin dbname={name}"
        database = Database(url, hooked(checks.execute), dialect=DSQL)
        try:
            yield database
        finally:
            database.close()
        checks.lint()


class StatementChecks:
    """The refusals of Aurora DSQL that the proxy does not know."""

    def __init__(self) -> None:
        self._statements: set[str] = set()

    def execute(self, connection: Connection, statement: str, execute: Callable[..., Any]) -> Any:
        """Execute a statement. Fail if Aurora DSQL would refuse it or the transaction."""
        assert not statement.startswith("BEGIN") or statement == "BEGIN", "There is only one isolation level."
        # An earlier release of Aurora DSQL locks only one table, by equality with its primary key.
        assert "FOR UPDATE" not in statement or _LOCKS.fullmatch(statement), statement
        self._statements.add(statement)
        state: Any = connection
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            state.changed_rows = 0
        result = execute()
        if statement.startswith(_CHANGES):
            state.changed_rows += result.rowcount
            assert state.changed_rows <= MAX_ROWS, f"The transaction changes {state.changed_rows} rows."
        return result

    def lint(self) -> None:
        """Fail if dsql-lint finds a statement that Aurora DSQL refuses."""
        # The linter would take the statements after BEGIN for one transaction.
        statements = self._statements - {"BEGIN", "COMMIT", "ROLLBACK"}
        text = ";\n".join(statements).replace("%s", "NULL")
        result = subprocess.run([_LINT, "-"], input=text, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


@contextmanager
def running_proxy(server: PostgresServer) -> Iterator[DsqlProxy]:
    """Yield a proxy in front of a server. Skip the test if the emulator is not installed, except in CI."""
    if not EMULATOR.exists():
        skip_except_in_ci("The emulator is not installed. Run `make .venv-emulator/ready`.")
    with tempfile.TemporaryDirectory(prefix="photoshare-dsql-") as folder:
        command = [str(EMULATOR), str(_PROCESS), str(server.running.folder), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            yield DsqlProxy(Path(folder), server)
            process.communicate()
