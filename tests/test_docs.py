"""The documents: every relative link has a target, and the index of decisions is complete."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_INDEX_ROW = re.compile(r"^\| (\d{4}) \| \[(.+)\]\((.+)\) \| (.+) \|$", re.MULTILINE)
_CODE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_has_a_target(document: Path) -> None:
    assert list(_broken_links(document)) == []


def test_index_lists_every_decision_with_its_title_and_status() -> None:
    listed = _INDEX_ROW.findall((DECISIONS / "README.md").read_text(encoding="utf-8"))
    assert listed == [_index_row(path) for path in sorted(DECISIONS.glob("[0-9]*.md"))]


def _broken_links(document: Path) -> Iterator[str]:
    for link in _LINK.findall(_prose(document)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield link


def _anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = _HEADING.findall(_prose(document))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _prose(document: Path) -> str:
    return _CODE.sub("", document.read_text(encoding="utf-8"))


def _index_row(path: Path) -> tuple[str, str, str, str]:
    text = path.read_text(encoding="utf-8")
    title = re.match(r"# (.+)\n", text)
    status = re.search(r"^Status: ([^;\n]+)", text, re.MULTILINE)
    assert title, path
    assert status, path
    return path.name[:4], title[1], path.name, status[1]
