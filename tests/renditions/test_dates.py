"""Spellings of dates and offsets in photos."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.taken import MAX_OFFSET
from chalicelib.renditions.metadata.dates import parse_date, parse_offset

DAY, TIME = "2021-06-07", "2021-06-07T08:05:09"
TWO_HOURS = timedelta(hours=2)

SPELLINGS = [
    ("2021:06:07 08:05:09", TIME),
    ("2021:06:07 08:05", f"{DAY}T08:05:00"),
    ("2021:06:07 24:05:09", f"{DAY}T00:05:09"),
    ("2021:06:07 08:05:60", f"{DAY}T08:05:59"),
    ("2021/06/07 08:05:09", TIME),
    ("2021-06-07 08:05:09", TIME),
    ("2021.06.07 08.05.09", TIME),
    ("2021-06-07T08:05:09", TIME),
    ("2021-06-07T08:05", f"{DAY}T08:05:00"),
    ("2021-06-07 08-05-09", TIME),
    ("2021:06:07:08:05:09", TIME),
    ("2021_06_07 08:05:09", TIME),
    ("20210607T080509", TIME),
    ("20210607 080509", TIME),
    ("20210607080509", TIME),
    ("2021: 6: 7  8: 5: 9", TIME),
    ("2021:6:7 8:5:9", TIME),
    ("2021:06:07\0 08:05:09\0", TIME),
    ("\0 2021:06:07 08:05:09", TIME),
    ("2021:06:07 08:05:09 by a scanner", TIME),
    ('"2021:06:07 08:05:09"', TIME),
    ("2021:06:07 08:05:09 PM", f"{DAY}T20:05:09"),
    ("2021:06:07 08:05:09pm", f"{DAY}T20:05:09"),
    ("2021:06:07 08:05:09 p.m.", f"{DAY}T20:05:09"),
    ("2021:06:07 08:05:09 AM", TIME),
    ("2021:06:07 12:05:09 AM", f"{DAY}T00:05:09"),
    ("2021:06:07 12:05:09 PM", f"{DAY}T12:05:09"),
    ("2021:06:07 20:05:09 PM", f"{DAY}T20:05:09"),
    ("2021:06:07 下午8:05:09", f"{DAY}T20:05:09"),
    ("2021:06:07 午前8:05:09", TIME),
    ("2021年06月07日 08时05分09秒", TIME),
    ("٢٠٢١:٠٦:٠٧ ٠٨:٠٥:٠٩", TIME),
    ("Mon, 7 Jun 2021 08:05:09 +0200", TIME),
    ("7 Jun 2021 08:05:09", TIME),
    ("Mon Jun  7 08:05:09 2021", TIME),
    ("Mon 07 Jun 2021 08:05:09 PM CEST", f"{DAY}T20:05:09"),
    ("2021:06:07", f"{DAY}T00:00:00"),
    ("2021:06:07   :  :  ", f"{DAY}T00:00:00"),
    ("0000:00:00 00:00:00", None),
    ("    :  :     :  :  ", None),
    ("0001:01:01 00:00:00", None),
    ("1904:01:01 00:00:00", None),
    ("1970:01:01 00:00:00", None),
    ("1970:01:01 00:00:01", "1970-01-01T00:00:01"),
    ("2021:13:07 08:05:09", None),
    ("2021:00:07 08:05:09", None),
    ("2021:02:29 08:05:09", None),
    ("2020:02:29 08:05:09", "2020-02-29T08:05:09"),
    ("2021:06:07 25:05:09", None),
    ("2021:06:07 08:61:09", None),
    ("2021:06:07 08:05:61", None),
    ("2021-06", None),
    ("2021", None),
    ("07.06.2021 08:05:09", None),
    ("unknown", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "local"), SPELLINGS)
def test_local_time_is_read_in_all_spellings_or_not_at_all(text: str, local: str | None) -> None:
    reading = parse_date(text)
    assert (reading and reading.local.isoformat()) == local


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2021:06:07 08:05:09+02:00", TWO_HOURS),
        ("2021:06:07 08:05:09 +0200", TWO_HOURS),
        ("2021-06-07T08:05:09.123456789+02", TWO_HOURS),
        ("2021-06-07T08:05+02:00", TWO_HOURS),
        ("2021-06-07T08:05:09-07:30", -timedelta(hours=7, minutes=30)),
        ("20210607T080509+0200", TWO_HOURS),
        ("20210607 080509-0330", -timedelta(hours=3, minutes=30)),
        ("2021-06-07T08:05:09Z", timedelta()),
        ("2021:06:07 08:05:09 UTC", timedelta()),
        ("2021:06:07 08:05:09 GMT+2", TWO_HOURS),
        ("Mon, 7 Jun 2021 08:05:09 +0200", TWO_HOURS),
        ("Mon, 7 Jun 2021 08:05:09 GMT", timedelta()),
        ("Mon 07 Jun 2021 08:05:09 PM CEST", None),
        ("2021:06:07 08:05:09+20:00", None),
        ("2021:06:07 08:05:09 Zoo", None),
        ("2021:06:07 08:05:09", None),
        ("2021:06:07", None),
    ],
)
def test_offset_inside_a_date_is_read(text: str, offset: timedelta | None) -> None:
    reading = parse_date(text)
    assert reading
    assert reading.offset == offset


@pytest.mark.parametrize(
    ("text", "fraction", "microsecond"),
    [
        ("2021:06:07 08:05:09.25", "", 250_000),
        ("2021:06:07 08:05:09,5", "9", 500_000),
        ("2021:06:07 08:05:09", "007 ", 7_000),
        ("2021:06:07 08:05:09", "123456789", 123_456),
        ("2021:06:07 08:05:09", "-1", 0),
    ],
)
def test_fraction_of_a_second_is_read(text: str, fraction: str, microsecond: int) -> None:
    reading = parse_date(text, fraction)
    assert reading
    assert reading.local.microsecond == microsecond


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+02:00", 120),
        ("-05:30", -330),
        ("+0200", 120),
        ("+2", 120),
        ("+9:00", 540),
        ("−07:00", -420),
        ("+02:00\0junk", 120),
        (" Z ", 0),
        ("utc", 0),
        ("+14:00", 840),
        ("+14:01", None),
        ("+99:99", None),
        ("+01:60", None),
        ("   :  ", None),
        ("02:00", None),
        ("", None),
    ],
)
def test_offset_is_read_in_all_spellings_or_not_at_all(text: str, minutes: int | None) -> None:
    assert parse_offset(text) == (None if minutes is None else timedelta(minutes=minutes))


@given(st.text(st.sampled_from("0123456789:/-. TZ+apmJun,\0年下午"), max_size=120) | st.text(max_size=120))
def test_no_text_raises_an_error(text: str) -> None:
    reading, offset = parse_date(text, text), parse_offset(text)
    assert reading is None or (reading.local.tzinfo is None and reading.local.year >= 1000)
    assert offset is None or abs(offset) <= MAX_OFFSET
