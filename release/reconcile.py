"""Compare objects, rows and users of a stage: `python -m release.reconcile STAGE [--repair] [--read] [--account ID]`.

With `--inventory` and `--export`, the first look reads S3 inventories and DynamoDB exports instead of the stage.

The command prints each finding, what to do about it, and the report as JSON in the last line. It runs the code of the
service with the operator's credentials and the settings of the stage.
"""

import argparse
import sqlite3
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import chain
from pathlib import Path

import boto3
import msgspec

from chalicelib import wiring
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import UserId
from chalicelib.infra.exported_files import ExportedFiles, InvalidExport
from chalicelib.infra.settings import MissingSetting
from chalicelib.reconcile.findings import REMEDIES, Finding
from chalicelib.reconcile.run import Options, Report
from chalicelib.reconcile.snapshot import open_snapshot
from chalicelib.reconcile.sources import Sources
from chalicelib.reconcile.wiring import build_reconciliation
from release.environment import load_environment
from release.failures import exit_on_failure


def main() -> int:
    """Run the reconciliation, and return the exit status. It is 1 if the run was stopped."""
    arguments = _parse_arguments()
    load_environment(arguments.stage, arguments.data)
    options = Options(
        repair=arguments.repair or arguments.rebuild,
        account=arguments.account,
        read_content=arguments.read,
        only_rebuild=arguments.rebuild,
        max_share=arguments.max_share,
        min_age_seconds=60 * arguments.min_age,
        inventories=tuple(arguments.inventory),
        exports=tuple(arguments.export),
    )
    if arguments.export and wiring.database():
        sys.exit("Only the tables of DynamoDB have exports. Leave out --inventory (INVENTORY=) and --export (EXPORT=).")
    if arguments.account:
        _require_account(UserId(arguments.account))
    with _open_first_source(options, arguments.work) as first:
        report = build_reconciliation(options, print_finding, first).run()
    print_report(report)
    return 1 if report.stopped else 0


def _require_account(user_id: UserId) -> None:
    """End the command if nothing belongs to the account. A report without findings would be misleading."""
    listings, prefix = wiring.bucket().listings, f"{user_id}/"
    objects = chain(listings.list_versions(prefix), listings.list_renditions(prefix))
    if not wiring.stores().audit.read_accounts([user_id]) and next(objects, None) is None:
        sys.exit(f"There is no account {user_id!r}. Name the id of its user, not the email address.")


def _open_first_source(options: Options, directory: Path) -> AbstractContextManager[Sources | None]:
    if not options.inventories:
        return nullcontext()
    return open_snapshot(ExportedFiles(boto3.client("s3")), options.inventories, options.exports, directory)


def print_finding(finding: Finding, outcome: str) -> None:
    """Print a finding on one line. Object keys can contain any characters."""
    print(f"{outcome}: {finding.kind}: {finding.name!r}", flush=True)


def print_report(report: Report) -> None:
    """Print what to do about each kind that was found, and the report as JSON in the last line."""
    kinds = [kind for kind, count in report.found.items() if count or report.repaired[kind]]
    for kind in kinds:
        print(f"{kind}: {report.found[kind]} found, {report.repaired[kind]} repaired. {REMEDIES[kind]}")
    if report.complete and not kinds:
        print("Nothing was found.")
    if report.stopped:
        repaired = sum(report.repaired.values())
        print(f"The run was stopped after {repaired} repairs. {report.stopped}")
    print(msgspec.json.encode(report).decode())


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m release.reconcile", description="Compare objects, rows and users.")
    parser.add_argument("stage", help="the name of the stage, or `local`")
    parser.add_argument("--repair", action="store_true", help="repair what can be repaired")
    parser.add_argument("--rebuild", action="store_true", help="only rebuild lost rows, however many there are")
    parser.add_argument("--read", action="store_true", help="compare the bytes of all objects too")
    parser.add_argument("--account", default="", help="the id of the only user to examine")
    parser.add_argument(
        "--max-share", type=_parse_share, default=Options().max_share, help="the largest share to delete"
    )
    age = Options().min_age_seconds / 60
    parser.add_argument("--min-age", type=float, default=age, help="minutes; less is safe only without uploads")
    parser.add_argument("--inventory", nargs="+", default=[], help="manifest.json of the inventory of each bucket")
    parser.add_argument("--export", nargs="+", default=[], help="manifest-summary.json of the export of each table")
    parser.add_argument("--work", type=Path, default=Path("out/reconcile"), help="the directory of sorted exports")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="the directory of the local cloud")
    arguments = parser.parse_args()
    if bool(arguments.inventory) != bool(arguments.export):
        parser.error("use --inventory and --export together (INVENTORY= and EXPORT=)")
    return arguments


def _parse_share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (share := float(text)) <= 1:
            return share
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1, such as 0.05 (SHARE=)")


if __name__ == "__main__":
    errors = (PhotoshareError, MissingSetting, InvalidExport, sqlite3.Error, OSError, KeyError)
    with exit_on_failure("The reconciliation is incomplete. Run it again to resume", *errors):
        sys.exit(main())
