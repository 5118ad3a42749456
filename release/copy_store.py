"""Copy everything between two databases: `python -m release.copy_store FROM TO [--verify] [--account ID] [--replace]`.

FROM and TO are `dynamodb:STAGE`, or the URL of a PostgreSQL database. docs/how-to/move-to-another-database.md describes
the move of a stage. The command prints each difference that the verification finds, what to do about it, and the report
as JSON in the last line.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import boto3
import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.clock import now
from chalicelib.domain.errors import PhotoshareError
from chalicelib.infra import aws
from chalicelib.infra.settings import MissingSetting, load_settings
from chalicelib.stores.checksums import Side
from chalicelib.stores.copies import Mismatch
from chalicelib.stores.copying import Copying, NeedsReplace, Options, Report
from chalicelib.stores.dynamodb.albums import DynamoAlbumStore
from chalicelib.stores.dynamodb.copies import DynamoCopyStore
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from chalicelib.stores.dynamodb.timeline import DynamoTimelineStore
from release.reconcile import load_environment

_DYNAMODB = "dynamodb:"
_WRITES = (
    "If users wrote during the copy, this is expected. Stop the writes, and run the same command again. "
    "If not, run it again with --account and the id of the account."
)
_DERIVED = (
    "The rows of the target that follow from its photos are wrong. On DynamoDB, run `make reconcile` with REPAIR=yes. "
    "On PostgreSQL, copy to an empty database."
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
    source = open_database(arguments.source, arguments.data)
    target = open_database(arguments.target, arguments.data, is_target=not arguments.verify)
    if not (options.replace or options.only_verify):
        check_use(source, target)
    task = f"{source.name} -> {target.name}"
    print(task, flush=True)
    report = Copying(source.side, target.side, task, now, print_mismatch).run(options)
    print_report(report)
    return 0 if report.verified else 1


def open_database(name: str, data: Path, *, is_target: bool = False) -> Database:
    """Open a database by its name. Create the tables of a PostgreSQL database that `is_target`."""
    if name.startswith(_DYNAMODB):
        return _open_dynamodb(name.removeprefix(_DYNAMODB), data)
    return _open_postgres(name, is_target=is_target)


def check_use(source: Database, target: Database) -> None:
    """Check that the source can be in use, and the target is not.

    Raises:
        NeedsReplace: a stage does not use the source, or uses the target.
    """
    if source.is_in_use is False:
        raise NeedsReplace(f"The stage does not use {source.name}, so the source may be outdated.")
    if target.is_in_use:
        raise NeedsReplace(f"The stage uses {target.name}.")


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


def _open_dynamodb(stage: str, data: Path) -> Database:
    if stage == "local":
        load_environment(stage, data)
        settings, database_url = load_settings(), None
    else:
        lambdas = boto3.client("lambda")
        variables = lambdas.get_function_configuration(FunctionName=f"photoshare-{stage}")["Environment"]["Variables"]
        settings = load_settings({"AWS_REGION": lambdas.meta.region_name, **variables})
        database_url = variables.get("DATABASE_URL")
    arguments = (settings, aws.create_client("dynamodb"))
    side = Side(
        DynamoCopyStore(*arguments),
        DynamoPhotoStore(*arguments),
        DynamoAlbumStore(*arguments),
        DynamoTimelineStore(*arguments),
    )
    return Database(f"{_DYNAMODB}{stage}", side, not database_url)


def _open_postgres(url: str, *, is_target: bool) -> Database:
    # Only a copy with an SQL database pays for the import of the driver.
    from chalicelib.stores.postgres import copies, migrations
    from chalicelib.stores.postgres.albums import PostgresAlbumStore
    from chalicelib.stores.postgres.database import Database as Connections
    from chalicelib.stores.postgres.photos import PostgresPhotoStore
    from chalicelib.stores.postgres.timeline import PostgresTimelineStore

    database = Connections(url)
    if is_target:
        migrations.migrate(database)
    side = Side(
        copies.PostgresCopyStore(database),
        PostgresPhotoStore(database),
        PostgresAlbumStore(database),
        PostgresTimelineStore(database),
    )
    return Database(copies.describe(database), side, None)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m release.copy_store", description="Copy between two databases.")
    parser.add_argument("source", help="dynamodb:STAGE, or the URL of a PostgreSQL database")
    parser.add_argument("target", help="dynamodb:STAGE, or the URL of a PostgreSQL database")
    parser.add_argument("--verify", action="store_true", help="compare only, and write nothing")
    parser.add_argument("--account", default="", help="the id of the only user to copy")
    parser.add_argument("--replace", action="store_true", help="overwrite a target that may be in use")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="the directory of the local cloud")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NeedsReplace as error:
        sys.exit(f"Nothing was copied. {error} Add --replace (REPLACE=yes) to overwrite the target.")
    except (BotoCoreError, ClientError, PhotoshareError, MissingSetting, msgspec.ValidationError, OSError) as error:
        sys.exit(f"The copy is incomplete. Run it again to resume: {error!r}")
