"""Test the mutants of seven modules, and list those that no test detects.

The command fails if the tests of a module kill less than 90 % of its mutants, or if a survivor has no reason.
"""

import argparse
import importlib.abc
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from tests.support.mutants.modules import MODULES, REASONS, list_module_mutants, read_reasons
from tests.support.mutants.session import PROCESSES, MutantSession, Outcome, Result, append_result
from tests.support.mutants.source import Mutant

MIN_RATE = 0.9
# The plugin uses Hypothesis, so it is imported before pytest begins.
_OPTIONS = (
    *("-s", "-n", "0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
    # The seven modules run on DynamoDB. A test on SQL needs more time, and detects no other mutants.
    *("-k", "not postgres and not dsql"),
)
MAX_SECONDS = 1200
"""The time limit of a mutant that changes how a file is imported."""


def main() -> int:
    """Test the mutants that the arguments select, and print the outcomes of all mutants so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", default=",".join(MODULES), help="names, separated by commas")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no mutant after this time")
    parser.add_argument("--results", type=Path, default=Path("out/mutants.jsonl"), help="skip the mutants in this file")
    parser.add_argument("--tests", help="run these tests, separated by commas, and not all tests of the module")
    parser.add_argument("--session", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--mutant", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names, results = arguments.modules.split(","), arguments.results
    tests: list[str] = arguments.tests.split(",") if arguments.tests else []
    if arguments.mutant:
        return _import_mutant(names[0], arguments.mutant, tests)
    results.parent.mkdir(exist_ok=True)
    end = time.monotonic() + arguments.seconds
    if arguments.session:
        return _run_session(names[0], results, end, tests)
    chosen = ["--tests", arguments.tests] if tests else []
    for name in names:
        left = end - time.monotonic()
        if list_open_mutants(name, results) and left > 0:
            _call("--session", "--modules", name, "--results", str(results), "--seconds", str(left), *chosen)
    text, is_good = format_report(names, read_results(results))
    print(text)
    return 0 if is_good else 1


def _call(*arguments: str, timeout: float | None = None) -> int:
    """Run this command in another process, because a process can load a module only once."""
    command = [sys.executable, "-m", "tests.support.mutants", *arguments]
    return subprocess.run(command, check=False, timeout=timeout).returncode


def read_results(path: Path) -> dict[str, Result]:
    """Return the last result of each mutant."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return {result.mutant: result for result in (msgspec.json.decode(line, type=Result) for line in lines)}


def list_open_mutants(name: str, results: Path) -> list[Mutant]:
    """Return the mutants of a module without a result, and then the survivors without a reason, which run again."""
    known, reasons = read_results(results), read_reasons()
    mutants = list_module_mutants(name)
    return [mutant for mutant in mutants if mutant.name not in known] + [
        mutant
        for mutant in mutants
        if mutant.name in known and known[mutant.name].outcome == "survived" and mutant.name not in reasons
    ]


def _run_session(name: str, results: Path, end: float, tests: list[str]) -> int:
    mutants = list_open_mutants(name, results)
    log = os.fdopen(os.dup(1), "w", buffering=1)
    plugin = MutantSession(name, [mutant for mutant in mutants if mutant.in_function], results, log, end)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    pytest.main([*_OPTIONS, *(tests or MODULES[name].tests)], plugins=[plugin])
    if not plugin.is_sound:
        return 1
    with ThreadPoolExecutor(PROCESSES) as pool:
        imported = [mutant for mutant in mutants if not mutant.in_function]
        list(pool.map(lambda mutant: _test_import(name, mutant, results, end, tests), imported))
    return 0


def _test_import(name: str, mutant: Mutant, results: Path, end: float, tests: list[str]) -> None:
    """Test a mutant that changes how a file is imported. Do nothing after `end`."""
    start = time.monotonic()
    if start > end:
        return
    try:
        chosen = ["--tests", ",".join(tests)] if tests else []
        code = _call("--modules", name, "--mutant", mutant.name, *chosen, timeout=MAX_SECONDS)
        if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise RuntimeError(f"pytest could not run {mutant.name}: {code}")
        # A file that cannot be imported stops pytest with other codes.
        outcome: Outcome = "killed" if code else "survived"
    except subprocess.TimeoutExpired:
        outcome = "timeout"
    append_result(results, Result(name, mutant.name, outcome, "", round(time.monotonic() - start, 2)))


class MutantFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import a mutant instead of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant, self._name = mutant, mutant.path.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        """Return a spec that loads the mutant, or None for other modules."""
        return spec_from_file_location(fullname, self._mutant.path, loader=self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the code of the mutant."""
        exec(self._mutant.compile(), vars(module))


def _import_mutant(name: str, mutant_name: str, tests: list[str]) -> int:
    """Run the tests of a module in this process, with a mutant that changes how a file is imported."""
    (mutant,) = (mutant for mutant in list_module_mutants(name) if mutant.name == mutant_name)
    sys.meta_path.insert(0, MutantFinder(mutant))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    os.environ["CI"] = "1"
    return int(pytest.main(["-x", *_OPTIONS, *(tests or MODULES[name].tests)]))


def format_report(names: list[str], results: dict[str, Result]) -> tuple[str, bool]:
    """Return the numbers of each module and its survivors, and whether the modules pass."""
    reasons, lines, is_good = read_reasons(), [], True
    for name in names:
        known = {mutant.name for mutant in list_module_mutants(name)}
        counts = Counter(results[mutant].outcome if mutant in results else "left" for mutant in known)
        run = counts.total() - counts["left"]
        rate = (counts["killed"] + counts["timeout"]) / run if run else 0
        is_good = is_good and (rate >= MIN_RATE or not run)
        numbers = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("killed", "survived", "timeout", "left"))
        lines.append(f"{name}: {rate:.1%} of {run} killed ({numbers})")
        for mutant in sorted(known):
            if mutant in results and results[mutant].outcome == "survived":
                is_good = is_good and mutant in reasons
                lines.append(f"  {mutant}\n    {reasons.get(mutant, 'NO REASON')}")
        if outdated := sorted(key for key in reasons if key in results and results[key].outcome != "survived"):
            is_good = False
            lines += [f"  remove from {REASONS.name}, because it was killed: {key}" for key in outdated if key in known]
    return "\n".join(lines), is_good


if __name__ == "__main__":
    raise SystemExit(main())
