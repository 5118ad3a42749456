"""Read what the emulator decided about the permissions of each function's role."""

import json
from pathlib import Path
from typing import NamedTuple


class Decision(NamedTuple):
    """One check of one permission."""

    role: str
    action: str
    resource: str
    allowed: bool


class Decisions:
    """The decisions that an emulator logs to a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def read_new(self) -> list[Decision]:
        """Return the decisions since the last call."""
        if not self._file.exists():
            return []
        with self._file.open() as log:
            log.seek(self._read)
            # The last line may be incomplete.
            complete, _, _ = log.read().rpartition("\n")
        self._read += len(complete.encode()) + 1 if complete else 0
        return [Decision(**json.loads(line)) for line in complete.splitlines()]
