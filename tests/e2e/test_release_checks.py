"""The smoke test and the load test of a deployed stage, against the local cloud."""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from tests.support.rest import PASSWORD, environment
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("local")


def run_command(module: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment() | variables, timeout=120
    )


def test_smoke_test_uploads_and_erases_a_photo_of_a_test_user(local: Local) -> None:
    email = local.address("smoke")
    token = local.sign_up(email)
    checked = run_command("release.smoke", "x", "--url", local.url, SMOKE_EMAIL=email, SMOKE_PASSWORD=PASSWORD)
    assert checked.returncode == 0, checked
    assert "ok      upload: uploaded and erased a photo" in checked.stdout
    assert PASSWORD not in checked.stdout + checked.stderr
    assert local.call("GET", "/photos", token=token, scope="mine").json["items"] == []
    assert local.call("GET", "/trash", token=token).json["items"] == []
    assert local.call("GET", "/account", token=token).json["photoCount"] == 0


def test_smoke_test_fails_if_the_test_user_cannot_sign_in(local: Local) -> None:
    checked = run_command(
        "release.smoke", "x", "--url", local.url, SMOKE_EMAIL="a@example.com", SMOKE_PASSWORD="x" * 12
    )
    assert checked.returncode == 1
    assert "FAILED  upload: POST /login returned 401: InvalidCredentials" in checked.stdout


def test_load_test_measures_the_local_cloud(local: Local) -> None:
    arguments = ("x", "--url", local.url, "--rate", "5", "--seconds", "2", "--confirm")
    loaded = run_command("release.load", *arguments)
    assert loaded.returncode == 0, loaded
    assert "\n200: 10\n" in loaded.stdout
