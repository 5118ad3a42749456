"""Searches in many scripts find the texts that they must find, and no others."""

import unicodedata
from typing import Any

import pytest

from chalicelib.domain.terms import list_photo_words, parse_query_words
from tests.support.rows import pending
from tests.support.search_pairs import PAIRS, SYMBOLS, Texts

ALL = [*PAIRS.values(), SYMBOLS]


def list_pairs(found: bool) -> list[Any]:
    """Return the pairs of a query and a text. The ids of the pairs consist of ASCII characters."""
    texts = [script.found if found else script.not_found for script in ALL]
    pairs = [(query, text) for by_text in texts for text, queries in by_text.items() for query in queries]
    return [pytest.param(query, text, id=f"{query!a} {text!a}") for query, text in pairs]


def finds(query: str, **facts: Any) -> bool:
    photo = pending(status="ready", **{"filename": "", **facts})
    words = parse_query_words(query)
    return bool(words) and all(word.matches(list_photo_words(photo, public=True)) for word in words)


@pytest.mark.parametrize(("query", "text"), list_pairs(found=True))
def test_query_finds_a_title_a_description_and_a_file_name(query: str, text: str) -> None:
    assert finds(query, title=text)
    assert finds(query, description=text)
    assert finds(query, filename=f"{text}.jpg")


@pytest.mark.parametrize(("query", "text"), list_pairs(found=False))
def test_query_does_not_find_another_text(query: str, text: str) -> None:
    assert not finds(query, title=text)


def test_pairs_cover_the_scripts() -> None:
    assert len(list_pairs(found=True)) >= 120
    assert len(list_pairs(found=False)) >= 60
    assert len(PAIRS) >= 25
    assert all(script.found and script.not_found for script in ALL)
    for name, script in PAIRS.items():
        assert all(any(has_script(character, name) for character in text) for text in iterate_texts(script)), name


def has_script(character: str, name: str) -> bool:
    return unicodedata.name(character, "").startswith(name)


def iterate_texts(script: Texts) -> set[str]:
    return {*script.found, *script.not_found}


def test_extension_of_the_file_name_is_not_searched() -> None:
    assert finds("dsc_0815.jpg", filename="DSC_0815.HEIC")
    assert not finds("heic", filename="DSC_0815.HEIC")
    assert finds("end.start", title="End.Start")
