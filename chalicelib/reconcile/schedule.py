"""Run the reconciliation once a month, in parts of one hour, and only report."""

import logging
from datetime import datetime, timedelta

import msgspec

from chalicelib import wiring
from chalicelib.infra import metrics
from chalicelib.reconcile.findings import Finding
from chalicelib.reconcile.run import Options, Report, encode_options
from chalicelib.reconcile.wiring import build_reconciliation
from chalicelib.stores.reconciliations import Run

log = logging.getLogger(__name__)

PERIOD = timedelta(days=30)
TIME_BUDGET = timedelta(minutes=12)
"""The time budget of one invocation. Its last page ends later. The function has 15 minutes."""
MAX_PHOTOS = 30_000
"""The largest number of photos of an account that one invocation examines. A run can resume only between accounts."""
_OPERATOR_TIME = timedelta(days=2)
"""The time after which the schedule replaces an unfinished run of an operator."""


def run_scheduled() -> None:
    """Continue the monthly run, or start it if it is due. Record a metric for each kind at the end of the run.

    Raises:
        Busy: another process runs the reconciliation, or a read failed. The next hour continues.
    """
    options = Options(is_scheduled=True, max_photos=MAX_PHOTOS)
    if not is_due(wiring.stores().runs.get_run(), encode_options(options), wiring.now()):
        return
    report = build_reconciliation(options, _log_finding).run(TIME_BUDGET)
    if report.complete:
        record_metrics(report)


def is_due(run: Run | None, options: str, now: datetime) -> bool:
    """Return whether the schedule must start or continue a run. `run` is the latest run, which can be an operator's.

    The schedule also waits a month after an operator has compared everything.
    """
    if run is None:
        return True
    age = now - datetime.fromisoformat(run.started_at)
    if run.finished_at is None:
        return run.options == options or age > _OPERATOR_TIME
    return age > PERIOD or not _is_whole(msgspec.json.decode(run.options, type=Options))


def _is_whole(options: Options) -> bool:
    return not options.account and not options.only_rebuild


def record_metrics(report: Report) -> None:
    """Record the number of findings of each kind, and the number of all findings."""
    for kind, count in report.found.items():
        metrics.record_value("Findings", count, kind=kind)
    metrics.record_value("AllFindings", sum(report.found.values()))


def _log_finding(finding: Finding, outcome: str) -> None:
    # Keys of objects contain file names, which are private. Log only the ids in front of them.
    log.warning(outcome, extra={"kind": finding.kind, "finding": "/".join(finding.name.split("/")[:2])})
