"""The services that end-to-end tests use: a local cloud, the packaged stack in the emulator, or a stage on AWS."""

import os
import shutil
from collections.abc import Iterator

import boto3
import pytest

from tests.support.iam_decisions import Decisions
from tests.support.packaged import Packaged, packaged_stack
from tests.support.service import Deployed, Local, Service

LOCAL, PACKAGED = (pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("local", "packaged"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--aws-stage", help="run the tests of a service against this stage of an AWS account")
    parser.addoption("--all-mutants", action="store_true", help="test every mutant of the policies, not a sample")
    parser.addoption("--aws-url", default="", help="the address of the stage's API, if it is not its BaseUrl")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "service" in metafunc.fixturenames:
        services = ["aws"] if metafunc.config.option.aws_stage else [LOCAL, PACKAGED]
        metafunc.parametrize("service", services, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On AWS, run only the tests of a service."""
    if config.option.aws_stage:
        if os.environ.get("CI"):
            raise pytest.UsageError("Tests on AWS do not run in CI: they cost money and need credentials.")
        others = [item for item in items if "service" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest) -> Service:
    """A service of the kind that the test's parameter names."""
    named: Service = request.getfixturevalue(request.param)
    return named


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """One local cloud for all tests. No function may be denied anything."""
    folder = tmp_path_factory.mktemp("local")
    running = Local(folder / "data", IAM_LOG=str(folder / "iam.log"))
    yield running
    running.stop()
    shutil.rmtree(running.data)
    assert Decisions(folder / "iam.log").denied() == []


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packaged]:
    """The package in the emulator, once for all tests. No function may be denied anything."""
    folder = tmp_path_factory.mktemp("packaged")
    with packaged_stack(folder, folder / "iam.log") as stack:
        yield stack
    assert Decisions(folder / "iam.log").denied() == []


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """The stage that `--aws-stage` names. The accounts of the tests are cancelled at the end."""
    stage = Deployed(boto3.Session(), request.config.option.aws_stage, request.config.option.aws_url)
    yield stage
    stage.cancel_accounts()
