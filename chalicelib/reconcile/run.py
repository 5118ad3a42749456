"""Run the reconciliation: examine everything in passes, report the findings, and repair them on request."""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from chalicelib.domain.clock import Clock
from chalicelib.domain.errors import Busy, PhotoshareError
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.listing import LIST_LAG_SECONDS
from chalicelib.reconcile.findings import KINDS, LIMITED, Finding, Suspicion
from chalicelib.reconcile.passes import Pass
from chalicelib.reconcile.photo_state import SETTLING_TIME
from chalicelib.stores.reconciliations import Run, RunStore

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=20)
"""Longer than a Lambda function can run, so that two processes never work at the same time."""
_LEASE_STEP_SECONDS = 60.0
_ROUNDS = 3
"""The largest number of rounds in which a repair looks for findings that the previous round has caused."""

Emit = Callable[[Finding, str], None]
"""Report a finding with its outcome: `found`, `repaired` or `not repaired`."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run."""

    repair: bool = False
    account: str = ""
    """The only account to examine. Empty for all."""
    read_content: bool = False
    """True to read the bytes of all objects."""
    only_rebuild: bool = False
    """True to rebuild lost rows only, however many there are."""
    min_age_seconds: float = SETTLING_TIME.total_seconds()
    """The age at which photos and objects are examined. A lower value is safe only while no uploads are under way."""
    max_share: float = 0.05
    """The largest share of the examined rows and objects of a pass that a repair may delete."""
    min_deletions: int = 20
    """The number of deletions in a pass that is always allowed."""
    max_photos: int = 0
    """The largest number of photos of an account that the run examines, or 0 for all."""
    inventories: tuple[str, ...] = ()
    """The manifests of the S3 inventories of both buckets, if the first look reads them."""
    exports: tuple[str, ...] = ()
    """The summaries of the DynamoDB exports of all tables, if the first look reads them."""
    is_scheduled: bool = False
    """True for the run of the schedule, so that a command never resumes this run."""


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The result of a run. `found` and `repaired` have a count for each kind."""

    complete: bool
    stopped: str | None
    """The reason why the run was stopped, or None."""
    found: dict[str, int]
    repaired: dict[str, int]


class Stopped(Exception):
    """The run stopped before it deleted too much. The message has the reason."""

    def __init__(self, reason: str, run: Run) -> None:
        super().__init__(reason)
        self.run = run


class Reconciliation:
    """Compare everything that is stored. An interrupted `run` resumes at the page at which it stopped."""

    def __init__(
        self,
        passes: Sequence[Pass],
        runs: RunStore,
        clock: Clock,
        emit: Emit,
        options: Options,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._passes, self._runs, self._clock, self._emit, self._options = passes, runs, clock, emit, options
        self._pause, self._holder = pause, secrets.token_hex(8)
        self._stored_at = time.monotonic()

    def run(self, budget: timedelta | None = None) -> Report:
        """Continue the interrupted run with the same options, or start one, until it is complete or `budget` is spent.

        Raises:
            Busy: another process has the lease, or a read failed. The next run resumes.
        """
        end = None if budget is None else time.monotonic() + budget.total_seconds()
        if not self._runs.acquire(self._holder, self._get_lease_end()):
            raise Busy("Another process runs the reconciliation. If it was killed, its lease ends after 20 minutes.")
        run = self._resume()
        try:
            is_late = False
            while run.finished_at is None and not is_late:
                run = self._work_on_page(run)
                if run.part == len(self._passes):
                    run = self._end_phase(run)
                self._store(run)
                is_late = end is not None and time.monotonic() >= end
        except Stopped as stopped:
            self._store(stopped.run.with_(finished_at=format_timestamp(self._clock())))
            return build_report(stopped.run, str(stopped))
        finally:
            self._runs.release(self._holder)
        return build_report(run)

    def _resume(self) -> Run:
        options = encode_options(self._options)
        run = self._runs.get_run()
        if run and run.options == options and run.finished_at is None:
            return run
        started_at = format_timestamp(self._clock())
        return Run(options=options, started_at=started_at, repairs=self._options.repair and self._options.only_rebuild)

    def _work_on_page(self, run: Run) -> Run:
        current, counts = self._passes[run.part], _Counts(run)

        def tally(count: int) -> None:
            counts.examined[current.name] += count
            # Extend the lease, because a page can take long.
            if time.monotonic() >= self._stored_at + _LEASE_STEP_SECONDS:
                self._store(run)

        page = current.read(run.start, tally)
        for group in page.groups:
            if group:
                self._pause(LIST_LAG_SECONDS)
            for suspicion in group:
                if not run.repairs:
                    self._report(suspicion, counts, current.name)
                    continue
                # A repair can render a photo, so a page of repairs can take longer than the lease.
                self._store(run)
                self._repair(suspicion, counts, run)
        return counts.add_to(run).with_(part=run.part + (page.end is None), start=page.end)

    def _report(self, suspicion: Suspicion, counts: "_Counts", name: str) -> None:
        for finding in self._confirm(suspicion):
            self._emit(finding, "found")
            counts.found[finding.kind] += 1
            counts.limited[name] += finding.kind in LIMITED

    def _confirm(self, suspicion: Suspicion) -> list[Finding]:
        """Return the findings that a second look confirms."""
        return [finding for finding in suspicion.look() if finding in suspicion.findings and self._is_wanted(finding)]

    def _is_wanted(self, finding: Finding) -> bool:
        return not self._options.only_rebuild or finding.kind == "row-lost"

    def _repair(self, suspicion: Suspicion, counts: "_Counts", run: Run) -> None:
        """Repair the findings that a second look confirms, and those that a repair causes, such as a wrong sum.

        Raises:
            Stopped: the pass would delete too much, for example because a table was lost after the report.
        """
        findings, failed = self._confirm(suspicion), set[Finding]()
        name = self._passes[run.part].name
        counts.limited[name] += sum(finding.kind in LIMITED for finding in findings)
        if not self._options.only_rebuild:
            self._check_limit(counts.add_to(run), name)
        for _ in range(_ROUNDS):
            for finding in findings:
                is_repaired = self._fix(suspicion, finding, counts)
                self._emit(finding, "repaired" if is_repaired else "not repaired")
                if is_repaired:
                    counts.repaired[finding.kind] += 1
                else:
                    failed.add(finding)
                    counts.has_lost_rows |= finding.kind == "row-lost"
            if not findings or self._options.only_rebuild:
                return
            findings = [finding for finding in suspicion.look() if finding not in failed]

    def _fix(self, suspicion: Suspicion, finding: Finding, counts: "_Counts") -> bool:
        """Look once more, and repair a finding. Return whether the damage is gone."""
        if finding.kind == "rating-orphaned" and counts.has_lost_rows:
            # The row of a rating does not name the owner of the photo, so the photo may be one of the lost ones.
            return False
        fixes = suspicion.look()
        if finding not in fixes:
            # The repair of another finding has repaired this one too.
            return True
        fix = fixes[finding]
        try:
            return fix is not None and fix()
        except PhotoshareError:
            log.exception("a repair failed", extra={"kind": finding.kind})
            return False

    def _end_phase(self, run: Run) -> Run:
        """End a run, or begin to repair what the first phase has reported.

        Raises:
            Stopped: a repair would delete too much.
        """
        now = format_timestamp(self._clock())
        if run.repairs or not self._options.repair:
            return run.with_(finished_at=now)
        for name in run.limited:
            self._check_limit(run, name)
        return run.with_(repairs=True, part=0, start=None, limited={})

    def _check_limit(self, run: Run, name: str) -> None:
        count, examined = run.limited.get(name, 0), run.examined.get(name, 0)
        if count > max(self._options.min_deletions, self._options.max_share * examined):
            raise Stopped(f"The pass {name} would delete or rebuild {count} of {examined}.", run)

    def _store(self, run: Run) -> None:
        if not self._runs.store(run, self._holder, self._get_lease_end()):
            raise Busy("Another process has taken over the reconciliation.")
        self._stored_at = time.monotonic()

    def _get_lease_end(self) -> int:
        return int((self._clock() + LEASE).timestamp())


class _Counts:
    """The counts of a run, while a page is examined."""

    def __init__(self, run: Run) -> None:
        self.found, self.repaired = Counter(run.found), Counter(run.repaired)
        self.examined, self.limited = Counter(run.examined), Counter(run.limited)
        self.has_lost_rows = run.has_lost_rows

    def add_to(self, run: Run) -> Run:
        """Return the run with these counts."""
        return run.with_(
            found=dict(self.found),
            repaired=dict(self.repaired),
            examined=dict(self.examined),
            limited=dict(+self.limited),
            has_lost_rows=self.has_lost_rows,
        )


def encode_options(options: Options) -> str:
    """Return the text that identifies options in a stored run."""
    return msgspec.json.encode(options).decode()


def build_report(run: Run, stopped: str | None = None) -> Report:
    """Return the report of a run."""
    found, repaired = ({kind: counts.get(kind, 0) for kind in KINDS} for counts in (run.found, run.repaired))
    return Report(
        complete=run.finished_at is not None and stopped is None, stopped=stopped, found=found, repaired=repaired
    )
