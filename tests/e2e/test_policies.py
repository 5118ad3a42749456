"""Each statement, action and resource of the policies is needed. The emulator denies a call without it."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import STAGE
from local.roles import build_role_name
from tests.support.iam_decisions import Decision, Decisions
from tests.support.policy_mutants import Mutant, all_mutants, allows
from tests.support.policy_steps import STEPS
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("policies")

MUTANTS = all_mutants()
SAMPLE = MUTANTS[::20]


class Denied(Exception):
    """The emulator denied a call of a function."""


class RecordingCloud(Local):
    """A local cloud that records decisions, and ends a wait as soon as a call of a function is denied."""

    def __init__(self, folder: Path) -> None:
        self.decisions = Decisions(folder / "iam.log")
        self.recorded: list[Decision] = []
        log, old_table = str(folder / "iam.log"), f"photoshare-{STAGE}-SearchTerms"
        super().__init__(folder / "data", store="dynamodb", IAM_LOG=log, OLD_TERM_TABLE=old_table)
        self.iam = self.client("iam")

    def wait(self, is_true: Callable[[], bool]) -> None:
        def is_true_or_denied() -> bool:
            self.recorded += self.decisions.read_new()
            if any(not decision.allowed for decision in self.recorded):
                raise Denied
            return is_true()

        super().wait(is_true_or_denied)

    def record(self, step: Callable[[Local], None]) -> list[Decision]:
        """Run a step and return the decisions made during it. The step may fail if a call was denied."""
        self.decisions.read_new()
        self.recorded = []
        try:
            step(self)
        except Exception:
            self.recorded += self.decisions.read_new()
            if all(decision.allowed for decision in self.recorded):
                raise
        return self.recorded + self.decisions.read_new()

    def read_policy(self, role: str) -> dict[str, Any]:
        """Return the policy of a function's role."""
        return dict(self.iam.get_role_policy(**_name_policy(role))["PolicyDocument"])

    @contextlib.contextmanager
    def use_policy(self, role: str, policy: dict[str, Any]) -> Iterator[None]:
        """Give a function's role another policy inside the block."""
        original = self.read_policy(role)
        self.iam.put_role_policy(**_name_policy(role), PolicyDocument=json.dumps(policy))
        try:
            yield
        finally:
            self.iam.put_role_policy(**_name_policy(role), PolicyDocument=json.dumps(original))


def _name_policy(role: str) -> dict[str, str]:
    return {"RoleName": build_role_name(STAGE, role), "PolicyName": "function"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingCloud]:
    folder = tmp_path_factory.mktemp("policies")
    running = RecordingCloud(folder)
    yield running
    running.stop()
    shutil.rmtree(folder / "data")


@pytest.fixture(scope="module")
def needs(cloud: RecordingCloud) -> list[set[Decision]]:
    """The decisions about the calls of the functions, by step."""
    decisions = [set(cloud.record(step)) for step in STEPS]
    assert [decision for step in decisions for decision in step if not decision.allowed] == []
    return decisions


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mutant" in metafunc.fixturenames:
        metafunc.parametrize("mutant", MUTANTS if metafunc.config.option.all_mutants else SAMPLE, ids=str)


def test_narrower_policy_denies_the_function(mutant: Mutant, cloud: RecordingCloud, needs: list[set[Decision]]) -> None:
    changed = mutant.apply_to(cloud.read_policy(mutant.role))

    def is_lost(decision: Decision) -> bool:
        return decision.role == build_role_name(STAGE, mutant.role) and not allows(changed, decision)

    # If a function used the permission only in the background of a step, the test tries the next step.
    steps = [step for step, used in zip(STEPS, needs, strict=True) if any(map(is_lost, used))]
    with cloud.use_policy(mutant.role, changed):
        assert any(is_lost(decision) and not decision.allowed for step in steps for decision in cloud.record(step))
