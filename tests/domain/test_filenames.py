"""File names are shortened at whole characters, and keep their extension."""

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.filenames import count_units, shorten_filename, split_extension

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=255)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@given(NAMES)
def test_short_name_fits_into_metadata_in_any_script(name: str) -> None:
    short = shorten_filename(name)
    assert len(short.encode()) <= 255
    assert len(quote(short, safe="")) + len("filename") <= 2048
    assert split_extension(short)[1] == split_extension(name)[1]
    assert short == name or len(name.encode()) > 255


@pytest.mark.parametrize("character", ["x", "é", "写", "📷", "e\u0301", FAMILY, "❤\ufe0f"])
@pytest.mark.parametrize("extension", ["", ".jpg"])
def test_name_is_cut_between_characters(character: str, extension: str) -> None:
    for prefix in ("", "a", "ab", "abc"):
        short = shorten_filename(prefix + character * 255 + extension)
        stem = short.removesuffix(extension).removeprefix(prefix)
        assert stem == character * (len(stem) // len(character))
        assert 255 - len(character.encode()) < len(short.encode()) <= 255


def test_name_of_marks_alone_is_still_shortened() -> None:
    assert len(shorten_filename("a" + "\u0301" * 254 + ".jpg").encode()) <= 255


@pytest.mark.parametrize(
    ("name", "units"), [("a.jpg", 5), ("写真", 2), ("📷", 2), (unicodedata.normalize("NFD", "é"), 2)]
)
def test_length_counts_utf_16_units(name: str, units: int) -> None:
    assert count_units(name) == units


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("a.JPG", "JPG"),
        ("a.tar.gz", "gz"),
        ("a.jpg ", "jpg"),
        (".heic", ""),
        ("..heic", ""),
        ("a.", ""),
        ("a", ""),
        ("Mr. Smith", ""),
        ("Trip 5.2019", ""),
        ("a.写真", ""),
        ("a." + "x" * 17, ""),
        ("a.mp4", "mp4"),
    ],
)
def test_extension_is_a_short_word_after_the_last_dot(name: str, extension: str) -> None:
    assert split_extension(name)[1] == extension
