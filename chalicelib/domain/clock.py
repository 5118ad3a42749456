"""The clock of the use cases."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Return the current time with its time zone."""
