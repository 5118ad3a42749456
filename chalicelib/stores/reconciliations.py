"""Storage contract of the progress of the reconciliation. The rules in `protocols` apply."""

from typing import Protocol

from msgspec import field

from chalicelib.domain.ids import Timestamp
from chalicelib.domain.model import Model


class Run(Model, frozen=True):
    """The progress of the latest run. A run that was interrupted resumes from it."""

    options: str
    """The options of the run as JSON. A run with other options starts from the beginning."""
    started_at: Timestamp
    finished_at: Timestamp | None = None
    repairs: bool = False
    """True once the run repairs. A run that repairs first reports everything."""
    part: int = 0
    """The number of the current pass."""
    start: str | None = None
    """The cursor of the next page of the pass, or None for the first page."""
    found: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    examined: dict[str, int] = field(default_factory=dict)
    """The number of rows and objects by pass."""
    limited: dict[str, int] = field(default_factory=dict)
    """The number of findings by pass whose repair deletes something or rebuilds a row."""
    has_lost_rows: bool = False
    """True if a lost row could not be rebuilt."""


class RunStore(Protocol):
    """The latest run of the reconciliation, and a lease, so that at most one process works on the run."""

    def get_run(self) -> Run | None:
        """Return the latest run, or None if there was none."""

    def acquire(self, holder: str, until: int) -> bool:
        """Acquire or extend the lease until a time in Unix seconds. Return False if another process has it."""

    def store(self, run: Run, holder: str, until: int) -> bool:
        """Store the progress and extend the lease. Return False and change nothing if another process has the lease."""

    def release(self, holder: str) -> None:
        """Release the lease. Do nothing if another process has it."""
