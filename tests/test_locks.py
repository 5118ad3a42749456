"""The lock files contain exactly what their inputs need, with hashes. `make lock` writes them."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

ALL = ("", "-sql", "-dev", "-build", "-emulator", "-audit", "-uv", "-postgres")
ENVIRONMENTS = {"": ".venv", "-dev": ".venv", "-emulator": ".venv-emulator"}
"""The environments that the tests can look into, by the suffix of their lock file."""
_LIST_REQUIREMENTS = (
    "import importlib.metadata as m\n"
    "for d in m.distributions(): print(d.name, d.version, *(d.requires or ()), sep='\\t')"
)


def read_input(suffix: str) -> list[Requirement]:
    """Return the requirements in an input file, and in the files that it includes."""
    lines = (ROOT / f"requirements{suffix}.in").read_text().splitlines()
    included = [name for line in lines for name in re.findall(r"^-r requirements(.*)\.in$", line)]
    own = [Requirement(line) for line in lines if re.match(r"\w", line)]
    return own + [requirement for name in included for requirement in read_input(name)]


@cache
def read_lock(suffix: str) -> dict[str, tuple[Requirement, int]]:
    """Return the locked requirements with their number of hashes, by name."""
    text = (ROOT / f"requirements{suffix}.txt").read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    requirements = [(Requirement(entry.split("\\")[0]), entry.count("--hash=sha256:")) for entry in entries]
    return {canonicalize_name(requirement.name): (requirement, hashes) for requirement, hashes in requirements}


@cache
def read_installed(environment: str) -> dict[str, tuple[str, list[Requirement]]]:
    """Return the version and the requirements of each library in an environment, by name."""
    python = sys.executable if environment == ".venv" else ROOT / environment / "bin" / "python"
    listed = subprocess.run([python, "-c", _LIST_REQUIREMENTS], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    return {canonicalize_name(name): (version, [*map(Requirement, needs)]) for name, version, *needs in lines}


def needed(suffix: str) -> set[str]:
    """Return the names of everything that an input file needs on this platform, by the installed libraries."""
    installed = read_installed(ENVIRONMENTS[suffix])
    found, waiting = set[tuple[str, frozenset[str]]](), read_input(suffix)
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) not in found and name != "pip":
            found.add((name, extras))
            chosen = [{"extra": extra} for extra in ("", *extras)]
            waiting += [
                need
                for need in installed[name][1]
                if need.marker is None or any(need.marker.evaluate(extra) for extra in chosen)
            ]
    return {name for name, _ in found}


@pytest.mark.parametrize("suffix", ALL)
def test_lock_has_each_version_of_its_input_and_hashes_of_everything(suffix: str) -> None:
    lock = read_lock(suffix)
    for requirement in read_input(suffix):
        locked, _ = lock[canonicalize_name(requirement.name)]
        assert locked.specifier == requirement.specifier, f"{requirement} is not locked. Run `make lock`."
    assert [name for name, (_, hashes) in lock.items() if not hashes] == []


@pytest.mark.parametrize("suffix", ENVIRONMENTS)
def test_lock_has_exactly_the_dependencies_of_its_input(suffix: str) -> None:
    lock = read_lock(suffix)
    here = {name for name, (locked, _) in lock.items() if locked.marker is None or locked.marker.evaluate()}
    assert here == needed(suffix), "Run `make lock`."


@pytest.mark.parametrize("suffix", ENVIRONMENTS)
def test_environment_has_the_locked_versions(suffix: str) -> None:
    installed, lock = read_installed(ENVIRONMENTS[suffix]), read_lock(suffix)
    for name, (locked, _) in lock.items():
        if locked.marker is None or locked.marker.evaluate():
            assert locked.specifier.contains(installed[name][0], prereleases=True), name


def test_development_has_the_versions_of_the_functions() -> None:
    for name, (locked, _) in read_lock("").items():
        assert read_lock("-dev")[name][0].specifier == locked.specifier


def test_lock_files_name_no_registry() -> None:
    for path in Path(ROOT).glob("requirements*"):
        assert not re.search(r"://|--(extra-)?index-url|--find-links", path.read_text()), path.name


def test_template_checks_name_the_locked_versions() -> None:
    text = (ROOT / "docs" / "reference" / "template-checks.md").read_text()
    tools = {"SAM translator": "aws-sam-translator"}
    named = {
        (tools.get(name, name), version) for name, version in re.findall(r"^\| ([^|,]+?) ([\d.]+)", text, re.MULTILINE)
    }
    locks = {name: requirement for suffix in ("-dev", "-audit") for name, (requirement, _) in read_lock(suffix).items()}
    assert len(named) == 5
    assert [tool for tool in named if not locks[tool[0]].specifier.contains(tool[1])] == []
