"""Commands say how to set a missing region or missing credentials, and show all other reasons."""

import re
import runpy
import sys

import boto3
import pytest
from botocore.exceptions import NoCredentialsError

from chalicelib.domain.errors import Busy
from release.failures import exit_on_failure
from tests.support.paths import ROOT

COMMANDS = sorted(
    path.stem
    for path in (ROOT / "release").glob("*.py")
    if "exit_on_failure(" in path.read_text() and path.stem != "failures"
)
ARGUMENTS = {
    "copy_store": ["dynamodb:prod", "dynamodb:other"],
    "moderate": ["prod", "photo", "x"],
    "rehide": ["prod", "", ""],
    "users": ["prod", "export", "users.csv"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_region_is_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(sys, "argv", [command, *ARGUMENTS.get(command, ["prod"])])
    monkeypatch.delitem(sys.modules, f"release.{command}", raising=False)
    with pytest.raises(SystemExit, match=r"^No region is set\. Set AWS_DEFAULT_REGION"):
        runpy.run_module(f"release.{command}", run_name="__main__")


def test_every_command_for_a_stage_reports_its_failures() -> None:
    targets = set(re.findall(r"-m release\.(\w+) (?:--data|\S*\$\(STAGE\))", (ROOT / "Makefile").read_text()))
    assert len(targets) > 10
    assert targets <= {*COMMANDS}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Busy(), "A database or service cannot be reached, or is busy. Check its address, and that"),
        (Busy("Another process runs."), "Another process runs."),
    ],
)
def test_busy_service_is_explained_to_operators(error: Busy, reason: str) -> None:
    with pytest.raises(SystemExit, match=f"^Incomplete: {reason}"), exit_on_failure("Incomplete"):
        raise error


def test_missing_credentials_are_named() -> None:
    with (
        pytest.raises(SystemExit, match=r"^No AWS credentials were found\. Set AWS_PROFILE"),
        exit_on_failure("Failed"),
    ):
        raise NoCredentialsError


@pytest.mark.parametrize(
    ("error", "message"),
    [(KeyError("x"), "Failed: KeyError('x')"), (ValueError("x"), "Failed: x"), (ValueError(), "Failed: ValueError()")],
)
def test_other_failures_name_their_reason(error: Exception, message: str) -> None:
    with pytest.raises(SystemExit) as ended, exit_on_failure("Failed", KeyError, ValueError):
        raise error
    assert ended.value.code == message
