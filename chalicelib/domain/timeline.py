"""The order `taken`: by the time on a clock at the place of each photo. This module does no I/O."""

from datetime import datetime

from chalicelib.domain.ids import LocalTime
from chalicelib.domain.model import Model
from chalicelib.domain.queries import RangeQuery


class TakenRange(Model, frozen=True):
    """A part of the order `taken`, which has the newest photo first."""

    after: str | None = None
    """Only photos after this `taken_key`."""
    since: LocalTime | None = None
    """Only photos with this local time or a later one."""
    until: LocalTime | None = None
    """Only photos with an earlier local time."""


def build_taken_range(query: RangeQuery, after: str | None) -> TakenRange:
    """Return the part of the order that a client requests."""
    since, until = (round_up_local_time(time) if time else None for time in (query.from_, query.to))
    return TakenRange(after=after, since=since, until=until)


def round_up_local_time(moment: datetime) -> LocalTime:
    """Return the wall-clock time of `moment` without its offset, rounded up to a second.

    The result only bounds a range. The second 60 is before the next minute, and exists even at the end of the year
    9999.
    """
    second = moment.second + (moment.microsecond > 0)
    return LocalTime(f"{moment.replace(tzinfo=None).isoformat(timespec='minutes')}:{second:02}")
