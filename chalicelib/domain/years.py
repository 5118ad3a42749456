"""The years of an album. Older clients and older rows have them as a text. This module does no I/O."""

import re
from collections.abc import Iterable

from chalicelib.domain.errors import InvalidRequest

MAX_YEARS = 100

_YEAR = r"(?<![0-9])[1-9][0-9]{3}(?![0-9])"
TEXT_PATTERN = rf"(^$(?!\n)|{_YEAR})"
"""The empty text, and every text that contains a year of four digits."""

# The second year may have two digits, as in 2019/20. Any kind of dash may stand between the years.
_RANGE = re.compile(rf"({_YEAR})(?:\s*(?:[-/~\u2010-\u2015\u2212\u301c\uff5e]|to)\s*({_YEAR}|[0-9]{{2}}(?![0-9])))?")
_LAST_MONTH = 12


def read_years(years: Iterable[int] | str) -> tuple[int, ...]:
    """Return years in their order, each once. A text may list years and ranges, such as "2016, 2019-2021".

    Return no years if the text has none. If a range has more than `MAX_YEARS` years, return only its ends.
    """
    numbers = _parse(years) if isinstance(years, str) else years
    return tuple(dict.fromkeys(numbers))[:MAX_YEARS]


def parse_years(years: Iterable[int] | str) -> list[int]:
    """Return the years of a request, in their order and each once.

    Raises:
        InvalidRequest: a text has other content but no year of four digits.
    """
    if isinstance(years, str) and not re.search(TEXT_PATTERN, years):
        raise InvalidRequest("The text of `years` contains no year of four digits.", details={"field": "years"})
    return list(read_years(years))


def _parse(text: str) -> list[int]:
    years: list[int] = []
    for match in _RANGE.finditer(text):
        first = int(match[1])
        last = _complete_year(first, match[2] or match[1])
        years += range(first, last + 1) if 0 <= last - first < MAX_YEARS else (first, last)
    return years


def _complete_year(first: int, digits: str) -> int:
    """Return the last year of a range. Two digits up to 12 can be a month, as in 2019-07, so they are no year."""
    if len(digits) == len(str(first)):
        return int(digits)
    last = first - first % 100 + int(digits)
    return last if int(digits) > _LAST_MONTH and last > first else first
