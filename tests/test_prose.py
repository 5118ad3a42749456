"""Keep the prose plain: the phrases below stand nowhere in the code, its tests, the documents, the page or the API."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.prose import Passage, markdown_files, passages, prose_of

BANNED = {
    # Conditions. "The place where" and SQL's WHERE are allowed.
    r"(?<!\bplace )(?<!\bplaces )\b[Ww]here\b": "Write if, when or in which.",
    r"\b[Ff]rom (?!now)(?:\w+ ){1,3}on(?=[.,;:)]|$)": "Write at least n, or since.",
    r"\bat the (?:most|least)\b": "Write at most n, at least n.",
    r"\b[Ll]est\b|\btill\b|\b[Bb]ut for\b|\bsave for\b": "Write if, until, except.",
    # Actors.
    r"\b(?:[Ww]ho|[Ww]hom|[Ww]hat|[Ww]hich|[Ww]here)(?:so)?ever\b": "Name the actor or the object.",
    r"\b(?:[Ss]ome|[Ee]very|[Aa]ny|[Nn]o)body\b": "Name the actor: the client, the owner, a visitor, the operator.",
    r"\b(?:[Tt]heirs|[Hh]ers|[Hh]is|[Hh]er)\b": "Repeat the noun.",
    r"\b[Pp]eople\b": "Name them: users, visitors, owners.",
    # Coined or old words for the terms of the field.
    r"\b(?:is|are|was|were|be|been) answered\b": "Write returns, responds.",
    r"\b(?:is|are|was|were|be|been|not) told\b": "Write is notified, is shown, receives.",
    r"\basked for\b": "Write requested.",
    r"\b(?:[Nn]othing|[Nn]one) but\b": "Write only.",
    r"\b(?:[Ee]ntails?|[Hh]eeds?|[Aa]like|[Ff]oreign)\b": "Use the standard term.",
    r"\bthe like\b|\bthings?\b": "Name it.",
    r"\b(?:gives?|gave|given) up\b": "Write fails after n retries.",
    r"\b(?:takes?|took|taken) (?:back|away)\b": "Write remove or withdraw.",
    r"\bheld against\b": "Write is checked against.",
}
"""Phrases that no text may have, with the advice for each."""

FIRST_WORDS = re.compile(r"(?:What|Who|Whom|Whose|Whether|That)\b")
TWO_FACTS = re.compile(r"\w; \w")
TWO_SENTENCES = re.compile(r"[a-z0-9)`*][.!?] [A-Z]")
LONGEST_AVERAGE = 18
"""Words of a sentence, on the average of one document."""


@cache
def _all() -> list[Passage]:
    return list(passages())


@pytest.mark.parametrize("pattern", BANNED)
def test_no_text_has_a_banned_phrase(pattern: str) -> None:
    phrase = re.compile(pattern)
    _assert_none((str(passage) for passage in _all() if phrase.search(passage.text)), BANNED[pattern])


def test_headings_and_docstrings_start_with_a_noun_or_a_verb() -> None:
    starts = [passage for passage in _all() if passage.kind in ("heading", "docstring")]
    _assert_none(str(passage) for passage in starts if FIRST_WORDS.match(passage.text.strip()))


def test_no_sentence_joins_two_facts_by_a_semicolon() -> None:
    kinds = ("docstring", "comment", "markdown", "heading", "html", "openapi")
    texts = [passage for passage in _all() if passage.kind in kinds and not passage.text.startswith("|")]
    _assert_none(str(passage) for passage in texts if TWO_FACTS.search(passage.text))


@pytest.mark.parametrize("document", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_line_of_a_document_is_one_sentence(document: Path) -> None:
    _assert_none(f"{number}: {line}" for number, line in _paragraph_lines(document) if TWO_SENTENCES.search(line))
    _assert_none(_wrapped(document))


@pytest.mark.parametrize("document", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_sentences_are_short_on_average(document: Path) -> None:
    lengths = [len(line.split()) for _, line in _paragraph_lines(document)]
    assert not lengths or sum(lengths) / len(lengths) < LONGEST_AVERAGE


def _assert_none(lines: Iterable[str], advice: str = "") -> None:
    report = "\n".join(lines)
    assert report == "", f"{advice}\n{report}"


def _paragraph_lines(document: Path) -> Iterator[tuple[int, str]]:
    """Yield each numbered line that is neither a heading nor a row of a table."""
    for number, line in enumerate(prose_of(document).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("#", "|", "<", "!")):
            yield number, re.sub(r"^\s*\d+\. ", "", line)


def _wrapped(document: Path) -> Iterator[str]:
    """Yield each line whose sentence goes on in the next line."""
    lines = dict(_paragraph_lines(document))
    for number, line in lines.items():
        following = lines.get(number + 1, "")
        if re.match(r"\s*[a-z`(]", following) and not re.search(r"[.!?:]\W*$", line):
            yield f"{number}: {line}"
