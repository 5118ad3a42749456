"""Run the tests of mutants in one pytest session. Each mutant has a process with a time limit.

The session first runs all tests without a mutant, and records the lines that each test covers. A mutant then runs the
tests that cover its lines, the fast ones first, until one of them fails. The record is stored beside the results, so
that the next session can begin with the mutants.
"""

import functools
import gc
import os
import resource
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import IO, Any, Literal, NamedTuple, NoReturn

import coverage
import msgspec
import pytest
from hypothesis import Phase, settings

from tests.support.mutants.modules import list_module_mutants
from tests.support.mutants.source import Mutant

PROCESSES = 2
MAX_MEMORY = 8 << 30
FAST_SECONDS = 1
MAX_FACTOR = 10
"""The limit of the CPU time of a mutant, as a multiple of the CPU time without the mutant."""
MIN_LIMIT = 10

PACKAGE = "chalicelib"

type Loaded = FunctionType | functools._lru_cache_wrapper[Any]
Outcome = Literal["killed", "survived", "timeout"]


class Result(msgspec.Struct):
    """The outcome of a mutant. `test` is the test that failed."""

    module: str
    mutant: str
    outcome: Outcome
    test: str = ""
    seconds: float = 0


class Baseline(msgspec.Struct):
    """The tests without a mutant: the one that failed, their CPU seconds, and the tests of each line of each file.

    `digest` identifies the code and the tests.
    """

    digest: str
    failed: str
    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]


class Child(NamedTuple):
    """A process that tests a mutant."""

    mutant: Mutant
    start: float
    end: float


class MutantSession:
    """A pytest plugin that runs the tests of mutants instead of those that pytest has collected."""

    def __init__(self, module: str, mutants: Sequence[Mutant], results: Path, log: IO[str], end: float) -> None:
        """Append the outcomes to the file `results`. Start no mutant after `end`."""
        self._module, self._mutants, self._results, self._log, self._end = module, mutants, results, log, end
        self._failed = ""
        self.is_sound = False
        """False if a test fails without a mutant, or no code can be replaced."""

    def pytest_sessionstart(self) -> None:
        """Make Hypothesis repeatable, and do not shrink, because only the outcome counts."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", deadline=None, derandomize=True, phases=phases)
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the name of a test that failed."""
        if report.failed:
            self._failed = report.nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests without a mutant, and then those of each mutant."""
        self._baseline = self._measure(session.items)
        if self._baseline.failed:
            print(f"{self._baseline.failed} fails without a mutant.", file=self._log)
            return True
        _warm_up()
        self._loaded = find_loaded()
        if missing := {mutant.path for mutant in self._mutants} - set(_iterate_files(self._loaded)):
            print(f"These files have no loaded functions: {sorted(missing)}", file=self._log)
            return True
        self.is_sound = True
        # The collector would write to most pages, and so copy the memory for each process.
        gc.collect()
        gc.freeze()
        children: dict[int, Child] = {}
        for mutant in self._mutants:
            while len(children) == PROCESSES:
                self._wait(children)
            if time.monotonic() > self._end:
                break
            items = self._select_tests(mutant, session.items)
            limit = MAX_FACTOR * (MIN_LIMIT + sum(self._baseline.seconds[item.nodeid] for item in items))
            if pid := os.fork():
                children[pid] = Child(mutant, time.monotonic(), time.monotonic() + limit)
            else:
                self._test(mutant, items)
        while children:
            self._wait(children)
        return True

    def _measure(self, items: Sequence[pytest.Item]) -> Baseline:
        """Return the stored record of the tests, if the code and the tests are the same, or else a new record."""
        path = self._results.with_suffix(f".{self._module}.json")
        digest = _digest(item.nodeid for item in items)
        if path.exists():
            stored = msgspec.json.decode(path.read_bytes(), type=Baseline)
            if stored.digest == digest and not stored.failed:
                return stored
            path.unlink()
        # Use another process, because a library with threads cannot be copied.
        pid = os.fork()
        if not pid:
            try:
                path.write_bytes(msgspec.json.encode(self._cover(items, digest)))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        return msgspec.json.decode(path.read_bytes(), type=Baseline)

    def _cover(self, items: Sequence[pytest.Item], digest: str) -> Baseline:
        # The faster core of coverage cannot tell the tests apart.
        os.environ["COVERAGE_CORE"] = "ctrace"
        paths = sorted({mutant.path for mutant in list_module_mutants(self._module)})
        cover = coverage.Coverage(data_file=None, config_file=False, include=paths)
        seconds: dict[str, float] = {}
        cover.start()
        for item, following in _pair(items):
            start = time.process_time()
            cover.switch_context(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[item.nodeid] = round(time.process_time() - start, 3)
        cover.stop()
        lines = {path: cover.get_data().contexts_by_lineno(str(Path(path).resolve())) for path in paths}
        return Baseline(digest, self._failed, seconds, lines)

    def _select_tests(self, mutant: Mutant, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the tests of a mutant, the fast ones first, by file, because the tests of a file share resources."""
        tests = self._baseline.lines[mutant.path]
        covering = {nodeid for line in mutant.lines for nodeid in tests.get(line, ())}
        chosen = [item for item in items if item.nodeid in covering]
        seconds, fastest = self._baseline.seconds, dict[Path, float]()
        for item in chosen:
            fastest[item.path] = min(fastest.get(item.path, float("inf")), seconds[item.nodeid])

        def rank(item: pytest.Item) -> tuple[bool, float, Path, float]:
            return seconds[item.nodeid] > FAST_SECONDS, fastest[item.path], item.path, seconds[item.nodeid]

        return sorted(chosen, key=rank)

    def _test(self, mutant: Mutant, items: Sequence[pytest.Item]) -> NoReturn:
        """Run the tests of a mutant in this process, and end it."""
        start = time.monotonic()
        try:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
            swap_code(mutant, self._loaded)
            for item, following in _pair(items):
                # The signal ends the process. CPU seconds do not depend on the load of the machine.
                seconds = self._baseline.seconds[item.nodeid]
                signal.setitimer(signal.ITIMER_PROF, MIN_LIMIT + MAX_FACTOR * seconds)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    break
            self._append(mutant, "killed" if self._failed else "survived", time.monotonic() - start)
        finally:
            os._exit(0)

    def _wait(self, children: dict[int, Child]) -> None:
        """Wait until a process ends or exceeds its time limit, and remove it from `children`."""
        while True:
            for pid, child in children.items():
                done, status = os.waitpid(pid, os.WNOHANG)
                if not done and time.monotonic() > child.end:
                    os.killpg(pid, signal.SIGKILL)
                    done, status = os.waitpid(pid, 0)
                if os.WTERMSIG(status):
                    self._append(child.mutant, "timeout", time.monotonic() - child.start)
                if done:
                    del children[pid]
                    return
            time.sleep(0.02)

    def _append(self, mutant: Mutant, outcome: Outcome, seconds: float) -> None:
        append_result(self._results, Result(self._module, mutant.name, outcome, self._failed, round(seconds, 2)))


def _digest(names: Iterable[str]) -> str:
    """Return a digest of the names of tests, and of the code of the service and the tests."""
    digest = sha256("\n".join(names).encode())
    for path in sorted(path for folder in (PACKAGE, "tests") for path in Path(folder).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def append_result(path: Path, result: Result) -> None:
    """Add a result to a file, in one write."""
    with path.open("ab", buffering=0) as file:
        file.write(msgspec.json.encode(result) + b"\n")


def _warm_up() -> None:
    """Deploy the service once, so that the copied processes need not read the template and the models of botocore."""
    # Importing the service must wait until pytest has begun, because a mutant may replace one of its files.
    from tests.conftest import deployment
    from tests.support import idp

    with idp.running() as provider, deployment(provider):
        pass


def find_loaded() -> list[Loaded]:
    """Return the functions of the service that are loaded, and its caches."""
    # The garbage collector does not list the objects that the tests exclude from it.
    gc.unfreeze()
    loaded: list[Loaded] = []
    for candidate in gc.get_objects():
        if isinstance(candidate, FunctionType | functools._lru_cache_wrapper):
            module = getattr(candidate, "__module__", None) or ""
            if module.startswith(PACKAGE):
                loaded.append(candidate)
    return loaded


def swap_code(mutant: Mutant, loaded: Sequence[Loaded]) -> None:
    """Replace the code of the functions of a file, and forget cached results."""
    codes = {(code.co_qualname, code.co_firstlineno): code for code in _iterate_codes(mutant.compile())}
    path = str(Path(mutant.path).resolve())
    for part in loaded:
        if isinstance(part, functools._lru_cache_wrapper):
            part.cache_clear()
        elif part.__code__.co_filename == path:
            part.__code__ = codes.get((part.__code__.co_qualname, part.__code__.co_firstlineno), part.__code__)


def _iterate_files(loaded: Sequence[Loaded]) -> Iterator[str]:
    for part in loaded:
        if isinstance(part, FunctionType):
            path = Path(part.__code__.co_filename)
            yield str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _iterate_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _iterate_codes(constant)


def _pair(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Yield each test with the next test, for which pytest keeps the shared fixtures."""
    return zip_longest(items, items[1:])
