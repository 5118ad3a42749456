"""Run the reconciliation on moto, an hour after everything was written."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from chalicelib.infra.exported_files import ExportedFiles
from chalicelib.reconcile import run, schedule
from chalicelib.reconcile.findings import Finding
from chalicelib.reconcile.run import Options, Report
from chalicelib.reconcile.snapshot import open_snapshot
from chalicelib.reconcile.sources import Sources
from chalicelib.reconcile.wiring import build_reconciliation
from tests.support.cloud import Cloud
from tests.support.damaged_rows import open_rows
from tests.support.exports import write_exports, write_inventories
from tests.support.policies import as_test_code

HOUR = timedelta(hours=1)


@contextmanager
def exported(cloud: Cloud, folder: Path, *, after: timedelta = HOUR) -> Iterator[Sources]:
    """Export everything that is stored, at a time in the future."""
    with time_machine.travel(datetime.now(UTC) + after):
        manifests = write_inventories(cloud, folder), write_exports(cloud, folder)
    with open_snapshot(ExportedFiles(cloud.s3), *manifests, folder / "work") as sources:
        yield sources


class Outcome:
    """The report of a run, and its findings by their outcome."""

    def __init__(self) -> None:
        self.report: Report | None = None
        self.findings: dict[str, list[Finding]] = {"found": [], "repaired": [], "not repaired": []}

    def emit(self, finding: Finding, outcome: str) -> None:
        """Record a finding."""
        self.findings[outcome].append(finding)

    @property
    def found(self) -> Counter[str]:
        """The number of findings by kind, without zeros."""
        assert self.report
        return +Counter(self.report.found)

    @property
    def repaired(self) -> Counter[str]:
        """The number of repairs by kind, without zeros."""
        assert self.report
        return +Counter(self.report.repaired)


def snapshot(cloud: Cloud) -> dict[str, object]:
    """Return all rows except the one of the run, and all objects."""
    return {"rows": open_rows(cloud).snapshot(), "originals": cloud.originals(), "renditions": cloud.renditions()}


def run_scheduled_twice(cloud: Cloud) -> None:
    """Run the schedule, with the marker of a cancelled account among the rows. The second time has nothing to do."""
    cloud.recorder.watch(cloud.user_pool()._cognito)
    row = {"userId": {"S": "cancelled"}, "record": {"S": "account"}, "cancelledAt": {"S": "2020-01-01T00:00:00.000Z"}}
    as_test_code(cloud.dynamodb.put_item)(
        TableName=cloud.settings.account_table, Item=row | {"expiresAt": {"N": "9999999999"}}
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "LIST_LAG_SECONDS", 0)
        schedule.run_scheduled()
        schedule.run_scheduled()


def reconcile(
    *, after: timedelta = HOUR, budget: timedelta | None = None, first: Sources | None = None, **options: Any
) -> Outcome:
    """Run the reconciliation with these `Options` at a time in the future, with a first look at `first` if given."""
    outcome = Outcome()
    with pytest.MonkeyPatch.context() as patched, time_machine.travel(datetime.now(UTC) + after):
        patched.setattr(run, "LIST_LAG_SECONDS", 0)
        outcome.report = build_reconciliation(Options(**options), outcome.emit, first).run(budget)
    return outcome
