"""Print the time of a test run, and the part of each folder.

The budget is a goal for the authors of tests. No run fails because it took longer: machines differ.
"""

import time
from collections import defaultdict
from operator import itemgetter
from pathlib import PurePath

import pytest

BUDGET = 750
"""Seconds that all tests may take on two quiet cores."""
LINES = 8


class TimeBudget:
    """A plugin that adds a summary to the report of a whole run."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the seconds of the run, of the folders that took most of them, and of each process."""
        seconds: dict[str, float] = defaultdict(float)
        processes: dict[str, float] = defaultdict(float)
        for reports in terminalreporter.stats.values():
            for report in reports:
                if isinstance(report, pytest.TestReport):
                    seconds[part_of(report.nodeid)] += report.duration
                    processes[getattr(report, "worker_id", "")] += report.duration
        if len(seconds) == 1:
            return
        spent = time.monotonic() - self._start
        terminalreporter.section("time budget")
        terminalreporter.line(f"{spent:.0f} s. All tests together have {BUDGET} s on two quiet cores.")
        total = sum(seconds.values())
        for part, took in sorted(seconds.items(), key=itemgetter(1), reverse=True)[:LINES]:
            terminalreporter.line(f"{took / total:4.0%}  {part}")
        if len(processes) > 1:
            busy = ", ".join(f"{process} {took:.0f} s" for process, took in sorted(processes.items()))
            terminalreporter.line(f"The processes ran tests for {busy}.")


def part_of(nodeid: str) -> str:
    """Return the folder of a test, or its file if the file is in `tests/` itself."""
    path = PurePath(nodeid.partition("::")[0])
    return str(path.parent if len(path.parts) > 2 else path)
