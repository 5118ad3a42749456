"""Years are read from arrays, and from the texts of older clients and older rows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.years import MAX_YEARS, TEXT_PATTERN, read_years


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("", ()),
        ("the nineties", ()),
        ("2019", (2019,)),
        ("2019-2021", (2019, 2020, 2021)),
        ("1999–2001", (1999, 2000, 2001)),
        ("2019 — 2020", (2019, 2020)),
        ("2019 to 2021", (2019, 2020, 2021)),
        ("2019/20", (2019, 2020)),
        ("1999-00", (1999,)),
        ("2019-07", (2019,)),
        ("2019-07-15", (2019,)),
        ("2019, 2021", (2019, 2021)),
        ("2016 & 2019-2020; 2016", (2016, 2019, 2020)),
        ("summer 2019", (2019,)),
        ("since 2019 -", (2019,)),
        ("2021-2019", (2021, 2019)),
        ("1000-9999", (1000, 9999)),
        ("20190, 0999, 12345", ()),
        ("２０１９", ()),
    ],
)
def test_years_are_read_from_a_text(text: str, years: tuple[int, ...]) -> None:
    assert read_years(text) == years


def test_array_keeps_its_order_without_duplicates() -> None:
    assert read_years([2021, 2019, 2021]) == (2021, 2019)


@given(st.text("0129-–/, \nx", max_size=100))
def test_texts_of_the_pattern_are_empty_or_have_years(text: str) -> None:
    years = read_years(text)
    assert bool(re.search(TEXT_PATTERN, text)) == (text == "" or bool(years))
    assert len(years) <= MAX_YEARS
    assert all(1000 <= year <= 9999 for year in years)
