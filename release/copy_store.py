"""Copy everything between two databases: `python -m release.copy_store FROM TO [--verify] [--account ID] [--replace]`.

`release.databases` describes the names FROM and TO. The command prints each difference that the verification finds,
what to do about it, and the report as JSON in the last line.
docs/how-to/move-to-another-database.md describes the move of a stage.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import msgspec
from botocore.exceptions import ClientError

from chalicelib.domain.clock import now
from chalicelib.domain.errors import Busy, PhotoshareError
from chalicelib.infra import aws
from chalicelib.infra.settings import MissingSetting, load_settings
from chalicelib.stores.backend import Stores
from chalicelib.stores.checksums import Side
from chalicelib.stores.copies import CopyStore, Mismatch
from chalicelib.stores.copying import Copying, EmptySource, NeedsReplace, Options, Report, UnknownAccount
from chalicelib.stores.dynamodb.copies import DynamoCopyStore
from chalicelib.stores.dynamodb.stores import build_stores
from release import databases
from release.environment import load_environment, read_variables
from release.failures import exit_on_failure

_WRITES = (
    "If users write at the same time, this is expected, so stop the writes first. "
    "Then copy the differences: run the command again, without --verify (VERIFY=yes)."
)
_DERIVED = (
    "Rows that follow from the photos are wrong in one of them. Run `make reconcile` for the stage, with REPAIR=yes. "
    "If it repairs nothing, the target is wrong: copy to an empty database, or repair the target after the switch."
)
_DERIVED_KINDS = {"lists", "entries", "months"}


class Database(NamedTuple):
    """A database that is part of a copy."""

    name: str
    """The name without a password."""
    side: Side
    is_in_use: bool | None
    """True if the stage of the name uses the database. None if the name has no stage."""


def main() -> int:
    """Copy and verify, and return the exit status. It is 1 if both databases differ."""
    arguments = _parse_arguments()
    options = Options(account=arguments.account, replace=arguments.replace, only_verify=arguments.verify)
    with (
        open_database(arguments.source, arguments.data) as source,
        open_database(arguments.target, arguments.data, is_target=not arguments.verify) as target,
    ):
        if source.name == target.name:
            raise databases.InvalidDatabase(f"FROM and TO are the same database, {source.name}.")
        check_connection(source)
        check_connection(target)
        if not (options.replace or options.only_verify):
            check_use(source, target)
        task = f"{source.name} -> {target.name}"
        print(task, flush=True)
        report = Copying(source.side, target.side, task, now, print_mismatch).run(options)
    print_report(report)
    return 0 if report.verified else 1


def open_database(name: str, data: Path, *, is_target: bool = False) -> AbstractContextManager[Database]:
    """Open a database by its name. Create the tables of an SQL database that `is_target`."""
    if name.startswith(databases.DYNAMODB):
        return nullcontext(_open_dynamodb(name, data))
    return _open_sql(name, is_target=is_target)


def check_use(source: Database, target: Database) -> None:
    """Check that the source can be in use, and the target is not.

    Raises:
        NeedsReplace: a stage does not use the source, or uses the target.
    """
    if source.is_in_use is False:
        raise NeedsReplace(f"The stage does not use {source.name}, so the source may be outdated.")
    if target.is_in_use:
        raise NeedsReplace(f"The stage uses {target.name}.")


def check_connection(database: Database) -> None:
    """Read from a database once. Without this check, a copy waits for minutes for a database that does not exist.

    Raises:
        InvalidDatabase: the database cannot be reached, or has no tables.
    """
    from psycopg.errors import UndefinedTable

    without_tables = databases.InvalidDatabase(f"{database.name} has no tables of Photoshare. Check its name.")
    try:
        database.side.copies.list_users(1, None)
    except UndefinedTable as error:
        raise without_tables from error
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise without_tables from error
        raise
    except Busy as error:
        raise databases.InvalidDatabase(
            f"{database.name} cannot be reached or is busy. Check its address, and try again."
        ) from error


def print_mismatch(mismatch: Mismatch) -> None:
    """Print a difference on one line."""
    print(
        f"mismatch: {mismatch.kind}: {mismatch.account!r}: "
        f"source {mismatch.source_count} {mismatch.source_sha256[:12]}, "
        f"target {mismatch.target_count} {mismatch.target_sha256[:12]}",
        flush=True,
    )


def print_report(report: Report) -> None:
    """Print what to do about the differences, and the report as JSON in the last line."""
    kinds = {mismatch.kind for mismatch in report.mismatches}
    if kinds - _DERIVED_KINDS:
        print(f"The databases differ. {_WRITES}")
    elif kinds:
        print(f"The databases differ. {_DERIVED}")
    print(msgspec.json.encode(report).decode())


def _open_dynamodb(name: str, data: Path) -> Database:
    stage, suffix = databases.split_stage(name)
    if stage == "local":
        load_environment(stage, data)
    variables = dict(os.environ) if stage == "local" else read_variables(stage)
    settings = load_settings(variables)
    is_in_use = not (variables.get("DATABASE_URL") or variables.get("DSQL_ENDPOINT"))
    if suffix is not None:
        named = databases.select_tables(settings, stage, suffix)
        settings, is_in_use = named, is_in_use and named == settings
    client = aws.create_client("dynamodb")
    side = _build_side(DynamoCopyStore(settings, client), build_stores(settings, client))
    return Database(name, side, is_in_use)


@contextmanager
def _open_sql(name: str, *, is_target: bool) -> Iterator[Database]:
    # Only a copy with an SQL database pays for the import of the driver.
    from chalicelib.stores.postgres import copies, migrations, stores

    database = databases.connect(name)
    with closing(database), databases.explained_refusals():
        if is_target:
            migrations.migrate(database)
        side = _build_side(copies.PostgresCopyStore(database), stores.build_stores(database))
        yield Database(copies.describe(database), side, None)


def _build_side(copies: CopyStore, stores: Stores) -> Side:
    return Side(copies, stores.photos, stores.albums, stores.timeline)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m release.copy_store", description="Copy between two databases.")
    parser.add_argument("source", help="dynamodb:STAGE, dsql:ENDPOINT, or a PostgreSQL URL")
    parser.add_argument("target", help="dynamodb:STAGE, dsql:ENDPOINT, or a PostgreSQL URL")
    parser.add_argument("--verify", action="store_true", help="compare only, and write nothing")
    parser.add_argument("--account", default="", help="the id of the only user to copy")
    parser.add_argument("--replace", action="store_true", help="overwrite a target that may be in use")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="the directory of the local cloud")
    return parser.parse_args()


if __name__ == "__main__":
    errors = (PhotoshareError, MissingSetting, msgspec.ValidationError, OSError)
    with exit_on_failure("The copy is incomplete. Run it again to resume", *errors):
        try:
            sys.exit(main())
        except NeedsReplace as error:
            sys.exit(f"Nothing was copied. {error} Add --replace (REPLACE=yes) to overwrite the target.")
        except databases.InvalidDatabase as error:
            sys.exit(f"Nothing was copied. {error}")
        except EmptySource:
            sys.exit("Nothing was copied. FROM has no accounts, so the copy would empty TO. Check the name of FROM.")
        except UnknownAccount as error:
            sys.exit(f"Nothing was copied. No database has the account {str(error)!r}. Name the id of its user.")
        except databases.RefusedStatement as error:
            sys.exit(f"The copy is incomplete. {error}")
