"""`make` refuses arguments that its commands would misunderstand."""

import argparse
import subprocess

import pytest

from tests.support.arguments import parse_seconds, parse_slice
from tests.support.paths import ROOT
from tests.support.rest import environment


def run_make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Print the commands of a target without running them."""
    command = ["make", "--dry-run", "--silent", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("target", "argument"),
    [
        ("reconcile", "REPAIR=1"),
        ("reconcile", "READ=true"),
        ("copy-store", "VERIFY=true"),
        ("copy-store", "REPLACE=no"),
        ("read-only", "OFF=1"),
        ("load", "CONFIRM=y"),
        ("deploy", "BUILT=1"),
    ],
)
def test_option_with_another_value_than_yes_is_refused(target: str, argument: str) -> None:
    done = run_make(target, argument)
    assert (done.returncode, "-m release." in done.stdout) == (2, False)
    assert f"{argument.partition('=')[0]}= must be `yes`. Leave it out otherwise." in done.stderr


@pytest.mark.parametrize(
    ("target", "argument", "option"),
    [
        ("reconcile", "REPAIR=yes", "--repair"),
        ("reconcile", "READ=yes", "--read"),
        ("copy-store", "VERIFY=yes", "--verify"),
        ("copy-store", "REPLACE=yes", "--replace"),
        ("read-only", "OFF=yes", "--off"),
        ("load", "CONFIRM=yes", "--confirm"),
    ],
)
def test_option_is_passed_only_if_it_is_given(target: str, argument: str, option: str) -> None:
    assert option in run_make(target, argument).stdout
    assert option not in run_make(target).stdout


@pytest.mark.parametrize("name", ["STAGE", "DATA"])
def test_empty_argument_is_refused(name: str) -> None:
    done = run_make("reconcile", f"{name}=")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name}= is empty. Give a value, or leave out {name}=." in done.stderr


@pytest.mark.parametrize("target", ["crash-matrix", "event-orders", "model", "package", "deploy"])
def test_unknown_store_is_refused(target: str) -> None:
    done = run_make(target, "STORE=mysql", "BUCKET=b")
    assert (done.returncode, "-m tests." in done.stdout, "aws" in done.stdout) == (2, False, False)
    assert "STORE=mysql is not supported. Choose one of: dynamodb" in done.stderr


@pytest.mark.parametrize("target", ["reconcile", "rebuild", "orphans", "redrive", "reprocess", "reindex", "rehide"])
def test_every_command_for_a_local_cloud_receives_its_directory(target: str) -> None:
    assert ".data-other" in run_make(target, "STAGE=local", "DATA=.data-other", "TO=x").stdout


@pytest.mark.parametrize("text", ["", "abc"])
def test_seconds_are_a_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_seconds("make model", ["60"]) == 60
    with pytest.raises(SystemExit):
        parse_seconds("make model", [text] if text else [])
    assert "make model: error: " in (error := capsys.readouterr().err)
    assert "SECONDS" in error


@pytest.mark.parametrize("text", ["abc", "0/5", "2/1", "1/0", "1/-1", ""])
def test_slice_that_does_not_exist_is_refused(text: str) -> None:
    assert parse_slice("1/5") == (1, 5)
    with pytest.raises(argparse.ArgumentTypeError, match="is not a slice such as 1/5"):
        parse_slice(text)
