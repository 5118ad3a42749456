"""Names of databases in the arguments of commands: `dynamodb:STAGE`, `dsql:ENDPOINT`, or a PostgreSQL URL.

`dynamodb:STAGE/SUFFIX` names the tables of a stage with this suffix, and `dynamodb:STAGE` those that the stage uses.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from chalicelib.domain.errors import Busy
from chalicelib.infra.retry import find_root_cause
from chalicelib.infra.settings import InvalidDatabaseUrl, Settings, load_dsql

if TYPE_CHECKING:
    from chalicelib.stores.postgres.database import Database

DYNAMODB, DSQL = "dynamodb:", "dsql:"
TABLES = {
    "photo_table": "PhotoMetadata",
    "account_table": "Accounts",
    "term_table": "SearchWords",
    "album_table": "Albums",
    "entry_table": "AlbumPhotos",
    "rating_table": "PhotoRatings",
}
"""The names of the tables by the fields of `Settings`."""
_REMEDIES = {
    "InsufficientPrivilege": "Give its user the permission",
    "UndefinedTable": "Run `make migrate` on it",
    "UndefinedColumn": "Run `make migrate` on it with this release",
    "ReadOnlySqlTransaction": "Allow writes in it",
    "DiskFull": "Give it more storage",
}
"""The remedy of an error of the driver, by the name of its class."""


class InvalidDatabase(Exception):
    """A command cannot use a database. The message says what to do."""


class RefusedStatement(Exception):
    """A database refused a statement. The message says why, and what to do."""


def select_tables(settings: Settings, stage: str, suffix: str) -> Settings:
    """Return the settings with the names of the tables that have this suffix."""
    tables = {field: f"photoshare-{stage}-{name}{suffix}" for field, name in TABLES.items()}
    return msgspec.structs.replace(settings, **tables)


def split_stage(name: str) -> tuple[str, str | None]:
    """Return the stage of a `dynamodb:` name, and the suffix of its tables, or None for the tables in use."""
    stage, has_suffix, suffix = name.removeprefix(DYNAMODB).partition("/")
    return stage, suffix if has_suffix else None


def connect(name: str) -> "Database":
    """Return the database of a `dsql:` name or of a PostgreSQL URL.

    Raises:
        InvalidDatabase: the name has another form.
    """
    # Only commands that use an SQL database pay for the import of the driver.
    from chalicelib.stores.postgres import dsql
    from chalicelib.stores.postgres.database import Database
    from chalicelib.stores.postgres.dialects import POSTGRES_WITHOUT_TIMEOUTS

    cluster = load_dsql({**os.environ, "DSQL_ENDPOINT": name.removeprefix(DSQL)}) if name.startswith(DSQL) else None
    try:
        # An index of a large table takes minutes.
        return dsql.open_database(cluster) if cluster else Database(name, dialect=POSTGRES_WITHOUT_TIMEOUTS)
    except dsql.InvalidEndpoint as error:
        raise InvalidDatabase(str(error)) from error
    except InvalidDatabaseUrl as error:
        names = "FROM or TO is not dynamodb:STAGE, dsql:ENDPOINT or the URL of a PostgreSQL database."
        raise InvalidDatabase(f"{names} {error}") from error


@contextmanager
def explained_refusals() -> Iterator[None]:
    """Raise errors of the driver as errors that say what to do.

    Raises:
        RefusedStatement: a database refused a statement.
    """
    import psycopg

    try:
        yield
    except (psycopg.Error, Busy) as error:
        # A failed migration and a busy database have the error of the driver as their cause.
        cause = find_root_cause(error)
        remedy = next((_REMEDIES[kind.__name__] for kind in type(cause).__mro__ if kind.__name__ in _REMEDIES), None)
        if remedy is None and isinstance(error, Busy):
            raise
        reason = str(cause).partition("\n")[0].removesuffix(".") or type(cause).__name__
        remedy = remedy or "Remove the cause"
        raise RefusedStatement(
            f"A database refused a statement: {reason}. {remedy}, and run the command again."
        ) from error
