"""Text is split into normalized words, in every script."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.words import MAX_LETTERS, list_index_words, split_words

EQUAL_WORDS = [
    ("Straße", "STRASSE"),
    ("café", "CAFE\u0301"),
    ("naïve", "Naive"),
    ("Łódź", "lodz"),
    ("Tromsø", "TROMSO"),
    ("Æsir", "aesir"),
    ("İstanbul", "istanbul"),
    ("ıssız", "ISSIZ"),
    ("ﬁre", "FIRE"),
    ("①", "1"),
    ("Ελλάδα", "ΕΛΛΑΔΑ"),
    ("ὈΔΥΣΣΕΎΣ", "οδυσσευς"),
    ("ёлка", "ЕЛКА"),
    ("שָׁלוֹם", "שלום"),
    ("مُحَمَّد", "محمد"),
    ("ｶﾒﾗ", "カメラ"),
    ("half\u00admoon", "halfmoon"),
]
DIFFERENT_WORDS = [("कि", "कु"), ("カ", "ガ"), ("sea", "see"), ("서울", "서운"), ("ถนน", "ถนนี")]
WORDS_BY_TEXT = {
    "Canon EOS-R5, f/2.8": ["canon", "eos", "r5", "f", "2.8"],
    "24.12.2026 v1.2.3": ["24", "12", "2026", "v1", "2", "3"],
    "l'été don't": ["lete", "dont"],
    "U.S.A. e.g. end.Start a.b": ["usa", "eg", "end", "start", "ab"],
    "京都の寺": ["京都の寺"],
    "東京タワー2026": ["東京タワー", "2026"],
    "カメラ・バッグ": ["カメラ", "バッグ"],
    "🇯🇵🇫🇷 👍🏽 1️⃣": ["🇯🇵", "🇫🇷", "👍", "1"],
    "© 20° + −": ["20"],
    "한국 서울": ["한국", "서울"],
    "हिन्दी किताब": ["हिन्दी", "किताब"],
    "می\u200cخواهم": ["ميخواهم"],
    "sea SEA séa": ["sea"],
    "👍 *%_ ?# \u0301 --": ["👍"],
    "": [],
    "a_b*c%d": ["a", "b", "c", "d"],
    "x" * 50: ["x" * 40],
}
INDEX_WORDS_BY_TEXT = {
    "dog's": ["dogs", "dog"],
    "O'Brien's": ["obriens", "obrien", "brien"],
    "rock'n'roll": ["rocknroll", "rock", "roll"],
    "京都の寺": ["京都の寺", "都の寺", "の寺", "寺"],
    "タワー": ["タワー", "ワー"],
    "แก้ว": ["แก้ว", "ว"],
    "ကျောင်းသား": ["ကျောင်းသား", "သား"],
    "ភ្នំពេញ": ["ភ្នំពេញ", "ពេញ", "ញ"],
    "京" * 50: ["京" * length for length in range(40, 0, -1)],
}


@pytest.mark.parametrize("pair", EQUAL_WORDS)
def test_words_that_differ_in_case_accents_or_form_are_equal(pair: tuple[str, str]) -> None:
    assert split_words(pair[0]) == split_words(pair[1])
    assert len(split_words(pair[0])) == 1


@pytest.mark.parametrize("pair", DIFFERENT_WORDS)
def test_words_that_differ_in_significant_marks_are_not_equal(pair: tuple[str, str]) -> None:
    assert split_words(pair[0]) != split_words(pair[1])


@pytest.mark.parametrize("text", [*WORDS_BY_TEXT])
def test_text_is_split_into_words(text: str) -> None:
    assert split_words(text) == WORDS_BY_TEXT[text]


@pytest.mark.parametrize("text", [*INDEX_WORDS_BY_TEXT])
def test_text_is_found_by_parts_of_its_words(text: str) -> None:
    assert list_index_words(text) == INDEX_WORDS_BY_TEXT[text]


@given(st.text(max_size=200))
def test_words_are_unique_short_and_normalized(text: str) -> None:
    for result in (split_words(text), list_index_words(text)):
        assert len(set(result)) == len(result)
        assert all(0 < len(word) <= MAX_LETTERS and split_words(word) == [word] for word in result)
        assert not any(set(word) & set(" #*%_,'\u0301\n") for word in result)


@given(st.text(max_size=40))
def test_words_of_a_text_include_its_words_as_a_query(text: str) -> None:
    assert {*split_words(text)} <= {*list_index_words(text)}


@given(st.text(max_size=40), st.text(max_size=40))
def test_words_of_joined_texts_are_the_words_of_each_text(one: str, other: str) -> None:
    assert set(split_words(f"{one} {other}")) == {*split_words(one), *split_words(other)}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a " * 50_000,
        "1." * 50_000,
        "a.b" * 30_000,
        "a'" * 50_000,
        "\u0301" * 100_000,
        "ﷺ" * 5_000,
        "京" * 100_000,
    ],
)
def test_splitting_into_words_takes_linear_time(text: str) -> None:
    def measure_seconds(text: str) -> float:
        start = time.process_time()
        list_index_words(text)
        return time.process_time() - start

    half, full = (min(measure_seconds(part) for _ in range(3)) for part in (text[: len(text) // 2], text))
    assert full < 4 * half + 0.01
