"""Parse the dates and offsets that cameras and editors write, in all known spellings.

EXIF 3.0 writes `2021:06:07 08:05:09`, XMP and PNG write ISO 8601 or RFC 2822, and programs deviate from all of them.
"""

import re
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_tz
from typing import NamedTuple

from chalicelib.domain.taken import MAX_OFFSET

_HALF = r"[AaPp]\.?\s?[Mm]\b\.?|上午|下午|午前|午後|오전|오후"
_MOMENT = re.compile(
    rf"""\W*(?P<year>\d{{4}})
    (?:\s*[:/._\-\s年]\s*(?P<month>\d{{1,2}})\s*[:/._\-\s月]\s*(?P<day>\d{{1,2}})(?!\d)日?|(?P<packed_date>\d{{4}}))
    (?:
        [\s:T_,\-]*(?P<before>{_HALF})?\s*
        (?:
            (?P<hour>\d{{1,2}})\s*[:.\-h時点时]\s*(?P<minute>\d{{1,2}})
            (?:\s*[:.\-m分]\s*(?P<second>\d{{1,2}})(?!\d)秒?)?
            |(?P<packed_clock>\d{{4}}(?:\d\d)?)(?!\d)
        )
        (?:[.,:](?P<fraction>\d+))?
        \s*(?P<after>{_HALF})?
        \s*(?P<zone>(?:UTC|GMT)?\s?[+\-−]\s?\d{{1,2}}(?::?\d\d)?(?!\d)|(?:Z|UTC|GMT)(?![A-Za-z]))?
    )?""",
    re.VERBOSE,
)
_OFFSET = re.compile(r"\s*(?:UTC|GMT)?\s?([+\-−])\s?(\d{1,2})(?::?(\d\d))?\s*")
_HALF_OF_DAY = re.compile(r"\b([AaPp])[Mm]\b")
_MORNINGS = frozenset({"上午", "午前", "오전"})
_IN_UTC = re.compile(r"(?:[+-]0000|UTC?|GMT|Z)$")
_LONGEST_DATE = 100
_FIRST_YEAR = 1000
_UNSET_CLOCKS = (datetime(1904, 1, 1), datetime(1970, 1, 1))
"""The start of two clocks. A device whose clock was never set writes such a date."""


class Reading(NamedTuple):
    """One date of a photo, from one field."""

    local: datetime
    """Without a time zone."""
    offset: timedelta | None = None
    has_time: bool = True


def parse_date(text: str, fraction: str = "") -> Reading | None:
    """Return the date in `text`, or None if the text has no complete and possible date.

    `fraction` contains the digits of the fraction of a second. It is used only if `text` has no fraction.
    """
    text = text[:_LONGEST_DATE].replace("\0", " ").strip()
    match = _MOMENT.match(text)
    with suppress(ValueError, OverflowError):
        reading = _build_reading(match, fraction) if match else _parse_with_month_name(text)
        return reading if reading and reading.local not in _UNSET_CLOCKS else None
    return None


def parse_offset(text: str) -> timedelta | None:
    """Return the offset from UTC in `text`, or None if it is missing or impossible."""
    text = text.partition("\0")[0].strip()
    if text.upper() in {"Z", "UTC", "GMT"}:
        return timedelta()
    match = _OFFSET.fullmatch(text[:_LONGEST_DATE])
    if not match or int(match[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return None if offset > MAX_OFFSET else offset if match[1] == "+" else -offset


def _build_reading(match: re.Match[str], fraction: str) -> Reading | None:
    date, clock = match["packed_date"] or "", match["packed_clock"] or ""
    year, month, day = int(match["year"]), int(match["month"] or date[:2]), int(match["day"] or date[2:])
    hour, minute, second = match["hour"] or clock[:2], match["minute"] or clock[2:4], match["second"] or clock[4:]
    if year < _FIRST_YEAR:
        return None
    if not hour:
        return Reading(datetime(year, month, day), has_time=False)
    hour_of_day = _convert_hour(int(hour), match["before"] or match["after"] or "")
    microsecond = _parse_microseconds(match["fraction"] or fraction)
    local = datetime(year, month, day, hour_of_day, int(minute), _convert_second(int(second or 0)), microsecond)
    return Reading(local, parse_offset(match["zone"] or ""))


def _convert_hour(hour: int, half: str) -> int:
    """Return the hour of the day. Some phones write 24 for the first hour of the same date."""
    if half[:1] in {"A", "a"} or half in _MORNINGS:
        return 0 if hour == 12 else hour
    if half and hour < 12:
        return hour + 12
    return 0 if hour == 24 else hour


def _convert_second(second: int) -> int:
    """Return the second. A leap second is the 60th, and `datetime` has none."""
    return 59 if second == 60 else second


def _parse_microseconds(fraction: str) -> int:
    digits = re.match(r"\s*(\d{1,6})", fraction)
    return int(digits[1].ljust(6, "0")) if digits else 0


def _parse_with_month_name(text: str) -> Reading | None:
    """Return a date such as `Mon, 7 Jun 2021 08:05:09 +0200` (RFC 2822), or as of the C function `asctime`."""
    half = _HALF_OF_DAY.search(text)
    parts = parsedate_tz(_HALF_OF_DAY.sub("", text))
    if parts is None or parts[0] < _FIRST_YEAR:
        return None
    year, month, day, hour, minute, second = parts[:6]
    hour_of_day = _convert_hour(hour, half[0] if half else "")
    local = datetime(year, month, day, hour_of_day, minute, _convert_second(second))
    # `parsedate_tz` returns 0 for zones that it does not know.
    offset = timedelta(seconds=parts[9] or 0)
    is_known = abs(offset) <= MAX_OFFSET and (offset or _IN_UTC.search(text))
    return Reading(local, offset if is_known else None)
