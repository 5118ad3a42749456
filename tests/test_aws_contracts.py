"""The ledger of AWS contracts is complete: it agrees with the code, and each entry has all its parts."""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.paths import ROOT

LEDGER = ROOT / "docs" / "reference" / "aws-contracts.md"
CODE = [ROOT / "app.py", ROOT / "resources.yaml", ROOT / "release" / "deployer-role.yaml"]
CODE += [path for folder in ("chalicelib", "local", "release") for path in sorted((ROOT / folder).rglob("*.py"))]

_ID = r"[A-Z][A-Z0-9]*-[0-9]+"
_NAMED = re.compile(rf"AWS contracts? ({_ID}(?:, {_ID})*)\.")
_LINK = re.compile(r"\[[^]]+\]\(https://(?:docs\.aws\.amazon\.com|www\.rfc-editor\.org)/[^) ]+\)")
_UNDOCUMENTED = ("undocumented (observed)", "undocumented (assumed)")
_EMULATORS = ("ministack", "moto", "none")
_NO_TEST = "not provable here: "
_LABELS = ["Document", "Emulator", "Test"]


class Entry(NamedTuple):
    """An entry of the ledger. `parts` has its labelled lines."""

    id: str
    behaviour: str
    parts: dict[str, str]

    @property
    def test(self) -> str | None:
        """Return the path and the name of the test, or None if there is none."""
        test = self.parts["Test"]
        return None if test.startswith(_NO_TEST) else test.strip("`")


def read_entries(text: str) -> list[Entry]:
    entries = []
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title, _, rest = section.partition("\n")
        body = rest.partition("\n## ")[0]
        parts = dict(re.findall(r"^- (\w+): (.+)$", body, flags=re.MULTILINE))
        entries.append(Entry(title.strip(), body.partition("\n- ")[0].strip(), parts))
    return entries


def named_ids(text: str) -> set[str]:
    return {each for found in _NAMED.findall(text) for each in found.split(", ")}


def function_names(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


ENTRIES = read_entries(LEDGER.read_text())


def test_ids_are_unique_and_well_formed() -> None:
    ids = Counter(entry.id for entry in ENTRIES)
    assert [each for each, count in ids.items() if count > 1] == []
    assert [each for each in ids if not re.fullmatch(_ID, each)] == []


def test_code_names_every_entry_and_no_other() -> None:
    in_code = set().union(*(named_ids(path.read_text()) for path in CODE))
    in_ledger = {entry.id for entry in ENTRIES}
    assert in_ledger - in_code == set(), "no code relies on these entries"
    assert in_code - in_ledger == set(), "the code names these, but the ledger lacks them"


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_names_contracts_in_one_form(path: Path) -> None:
    text = path.read_text()
    assert len(re.findall("AWS contract", text)) == len(_NAMED.findall(text))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_entry_has_all_its_parts(entry: Entry) -> None:
    assert entry.behaviour.endswith(".")
    assert list(entry.parts) == _LABELS
    assert entry.parts["Document"] in _UNDOCUMENTED or _LINK.fullmatch(entry.parts["Document"])
    assert entry.parts["Emulator"] in _EMULATORS
    reason = entry.parts["Test"].removeprefix(_NO_TEST)
    assert entry.test or len(reason.split()) > 1, "a missing test needs a reason"


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if "Test" in entry.parts and entry.test], ids=lambda e: e.id
)
def test_named_test_exists(entry: Entry) -> None:
    path, _, name = (entry.test or "").partition("::")
    assert name.startswith("test_")
    assert (ROOT / path).is_file()
    assert name in function_names(ROOT / path)
