"""`make test-aws` runs the service tests against a deployed stage. Here the stage is in the emulator."""

import subprocess

import pytest

from tests.support.packaged import STAGE, Packaged
from tests.support.paths import ROOT
from tests.support.rest import environment

pytestmark = pytest.mark.xdist_group("packaged")


def run_make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `make test-aws` without the variables of CI and of this test run."""
    excluded = ("CI", "STAGE", "MAKE", "PYTEST")
    clean = {name: value for name, value in environment().items() if not name.startswith(excluded)}
    command = ["make", "test-aws", *arguments]
    return subprocess.run(command, cwd=ROOT, env=clean | variables, capture_output=True, text=True, check=False)


def test_deployed_stage_passes_the_service_tests(packaged: Packaged) -> None:
    aws = {name: value for name, value in packaged.cloud.env.items() if name.startswith("AWS_")}
    cognito, pool = packaged.client("cognito-idp"), packaged.setting("USER_POOL_ID")
    users = cognito.list_users(UserPoolId=pool)["Users"]
    result = run_make(f"STAGE={STAGE}", f"URL={packaged.url}", **aws, PYTEST_ADDOPTS="-k invalid_photo")
    assert result.returncode == 0, result.stdout + result.stderr
    # The tests cancel the accounts that they create.
    packaged.wait(lambda: len(cognito.list_users(UserPoolId=pool)["Users"]) == len(users))


def test_stage_must_be_explicit() -> None:
    result = run_make()
    assert result.returncode != 0
    assert "STAGE= is missing" in result.stdout


def test_tests_on_aws_never_run_in_ci() -> None:
    result = run_make("STAGE=anything", CI="true")
    assert result.returncode != 0
    assert "do not run in CI" in result.stderr + result.stdout
