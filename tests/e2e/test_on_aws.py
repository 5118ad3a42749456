"""`make test-aws`: the same tests against a deployed stage. Here the stage is in the emulator."""

import subprocess

import pytest

from tests.support.packaged import STAGE, Packaged
from tests.support.paths import ROOT
from tests.support.rest import environment

pytestmark = pytest.mark.xdist_group("packaged")


def make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `make test-aws` without the variables of CI and of this test run."""
    ours = ("CI", "STAGE", "MAKE", "PYTEST")
    clean = {name: value for name, value in environment().items() if not name.startswith(ours)}
    command = ["make", "test-aws", *arguments]
    return subprocess.run(command, cwd=ROOT, env=clean | variables, capture_output=True, text=True, check=False)


def test_deployed_stage_passes_the_service_tests(packaged: Packaged) -> None:
    aws = {name: value for name, value in packaged.cloud.env.items() if name.startswith("AWS_")}
    cognito, pool = packaged.client("cognito-idp"), packaged.setting("USER_POOL_ID")
    users = cognito.list_users(UserPoolId=pool)["Users"]
    done = make(f"STAGE={STAGE}", f"URL={packaged.url}", **aws, PYTEST_ADDOPTS="-k invalid_photo")
    assert done.returncode == 0, done.stdout + done.stderr
    # The accounts that the tests have made are gone.
    packaged.wait(lambda: len(cognito.list_users(UserPoolId=pool)["Users"]) == len(users))


def test_stage_must_be_explicit() -> None:
    done = make()
    assert done.returncode != 0
    assert "STAGE= is missing" in done.stdout


def test_tests_on_aws_never_run_in_ci() -> None:
    done = make("STAGE=anything", CI="true")
    assert done.returncode != 0
    assert "do not run in CI" in done.stderr + done.stdout
