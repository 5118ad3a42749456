"""Create and change the tables. Each file of `schema` has one idempotent statement of Aurora DSQL.

Aurora DSQL runs one such statement in a transaction, and no other statement with it. So a migration that is interrupted
resumes with the statement whose number is not stored. AWS contract DSQL-9.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import errors as sql
from psycopg.sql import Identifier

from chalicelib.infra.retry import WriteConflict, find_root_cause, retry_on_conflict
from chalicelib.stores.postgres.database import Database

SCHEMA = Path(__file__).parent / "schema"
_ATTEMPTS = 8
_PAUSE_SECONDS = 0.5
_CONFLICTS = (sql.UniqueViolation, sql.DuplicateTable, sql.DuplicateObject, sql.InternalError_)
"""The errors of two processes that create the same table or index at the same time."""
_INDEX = re.compile(r"CREATE INDEX ASYNC IF NOT EXISTS (\w+)")
_IS_VALID = (
    "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE c.relname = %s AND pg_table_is_visible(c.oid)"
)
_RUNNING = ("submitted", "processing")


class MigrationFailed(psycopg.DatabaseError):
    """A statement has failed. The message says why."""


def migrate(database: Database, folder: Path = SCHEMA, report: Callable[[str], object] = lambda _: None) -> list[str]:
    """Execute the migrations that were not executed yet. Return their names.

    Several processes may do this at the same time. Call `report` with the name of each migration after its execution.

    Raises:
        MigrationFailed: the database refuses a statement or has the wrong encoding, or Aurora DSQL could not build an
            index.
    """
    _require_utf8(database)
    files = sorted(folder.glob("*.sql"))
    _execute(database, files[0].read_text())
    numbers = {row[0] for row in database.read("SELECT number FROM migrations")}
    pending = [path for path in files if _get_number(path) not in numbers]
    for path in pending:
        _execute(database, path.read_text())
        _store_number(database, path)
        report(path.stem)
    return [path.stem for path in pending]


def grant_access(database: Database, role: str) -> None:
    """Allow a role to read and write all tables.

    Raises:
        MigrationFailed: the role does not exist, or the current role may not grant this.
    """
    ((schema,),) = database.read("SELECT current_schema()")
    tables = f"ALL TABLES IN SCHEMA {Identifier(schema).as_string()}"
    _execute(database, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {Identifier(role).as_string()}")


def _require_utf8(database: Database) -> None:
    # Aurora DSQL has no other encoding.
    if not database.dialect.is_dsql:
        ((encoding,),) = database.read("SHOW server_encoding")
        if encoding != "UTF8":
            raise MigrationFailed(
                f"The encoding of the database is {encoding}, which cannot store every text. "
                "Create another database with ENCODING 'UTF8'."
            )


def _get_number(path: Path) -> int:
    return int(path.stem.partition("_")[0])


def _store_number(database: Database, path: Path) -> None:
    statement = "INSERT INTO migrations (number, name) VALUES (%s, %s) ON CONFLICT (number) DO NOTHING RETURNING number"
    database.read(statement, _get_number(path), path.stem)


def _execute(database: Database, statement: str) -> None:
    def attempt() -> None:
        try:
            database.execute(database.dialect.translate(statement))
        except _CONFLICTS as error:
            raise WriteConflict from error
        except psycopg.Error as error:
            raise MigrationFailed(f"{error}\n{statement}") from error

    try:
        retry_on_conflict(attempt, error_factory=WriteConflict, attempts=_ATTEMPTS)
    except WriteConflict as conflict:
        # Not every cause is another process. The storage can be full, or the server can accept no writes.
        cause = find_root_cause(conflict)
        raise MigrationFailed(f"{_ATTEMPTS} attempts failed. The last error: {cause}\n{statement}") from conflict
    if database.dialect.is_dsql and (index := _INDEX.match(statement)):
        _wait_for_index(database, index[1])


def _wait_for_index(database: Database, name: str) -> None:
    """Wait until Aurora DSQL has built an index. Another process may have created the index.

    Raises:
        MigrationFailed: the index cannot be built. The index is dropped.
    """
    while not _is_valid(database, name):
        # `sys.wait_for_job` would wait for at most five minutes, and needs the id of the job. AWS contract DSQL-10.
        statement = "SELECT object_name, status, details FROM sys.jobs"
        jobs = [row for row in database.read(statement) if row[0].rpartition(".")[2] == name]
        if not any(status in _RUNNING for _, status, _ in jobs) and not _is_valid(database, name):
            _execute(database, f"DROP INDEX IF EXISTS {name}")
            details = "; ".join(details for _, _, details in jobs if details) or "no details"
            raise MigrationFailed(f"Aurora DSQL could not build the index {name}: {details}")
        time.sleep(_PAUSE_SECONDS)


def _is_valid(database: Database, name: str) -> bool:
    return database.read(_IS_VALID, name) == [(True,)]
