"""The crash matrix: run every operation that writes, with each kind of fault at each of its calls to AWS.

After the fault, the client, Lambda or the queue either repeats the operation or does not. Then the sweep runs until
nothing is due, and `auditor` checks everything that is stored. A repeated operation must also end in the state of a run
without a fault.
"""

import argparse
import logging
import os
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from tests.conftest import deployment
from tests.support import idp
from tests.support.arguments import parse_slice
from tests.support.auditor import Audit
from tests.support.chosen_store import opened_store
from tests.support.cloud import Cloud
from tests.support.crash_operations import OPERATIONS, Operation
from tests.support.crash_world import Refused, World
from tests.support.fault_runs import ended_by_fault
from tests.support.faults import Fault, Mode, striking
from tests.support.postgres_auditor import open_source
from tests.support.postgres_server import running_server

MODES: tuple[Mode, ...] = ("not sent", "answer lost", "throttled", "500", "killed", "killed after")
FINDINGS = ("lost", "orphan", "drift", "5xx", "stuck", "refused", "differs", "revived")
"""The kinds of findings. `5xx` includes every exception other than `Busy`."""
MAX_ATTEMPTS = 3
REPAIR_HOURS = 100
"""The hours after which the repair begins, later than all sweeps."""


class Case(NamedTuple):
    """A fault in one call of an operation. `is_repeated` is False if the operation is never repeated."""

    operation: str
    call: int
    mode: Mode
    is_repeated: bool


class Result(msgspec.Struct):
    """The findings of a case, each with its kind. `struck` is the call to AWS that failed, or empty if none did."""

    case: Case
    struck: str
    findings: list[tuple[str, str]]


class _Goal(NamedTuple):
    """The number of calls and the final state of an operation without a fault."""

    calls: int
    summary: dict[str, Any]
    statuses: dict[str, str]


class Matrix:
    """Run cases in one deployment."""

    def __init__(self, cloud: Cloud) -> None:
        self.world, self._source = World(cloud), open_source()
        self.restore = self.world.save()
        """Restore the world before any operation."""
        self._operation = ""

    def run(self, case: Case) -> Result:
        """Run a case. Consecutive cases of the same operation share its preparation."""
        operation = OPERATIONS[case.operation]
        self._begin(operation)
        fault, findings = Fault(case.call, case.mode), list[tuple[str, str]]()
        try:
            with striking(fault, *self.world.clients):
                self._act(operation, MAX_ATTEMPTS if case.is_repeated else 1)
        except Refused as error:
            findings.append(("refused", str(error)))
        except Exception as error:
            findings.append(("5xx", repr(error)))
        return Result(case, fault.struck, findings + self._audit(case.is_repeated))

    def count_calls(self, name: str) -> int:
        """Return the number of calls to AWS of an operation."""
        self._begin(OPERATIONS[name])
        return self._goal.calls

    def _begin(self, operation: Operation) -> None:
        if self._operation != operation.name:
            self.restore()
            operation.prepare(self.world)
            self._operation, self._restore = operation.name, self.world.save()
            counter = Fault(-1, "killed")
            with striking(counter, *self.world.clients):
                operation.act(self.world)
            assert counter.calls, operation.name
            now = self.world.settle()
            audit = Audit(self._source)
            # The matrix needs a state without findings to begin with.
            if violations := audit.violations(now):
                raise AssertionError(f"{operation.name}: {violations}")
            statuses = {photo_id: row["status"] for photo_id, row in audit.photos.items()}
            self._goal = _Goal(counter.calls, audit.summarize(), statuses)
        self._restore()

    def _act(self, operation: Operation, attempts: int) -> None:
        for self.world.attempt in range(attempts):
            if not ended_by_fault(lambda: operation.act(self.world)):
                return
        if attempts > 1:
            raise AssertionError(f"{attempts} attempts failed")

    def _audit(self, is_repeated: bool) -> list[tuple[str, str]]:
        try:
            now = self.world.settle()
            if OPERATIONS[self._operation].actor == "event" and not is_repeated:
                # If an event is never repeated, a second version of the object can stay. Only a repair finds it.
                self.world.attempt = REPAIR_HOURS
                self.world.reconcile()
        except Exception as error:
            return [("5xx", f"after the case: {error!r}")]
        audit = Audit(self._source)
        findings: list[tuple[str, str]] = [*audit.violations(now)]
        for photo_id, status in self._goal.statuses.items():
            present = audit.photos.get(photo_id, {}).get("status")
            if status == "ready" and present != "ready":
                findings.append(("lost", f"{photo_id} is {present}"))
        before = self.world.values["gone"]
        if audit.photos.get(before, {}).get("status", "erased") != "erased":
            findings.append(("revived", before))
        if is_repeated and (summary := audit.summarize()) != self._goal.summary:
            findings.append(("differs", f"{summary} instead of {self._goal.summary}"))
        return findings


def list_cases(matrix: Matrix, operations: list[str], modes: tuple[Mode, ...] = MODES) -> Iterator[Case]:
    """Yield the cases of operations. A repair is always repeated, because an operator reads its result."""
    for name in operations:
        for call in range(matrix.count_calls(name)):
            for mode in modes:
                yield Case(name, call, mode, True)
                if OPERATIONS[name].actor != "reconcile":
                    yield Case(name, call, mode, False)


def _read_results(path: Path) -> list[Result]:
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Result) for line in lines]


def format_report(results: list[Result]) -> str:
    """Return a line for each finding, and the number of cases, faults and findings in the last line."""
    lines = [
        f"{'/'.join(map(str, result.case))} {result.struck}: {kind}: {text[:500]}"
        for result in results
        for kind, text in result.findings
    ]
    counts = Counter(kind for result in results for kind in {kind for kind, _ in result.findings})
    struck = sum(bool(result.struck) for result in results)
    numbers = ", ".join(f"{counts[kind]} {kind}" for kind in FINDINGS)
    return "\n".join([*lines, f"{len(results)} cases, {struck} faults: {numbers}"])


def main() -> int:
    """Run the cases that the arguments select, and print the report of all cases so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", default=",".join(OPERATIONS), help="names, separated by commas")
    parser.add_argument("--modes", default=",".join(MODES), help="modes, separated by commas")
    parser.add_argument("--slice", type=parse_slice, default="1/1", help="2/3 runs the second third of the cases")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no case after this time")
    parser.add_argument("--results", type=Path, help="a file with the results. Cases in it do not run again")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    part, parts = arguments.slice
    end = time.monotonic() + arguments.seconds
    results = _read_results(arguments.results) if arguments.results else []
    done = {result.case for result in results}
    modes: tuple[Any, ...] = tuple(arguments.modes.split(","))
    with running_deployment() as cloud:
        matrix = Matrix(cloud)
        for case in list_cases(matrix, arguments.operations.split(","), modes):
            # A checksum spreads the calls and the modes evenly over the slices.
            if case in done or crc32(repr(case).encode()) % parts != part - 1:
                continue
            if time.monotonic() >= end:
                break
            results.append(matrix.run(case))
            if arguments.results:
                with arguments.results.open("ab") as file:
                    file.write(msgspec.json.encode(results[-1]) + b"\n")
    print(format_report(results))
    return 1 if any(result.findings for result in results) else 0


@contextmanager
def running_deployment() -> Iterator[Cloud]:
    """Deploy the service on moto and the store of `STORE`, outside a test."""
    with ExitStack() as stack:
        empty = stack.enter_context(
            opened_store(os.environ.get("STORE"), lambda: stack.enter_context(running_server()))
        )
        provider = stack.enter_context(idp.running())
        yield stack.enter_context(deployment(provider, empty()))


if __name__ == "__main__":
    raise SystemExit(main())
