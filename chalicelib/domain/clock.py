"""The clock of the use cases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Return the current time with its time zone."""

_STEP = timedelta(milliseconds=1)


class AscendingClock:
    """A clock that returns each time at least a millisecond later than before. Use it in one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._next = clock, clock()

    def __call__(self) -> datetime:
        """Return the current time, or a later one."""
        now = max(self._clock(), self._next)
        self._next = now + _STEP
        return now


def now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)
