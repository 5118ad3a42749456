"""The role of operators runs the commands of a stage, and needs each of its statements."""

import os
from typing import Any

import pytest

from tests.support.iam_decisions import Decision, Decisions
from tests.support.images import photo as make_photo
from tests.support.packaged import STAGE, Packaged
from tests.support.policy_mutants import allows
from tests.support.rest import put

pytestmark = pytest.mark.xdist_group("packaged")

JPEG = make_photo(320, 240)


class Operator:
    """The commands of an operator, and the decisions about their calls."""

    def __init__(self, packaged: Packaged) -> None:
        self.packaged = packaged
        self.credentials = packaged.roles.assume_operator()
        log = Decisions(packaged.iam_log)
        log.read_new()
        self.run_all()
        self.decisions = {decision for decision in log.read_new() if decision.role == f"photoshare-{STAGE}-operator"}

    def run(self, module: str, *arguments: str) -> str:
        return self.packaged.run(module, *arguments, credentials=self.credentials)

    def run_all(self) -> None:
        """Run each command, with something to do for those that change data."""
        token = self.packaged.sign_up(self.packaged.address("ann"))
        lost, erased = (self.packaged.grant(token) for _ in range(2))
        for grant in (lost, erased):
            assert put(grant, JPEG) == 200
            self.packaged.wait_ready(grant["photoId"], token)
        self._delete_row(lost["photoId"])
        self.run("release.reconcile", "--rebuild", "--min-age", "0")
        self.packaged.wait_ready(lost["photoId"], token)
        self.run("release.reconcile", "--read", "--repair")
        self.run("release.moderate", "photo", erased["photoId"])
        self.run("release.moderate", "account", lost["s3Key"].partition("/")[0])
        for module in ("orphans", "reindex", "reprocess", "redrive", "cdn_key"):
            self.run(f"release.{module}")
        self.run("release.rehide", "", "")
        self.run("release.users", "export", os.devnull)

    def _delete_row(self, photo_id: str) -> None:
        dynamodb, table = self.packaged.client("dynamodb"), self.packaged.setting("PHOTO_TABLE")
        found = dynamodb.query(
            TableName=table,
            KeyConditionExpression="photoId = :id",
            ExpressionAttributeValues={":id": {"S": photo_id}},
        )["Items"]
        dynamodb.delete_item(TableName=table, Key={name: found[0][name] for name in ("photoId", "uploadedAt")})


@pytest.fixture(scope="module")
def operator(packaged: Packaged) -> Operator:
    return Operator(packaged)


def as_lists(statement: dict[str, Any]) -> dict[str, Any]:
    lists = {name: statement[name] for name in ("Action", "Resource")}
    return {name: value if isinstance(value, list) else [value] for name, value in lists.items()}


def lost_without(statements: list[dict[str, Any]], sid: str, decisions: set[Decision]) -> set[str]:
    rest = {"Statement": [as_lists(statement) for statement in statements if statement["Sid"] != sid]}
    return {decision.action for decision in decisions if not allows(rest, decision)}


def test_no_command_is_denied(operator: Operator) -> None:
    assert operator.decisions
    assert [decision for decision in operator.decisions if not decision.allowed] == []


def test_each_statement_is_needed(operator: Operator) -> None:
    statements = operator.packaged.roles.read_statements("operator", "operate")
    # No upload event is dead here. Another test sends one again as the administrator.
    needed = {statement["Sid"] for statement in statements} - {"RetryUploads"}
    assert {sid for sid in needed if not lost_without(statements, sid, operator.decisions)} == set()
