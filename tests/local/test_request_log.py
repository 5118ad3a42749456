"""The output of `make run`: request logs go to a file, while errors and the address go to the terminal."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.functions import Function
from tests.support.paths import ROOT
from tests.support.rest import answers, environment, free_port, send, wait_until

VARIABLES = (
    "PHOTO_TABLE ACCOUNT_TABLE TERM_TABLE ALBUM_TABLE ENTRY_TABLE RATING_TABLE ORIGINALS_BUCKET RENDITIONS_BUCKET "
    "JOB_QUEUE_URL USER_POOL_ID USER_POOL_CLIENT_ID COGNITO_DOMAIN BASE_URL SIGNING_KEYS"
)


class CloudWithoutAws(Cloud):
    """A cloud in which every call to AWS fails at once."""

    def build_environment(self, _function: str) -> dict[str, str]:
        return dict.fromkeys(VARIABLES.split(), "unused") | {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        }


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud without an emulator, which is enough for one function."""
    with subprocess.Popen(["true"]) as process:
        yield CloudWithoutAws(tmp_path, {}, process)


def call_api(cloud: Cloud, path: str, log_file: Path | None) -> int:
    """Run the API, send it one request, stop it, and return the status of the response."""
    port = free_port()
    api = Function(cloud, "api", port, log_file)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60)
        return send("GET", f"http://127.0.0.1:{port}{path}").status
    finally:
        api.request_stop()
        api.process.wait(30)


def test_requests_are_logged_to_the_file_only(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    assert call_api(cloud, "/openapi.json", cloud.data / "requests.log") == 200
    assert capfd.readouterr().err == ""
    assert '"/openapi.json"' in (cloud.data / "requests.log").read_text()


def test_errors_are_logged_to_the_terminal_too(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    status = call_api(cloud, "/photos", cloud.data / "requests.log")
    assert status >= 500
    printed = capfd.readouterr().err
    assert f'"status":{status}' in printed
    assert '"/health"' not in printed
    assert f'"status":{status}' in (cloud.data / "requests.log").read_text()


def test_requests_are_printed_without_a_file(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    assert call_api(cloud, "/openapi.json", None) == 200
    assert '"/openapi.json"' in capfd.readouterr().err


def run_with(options: list[str], folder: Path) -> str:
    """Run `python -m local` with its data in `folder`, send one request, and return the output."""
    port, output = free_port(), folder / "output"
    ports = ["--port", str(port), "--aws-port", str(free_port())]
    command = [sys.executable, "-m", "local", *ports, "--data", str(folder / "data"), *options]
    with output.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env=environment())
    try:
        wait_until(lambda: process.poll() is not None or "Photoshare:" in output.read_text(), 120)
        assert send("GET", f"http://localhost:{port}/openapi.json").status == 200
    finally:
        process.terminate()
        process.wait(30)
    return output.read_text()


def test_address_is_the_last_line(tmp_path: Path) -> None:
    output = run_with([], tmp_path)
    assert re.search(r"Photoshare: http://localhost:\d+ \(press Ctrl-C to stop\)\n\Z", output), output
    assert '"/openapi.json"' in (tmp_path / "data" / "requests.log").read_text()


def test_verbose_prints_requests_and_writes_no_file(tmp_path: Path) -> None:
    assert '"/openapi.json"' in run_with(["--verbose"], tmp_path)
    assert not (tmp_path / "data" / "requests.log").exists()


@pytest.mark.parametrize(("variable", "is_verbose"), [("VERBOSE=1", True), ("VERBOSE=", False), ("VERBOSE=0", False)])
def test_make_passes_verbose(variable: str, is_verbose: bool) -> None:
    command = ["make", "--dry-run", "--silent", "run", variable]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert ("--verbose" in done.stdout) == is_verbose
