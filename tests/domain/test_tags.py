"""Tags are equal if they differ only in letter case or in compatible forms."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.tags import clean_tags, edit_tags, is_plain_word, normalize_tag, normalize_tags


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
    ("term", "plain"),
    [
        ("sea", True),
        ("new york", False),
        ("café", False),
        ("tag#sea", False),
        ("👍", True),
        ("京都", True),
        ("o'brien", False),
    ],
)
def test_tag_of_one_unchanged_word_is_a_plain_word(term: str, plain: bool) -> None:
    assert is_plain_word(term) == plain


def test_stored_tags_have_no_outer_spaces_and_no_double_ones() -> None:
    assert clean_tags([" beach ", "New \u00a0\t York", "\u3000海\n"]) == ["beach", "New York", "海"]


@pytest.mark.parametrize("again", ["beach", "beach ", "BEACH", "ｂeach", "\u2003Beach\n"])
def test_equal_tags_are_stored_once_in_their_first_spelling(again: str) -> None:
    assert clean_tags(["Beach", "sea", again]) == ["Beach", "sea"]


def test_stored_tags_are_composed() -> None:
    assert clean_tags(["cafe\u0301"]) == ["café"]


@pytest.mark.parametrize("tag", ["", " ", "\u00a0\t", "x" * 51, "x " * 26])
def test_tag_that_is_empty_or_too_long_without_its_spaces_is_refused(tag: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        clean_tags(["sea", tag])
    assert raised.value.details == {"field": "tags[1]"}


def test_length_of_a_tag_does_not_count_outer_spaces() -> None:
    assert clean_tags([f"  {'x' * 50}  "]) == ["x" * 50]


@pytest.mark.parametrize(
    ("remove", "add", "expected"),
    [
        ([], [], ("Sea", "hills")),
        ([], ["SEA", "boat"], ("Sea", "hills", "boat")),
        (["SEA", "boat"], [], ("hills",)),
        (["sea"], ["SEA"], ("Sea", "hills")),
        (["hills"], ["boat"], ("Sea", "boat")),
    ],
)
def test_edited_tags_keep_their_order_and_their_spelling(
    remove: list[str], add: list[str], expected: tuple[str, ...]
) -> None:
    assert edit_tags(("Sea", "hills"), remove=remove, add=add) == expected
