"""Mutants of the functions' policies: each lacks one statement, or one resource of a statement."""

import fnmatch
from copy import deepcopy
from typing import Any, NamedTuple

from tests.support.iam_decisions import Decision
from tests.support.policies import FUNCTIONS, statements

Policy = dict[str, Any]

NOT_EMULATED = ("Moderate", "WriteTraces")
"""Statements about services that the emulator does not have. moto has Rekognition; nothing has X-Ray."""


class Mutant(NamedTuple):
    """A change of a policy: one resource is narrowed, or the whole statement is dropped if `resource` is None."""

    role: str
    sid: str
    resource: int | None

    def __str__(self) -> str:
        return f"{self.role}-{self.sid}" + ("" if self.resource is None else f"-{self.resource}")

    def of(self, policy: Policy) -> Policy:
        """Return the policy with this change."""
        changed = deepcopy(policy)
        (statement,) = (each for each in changed["Statement"] if each["Sid"] == self.sid)
        if self.resource is None:
            changed["Statement"].remove(statement)
        else:
            whole = statement["Resource"][self.resource]
            statement["Resource"][self.resource] = f"{whole.removesuffix('*')}narrowed"
        return changed


def all_mutants() -> list[Mutant]:
    """Return every mutant of every policy."""
    return [
        Mutant(function.replace("-", "_"), statement["Sid"], number)
        for function in FUNCTIONS
        for statement in statements(function)
        if statement["Sid"] not in NOT_EMULATED
        for number in (None, *range(len(statement["Resource"])))
    ]


def allows(policy: Policy, decision: Decision) -> bool:
    """Return whether a policy allows what was decided about."""
    return any(
        decision.action in statement["Action"]
        and any(fnmatch.fnmatchcase(decision.resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )
