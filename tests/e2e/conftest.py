"""The services that end-to-end tests use: a local cloud, the packaged stack in the emulator, or a stage on AWS.

They end with the last end-to-end test of a process, because they need CPU even when they are idle.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support.iam_decisions import Decisions
from tests.support.packaged import Packaged, copy_project, packaged_stack
from tests.support.service import Deployed, Local, Service

AWS_STAGE = os.environ.get("AWS_TEST_STAGE", "")
"""Set by `make test-aws`."""
LOCAL, PACKAGED = (pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("local", "packaged"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-mutants", action="store_true", help="test every mutant of the policies, not a sample")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "service" in metafunc.fixturenames:
        # The packaged stack in the emulator has no SQL database.
        emulated = [LOCAL] if os.environ.get("STORE") else [LOCAL, PACKAGED]
        services = ["aws"] if AWS_STAGE else emulated
        metafunc.parametrize("service", services, indirect=True, scope="package")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On AWS, run only the tests of a service."""
    if AWS_STAGE:
        if os.environ.get("CI"):
            raise pytest.UsageError("Tests on AWS do not run in CI: they cost money and need credentials.")
        others = [item for item in items if "service" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="package")
def service(request: pytest.FixtureRequest) -> Service:
    """A service of the kind that the test's parameter names."""
    selected: Service = request.getfixturevalue(request.param)
    return selected


@pytest.fixture(scope="package")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """One local cloud for all tests. The fixture fails if a call of a function was denied."""
    folder = tmp_path_factory.mktemp("local")
    running = Local(folder / "data", IAM_LOG=str(folder / "iam.log"))
    yield running
    running.stop()
    shutil.rmtree(running.data)
    require_no_denial(Decisions(folder / "iam.log"))


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that all tests package and deploy."""
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    return folder


@pytest.fixture(scope="package")
def packaged(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packaged]:
    """One packaged stack in the emulator for all tests. The fixture fails if a call of a function was denied."""
    folder = tmp_path_factory.mktemp("packaged")
    with packaged_stack(project, folder, folder / "iam.log") as stack:
        yield stack
    require_no_denial(Decisions(folder / "iam.log"))


def require_no_denial(decisions: Decisions) -> None:
    all_decisions = decisions.read_new()
    assert all_decisions
    assert [decision for decision in all_decisions if not decision.allowed] == []


@pytest.fixture(scope="package")
def aws() -> Iterator[Deployed]:
    """The stage on AWS. At the end, the fixture cancels the accounts of the tests."""
    session = boto3.Session()
    stage = Deployed(session.client, AWS_STAGE, os.environ.get("AWS_TEST_URL", ""))
    account = session.client("sts").get_caller_identity()["Account"]
    print(f"\nTesting {stage.url}, the stage {AWS_STAGE} of account {account} in {session.region_name}")
    yield stage
    stage.cancel_accounts()
