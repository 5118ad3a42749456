"""Mutants of the functions' policies: each lacks one statement, or one action or resource of a statement."""

import fnmatch
from copy import deepcopy
from typing import Any, NamedTuple

from tests.support.iam_decisions import Decision
from tests.support.policies import FUNCTIONS, statements

Policy = dict[str, Any]

UNCHECKED = {
    ("FindOriginals", "s3:ListBucket"),
}
"""Permissions that AWS requires, but that the emulator does not check, by statement."""

NOT_EMULATED = ("Moderate", "WriteTraces")
"""Statements about services that the emulator does not have. moto has Rekognition, but not X-Ray."""


class Mutant(NamedTuple):
    """A change of one statement of a policy.

    `part` is the action that is removed, or the number of the resource that is narrowed. If it is None, the statement
    is dropped.
    """

    role: str
    sid: str
    part: str | int | None = None

    def __str__(self) -> str:
        return f"{self.role}-{self.sid}" + ("" if self.part is None else f"-{self.part}")

    def apply_to(self, policy: Policy) -> Policy:
        """Return the policy with this change."""
        changed = deepcopy(policy)
        (statement,) = (candidate for candidate in changed["Statement"] if candidate["Sid"] == self.sid)
        if self.part is None:
            changed["Statement"].remove(statement)
        elif isinstance(self.part, str):
            statement["Action"].remove(self.part)
        else:
            resource = statement["Resource"][self.part]
            statement["Resource"][self.part] = f"{resource.removesuffix('*')}narrowed"
        return changed


def all_mutants() -> list[Mutant]:
    """Return every mutant of every policy, except those that the emulator cannot detect."""
    return [
        Mutant(function.replace("-", "_"), statement["Sid"], part)
        for function in FUNCTIONS
        for statement in statements(function)
        if statement["Sid"] not in NOT_EMULATED
        for part in (None, *range(len(statement["Resource"])), *statement["Action"])
        # A statement without actions is the same as a dropped statement.
        if (statement["Sid"], part) not in UNCHECKED and [part] != statement["Action"]
    ]


def allows(policy: Policy, decision: Decision) -> bool:
    """Return True if a policy allows the action of a decision."""
    return any(
        decision.action in statement["Action"]
        and any(fnmatch.fnmatchcase(decision.resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )
