"""Every statement, action and resource of the policies is needed. Without one, the emulator denies a call."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import STAGE
from local.roles import role_name
from tests.support.iam_decisions import Decision, Decisions
from tests.support.policy_mutants import Mutant, all_mutants, allows
from tests.support.policy_steps import STEPS
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("policies")

MUTANTS = all_mutants()
SAMPLE = MUTANTS[::20]


class Denied(Exception):
    """The emulator has denied a function something."""


class Judge(Local):
    """A local cloud that ends a wait as soon as a function is denied something."""

    def __init__(self, folder: Path) -> None:
        self.decisions = Decisions(folder / "iam.log")
        self.seen: list[Decision] = []
        super().__init__(folder / "data", IAM_LOG=str(folder / "iam.log"))
        self.iam = self.client("iam")

    def wait(self, is_true: Callable[[], bool]) -> None:
        def is_true_or_denied() -> bool:
            self.seen += self.decisions.read_new()
            if any(not decision.allowed for decision in self.seen):
                raise Denied
            return is_true()

        super().wait(is_true_or_denied)

    def record(self, step: Callable[[Local], None]) -> list[Decision]:
        """Run a step, and return what was decided meanwhile. The step may fail if something was denied."""
        self.decisions.read_new()
        self.seen = []
        try:
            step(self)
        except Exception:
            self.seen += self.decisions.read_new()
            if all(decision.allowed for decision in self.seen):
                raise
        return self.seen + self.decisions.read_new()

    def policy(self, role: str) -> dict[str, Any]:
        """Return the policy of a function's role."""
        return dict(self.iam.get_role_policy(**_named(role))["PolicyDocument"])

    @contextlib.contextmanager
    def use_policy(self, role: str, policy: dict[str, Any]) -> Iterator[None]:
        """Give a function's role another policy inside the block."""
        whole = self.policy(role)
        self.iam.put_role_policy(**_named(role), PolicyDocument=json.dumps(policy))
        try:
            yield
        finally:
            self.iam.put_role_policy(**_named(role), PolicyDocument=json.dumps(whole))


def _named(role: str) -> dict[str, str]:
    return {"RoleName": role_name(STAGE, role), "PolicyName": "function"}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    folder = tmp_path_factory.mktemp("judge")
    running = Judge(folder)
    yield running
    running.stop()
    shutil.rmtree(folder / "data")


@pytest.fixture(scope="module")
def needs(judge: Judge) -> list[set[Decision]]:
    """By step, everything that the functions did in it."""
    decided = [set(judge.record(step)) for step in STEPS]
    assert [decision for step in decided for decision in step if not decision.allowed] == []
    return decided


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mutant" in metafunc.fixturenames:
        metafunc.parametrize("mutant", MUTANTS if metafunc.config.option.all_mutants else SAMPLE, ids=str)


def test_narrower_policy_denies_the_function(mutant: Mutant, judge: Judge, needs: list[set[Decision]]) -> None:
    changed = mutant.apply_to(judge.policy(mutant.role))

    def is_lost(decision: Decision) -> bool:
        return decision.role == role_name(STAGE, mutant.role) and not allows(changed, decision)

    # A step can be listed only because a function used the permission in the background. Then the next one is tried.
    steps = [step for step, used in zip(STEPS, needs, strict=True) if any(map(is_lost, used))]
    with judge.use_policy(mutant.role, changed):
        assert any(is_lost(each) and not each.allowed for step in steps for each in judge.record(step))
