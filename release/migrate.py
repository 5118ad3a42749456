"""Create and change the tables of an SQL database: `python -m release.migrate [--grant-to ROLE]`.

The environment variable DATABASE_URL or DSQL_ENDPOINT names the database. You may repeat the command at any time. It
executes only the migrations that were not executed yet, and an interrupted run resumes.
"""

import argparse
import logging
import os
import sys
from collections.abc import Mapping

import psycopg

from chalicelib.domain.errors import Busy
from chalicelib.infra.retry import find_root_cause
from chalicelib.infra.settings import InvalidDatabaseUrl, load_dsql
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.dialects import POSTGRES_WITHOUT_TIMEOUTS
from chalicelib.stores.postgres.dsql import InvalidEndpoint, open_database
from chalicelib.stores.postgres.migrations import MigrationFailed, grant_access, migrate


class Refused(Exception):
    """The command cannot start. The message says what to do."""


def main(environment: Mapping[str, str], arguments: list[str]) -> None:
    """Migrate the database that the environment names."""
    parser = argparse.ArgumentParser(prog="python -m release.migrate", description="Create and change the tables.")
    parser.add_argument(
        "--grant-to", metavar="ROLE", help="the database role of the functions, unless it owns the tables"
    )
    role = parser.parse_args(arguments).grant_to
    database = choose_database(environment)
    try:
        names = migrate(database, report=lambda name: print(f"Executed {name}.", flush=True))
        if role:
            grant_access(database, role)
            print(f"The role {role} may read and write all tables.")
    finally:
        database.close()
    print(f"The tables are up to date. Migrations executed: {len(names)}.")


def choose_database(environment: Mapping[str, str]) -> Database:
    """Return the database that the environment names.

    Raises:
        Refused: the environment names no database, two of them, or an invalid URL.
    """
    url, cluster = environment.get("DATABASE_URL"), load_dsql(environment)
    if url and cluster:
        raise Refused("DATABASE_URL and DSQL_ENDPOINT name two databases. Give only one of them.")
    if cluster:
        return open_database(cluster)
    if url:
        return Database(url, dialect=POSTGRES_WITHOUT_TIMEOUTS)
    raise Refused("No database is named. Give DATABASE_URL= for PostgreSQL, or DSQL_ENDPOINT= for Aurora DSQL.")


def describe(error: Exception) -> str:
    """Return what has happened, and what to do."""
    if isinstance(error, Busy):
        cause = find_root_cause(error)
        reason = "" if cause is error else str(cause).strip()
        return f"The database cannot be reached or is busy. {reason}\nCheck its address, and run the command again."
    if isinstance(error, MigrationFailed):
        return f"{error}\nThe migration is incomplete. Remove the cause, and run the command again. It resumes."
    return str(error)


if __name__ == "__main__":
    logging.disable()  # The message has the reason of a failed connection too.
    try:
        main(os.environ, sys.argv[1:])
    except (Busy, MigrationFailed, Refused, InvalidDatabaseUrl, InvalidEndpoint, psycopg.Error) as error:
        sys.exit(describe(error))
