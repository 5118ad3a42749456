"""Create and change the tables. Each file of `schema` has one statement that may be repeated.

Aurora DSQL runs one such statement in a transaction, and no other statement with it. So a migration that is interrupted
resumes with the statement whose number is not stored.
"""

from pathlib import Path

import psycopg
from psycopg import errors as sql

from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.stores.postgres.database import Database

SCHEMA = Path(__file__).parent / "schema"
_ATTEMPTS = 8
_CONFLICTS = (sql.UniqueViolation, sql.DuplicateTable, sql.DuplicateObject, sql.InternalError_)
"""The errors of two processes that create the same table or index at the same time."""


def migrate(database: Database) -> list[str]:
    """Execute the migrations that were not executed yet. Return their names.

    Several processes may do this at the same time.
    """
    files = sorted(SCHEMA.glob("*.sql"))
    _execute(database, files[0].read_text())
    numbers = {row[0] for row in database.read("SELECT number FROM migrations")}
    pending = [path for path in files if _get_number(path) not in numbers]
    for path in pending:
        _execute(database, path.read_text())
        _store_number(database, path)
    return [path.stem for path in pending]


def _get_number(path: Path) -> int:
    return int(path.stem.partition("_")[0])


def _store_number(database: Database, path: Path) -> None:
    statement = "INSERT INTO migrations (number, name) VALUES (%s, %s) ON CONFLICT (number) DO NOTHING RETURNING number"
    database.read(statement, _get_number(path), path.stem)


def _execute(database: Database, statement: str) -> None:
    def attempt() -> None:
        try:
            database.execute(statement)
        except _CONFLICTS as error:
            raise WriteConflict from error

    retry_on_conflict(attempt, error_factory=lambda: psycopg.OperationalError(statement), attempts=_ATTEMPTS)
