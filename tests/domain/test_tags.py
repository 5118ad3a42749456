"""Tags are equal if they differ only in letter case or in compatible forms."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.tags import is_plain_word, normalize_tag, normalize_tags


@given(st.text())
def test_compatible_forms_of_a_tag_are_equal(tag: str) -> None:
    assert {normalize_tag(unicodedata.normalize(form, tag)) for form in ("NFC", "NFD", "NFKC", "NFKD")} == {
        normalize_tag(tag)
    }


@given(st.text(st.characters(max_codepoint=0x24F, exclude_characters="\u0131\u0149\u00b5ſ")))
def test_letter_case_of_a_tag_does_not_matter(tag: str) -> None:
    assert normalize_tag(tag.upper()) == normalize_tag(tag.lower()) == normalize_tag(tag)


def test_equal_tags_become_one_term() -> None:
    assert normalize_tags(["Sea", "hills", "SEA", "ﬁre", "fire"]) == ["sea", "hills", "fire"]


@pytest.mark.parametrize(
    ("term", "plain"), [("sea", True), ("new york", False), ("café", False), ("tag#sea", False), ("👍", False)]
)
def test_tag_of_one_unchanged_word_is_a_plain_word(term: str, plain: bool) -> None:
    assert is_plain_word(term) == plain
