"""The mutants of the code. `make mutation` tests them."""

import ast
import gc
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from tests.support.mutants import conditions, modules
from tests.support.mutants.__main__ import MutantFinder, format_report
from tests.support.mutants.modules import MODULES, list_module_mutants, read_reasons
from tests.support.mutants.session import Outcome, Result, find_loaded, swap_code
from tests.support.mutants.source import Mutant, list_mutants

CODE = '''
"""A module."""
import logging

log = logging.getLogger(__name__)
LIMIT = 2 * 30

class Box:
    size: int = 3

    @property
    def is_full(self) -> bool:
        """Return whether the box is full."""
        log.info("looked at %s", "a box")
        return self.size > 3

def check(name: str) -> str:
    if name != "box":
        raise ValueError("This is not a box.")
    return f"SET {name} = :{name}"
'''


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("mutated.py").write_text(CODE)
    return "mutated.py"


def find(path: str, text: str) -> Mutant:
    (mutant,) = (mutant for mutant in list_mutants(path) if text in mutant.name)
    return mutant


def load(path: str) -> ModuleType:
    spec = spec_from_file_location("mutated", Path(path).resolve())
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Conditions of DynamoDB


def test_mutants_of_a_condition_change_one_operator_or_clause() -> None:
    assert list(conditions.list_mutants("attribute_exists(a) AND #b >= :c")) == [
        "attribute_not_exists(a) AND #b >= :c",
        "attribute_exists(a) OR #b >= :c",
        "attribute_exists(a) AND #b > :c",
        "attribute_exists(a) AND #b < :c",
        "(attribute_exists(a) OR NOT (attribute_exists(a))) AND #b >= :c",
        "(attribute_exists(a) AND NOT (attribute_exists(a))) AND #b >= :c",
        "attribute_exists(a) AND (#b >= :c OR NOT (#b >= :c))",
        "attribute_exists(a) AND (#b >= :c AND NOT (#b >= :c))",
    ]
    nested = list(conditions.list_mutants("a = :a AND (b < :b OR attribute_not_exists(b))"))
    assert "a = :a AND ((b < :b OR NOT (b < :b)) OR attribute_not_exists(b))" in nested
    assert "a = :a AND (b < :b AND attribute_not_exists(b))" in nested
    assert "a >= :a AND (b < :b OR attribute_not_exists(b))" in nested


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("attribute_exists(a)", True),
        ("revision = :before", True),
        (" AND ", True),
        ("SET a = :a", False),
        ("#a = :a AND #b BETWEEN :low AND :high", False),
        ("The album and its photos", False),
    ],
)
def test_condition_is_distinguished_from_other_texts(text: str, expected: bool) -> None:
    assert conditions.is_condition(text) == expected


def test_dynamodb_accepts_the_mutants_of_a_condition() -> None:
    condition = "attribute_exists(a) AND (attribute_not_exists(b) OR b <= :b) AND c <> :c"
    key = {"AttributeName": "a", "AttributeType": "S"}
    outcomes = set()
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="t",
            AttributeDefinitions=[key],
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for mutant in conditions.list_mutants(condition):
            client.put_item(TableName="t", Item={"a": {"S": "1"}, "b": {"N": "2"}, "c": {"N": "3"}})
            try:
                client.put_item(
                    TableName="t",
                    Item={"a": {"S": "1"}},
                    ConditionExpression=mutant,
                    ExpressionAttributeValues={":b": {"N": "2"}, ":c": {"N": "2"}},
                )
                outcomes.add("true")
            except client.exceptions.ConditionalCheckFailedException:
                outcomes.add("false")
    assert outcomes == {"true", "false"}


# --- Code


def test_mutants_leave_out_types_docstrings_logs_and_texts_of_errors(path: str) -> None:
    assert [mutant.name.removeprefix("mutated.py ") for mutant in list_mutants(path)] == [
        ": 2 * 30 -> 2 * 30 + 1",
        ": 2 * 30 -> 2 * 30 - 1",
        "Box: 3 -> 4",
        "Box: 3 -> 2",
        "Box.is_full: self.size > 3 -> self.size >= 3",
        "Box.is_full: self.size > 3 -> self.size <= 3",
        "Box.is_full: 3 -> 4",
        "Box.is_full: 3 -> 2",
        "check: if name != 'box': ... -> if False: ...",
        "check: if name != 'box': ... -> if True: ...",
        "check: 'box' -> 'box~'",
        "check: raise ValueError('This is not a box.') -> pass",
    ]


def test_mutant_replaces_the_code_of_loaded_functions(path: str) -> None:
    module = load(path)
    loaded = [module.check, module.Box.is_full.fget]
    assert not module.Box().is_full
    swap_code(find(path, "self.size > 3 -> self.size >= 3"), loaded)
    assert module.Box().is_full
    assert module.check("box")
    swap_code(find(path, "if name != 'box': ... -> if True: ..."), loaded)
    with pytest.raises(ValueError, match="not a box"):
        module.check("box")


def test_functions_that_are_excluded_from_garbage_collection_are_found() -> None:
    gc.freeze()
    try:
        loaded = find_loaded()
    finally:
        gc.freeze()
    assert Mutant.compile not in loaded
    assert DynamoPhotoStore.remove in loaded


def test_mutant_of_a_constant_is_imported_instead_of_its_file(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [MutantFinder(find(path, "2 * 30 + 1")), *sys.meta_path])
    assert import_module("mutated").LIMIT == 61
    del sys.modules["mutated"]


def test_names_of_mutants_do_not_depend_on_their_lines(path: str) -> None:
    names = [mutant.name for mutant in list_mutants(path)]
    Path("moved", "x").parent.mkdir()
    Path("moved", "mutated.py").write_text("# A comment\n\n" + CODE)
    moved = [mutant.name.removeprefix("moved/") for mutant in list_mutants("moved/mutated.py")]
    assert moved == names


@pytest.mark.parametrize("module", MODULES)
def test_mutants_of_each_module_are_valid_code_with_different_names(module: str) -> None:
    mutants = list_module_mutants(module)
    assert len({mutant.name for mutant in mutants}) == len(mutants) > 20
    for mutant in mutants[:: len(mutants) // 20]:
        assert mutant.compile() != compile(ast.parse(Path(mutant.path).read_text()), mutant.path, "exec")


# --- Report


def test_every_reason_belongs_to_a_mutant() -> None:
    names = {mutant.name for module in MODULES for mutant in list_module_mutants(module)}
    assert sorted(read_reasons().keys() - names) == []
    assert all(reason.endswith(".") for reason in read_reasons().values())


@pytest.mark.parametrize(
    ("survivors", "reasons", "expected"),
    [(0, 0, True), (1, 1, True), (1, 0, False), (10, 10, False), (0, 1, False)],
)
def test_report_fails_below_nine_of_ten_killed_or_without_a_reason_for_each_survivor(
    monkeypatch: pytest.MonkeyPatch, survivors: int, reasons: int, expected: bool
) -> None:
    names = [mutant.name for mutant in list_module_mutants("cursors")]
    reasoned = dict.fromkeys(names[:reasons], "A reason.")
    monkeypatch.setattr("tests.support.mutants.__main__.read_reasons", lambda: reasoned)
    outcomes: list[Outcome] = ["survived" if index < survivors else "killed" for index in range(len(names))]
    results = {name: Result("cursors", name, outcome) for name, outcome in zip(names, outcomes, strict=True)}
    text, is_good = format_report(["cursors"], results)
    assert is_good == expected
    assert text.startswith("cursors: ")
    assert ("NO REASON" in text) == (survivors > reasons)
    assert (modules.REASONS.name in text) == (reasons > survivors)
