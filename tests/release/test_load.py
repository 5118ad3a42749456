"""The load test is bounded, needs a confirmation, and stops if the stage fails."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from release import load
from tests.support.paths import ROOT
from tests.support.stage_server import Stage, run_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    with run_stage() as running:
        yield running


def run_command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "release.load", "x", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_load_is_sent_after_the_estimate_and_only_if_confirmed(stage: Stage) -> None:
    refused = run_command("--url", stage.url, "--rate", "10", "--seconds", "1")
    assert (refused.returncode, stage.requests) == (1, [])
    assert "10 requests" in refused.stdout
    assert "CONFIRM=yes" in refused.stderr
    confirmed = run_command("--url", stage.url, "--rate", "10", "--seconds", "1", "--confirm")
    assert confirmed.returncode == 0, confirmed
    assert confirmed.stdout.startswith(refused.stdout)
    assert "\n200: 10\n" in confirmed.stdout
    paths = [path.partition("?")[0] for path in load.PATHS]
    assert sorted(stage.requests) == sorted(2 * [f"GET {path}" for path in paths])


@pytest.mark.parametrize("option", [("--rate", "51"), ("--rate", "0"), ("--seconds", "301")])
def test_load_over_the_limits_is_refused(stage: Stage, option: tuple[str, str]) -> None:
    refused = run_command("--url", stage.url, *option, "--confirm")
    assert (refused.returncode, stage.requests) == (1, [])
    assert "limits are 50 requests per second and 300 seconds" in refused.stderr


def test_estimate_grows_with_the_number_of_requests() -> None:
    totals = [float(load.estimate(requests)[-1].split()[1]) for requests in (1_000, 1_000_000)]
    assert 0 < totals[0] < totals[1] < 20


def test_load_stops_if_most_requests_fail(stage: Stage) -> None:
    stage.responses = dict.fromkeys(stage.responses, (503, {"error": "Busy"}))
    result = load.run(stage.url, 50, 20)
    assert result.is_failing()
    assert 20 <= result.statuses.total() < 100


def test_unreachable_stage_counts_as_failed() -> None:
    result = load.run("http://127.0.0.1:1", 50, 1)
    assert {*result.statuses} == {0}
    assert load.format_result(result)[0].startswith("no response: ")
