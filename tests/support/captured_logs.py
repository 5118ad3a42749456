"""Capture the log in the format for Lambda."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.infra import logs


class CapturedLog:
    """The log of a block."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """The whole text."""
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The parsed lines. Every line must be a JSON object."""
        parsed = [json.loads(line) for line in self.text.removesuffix("\n").split("\n")] if self.text else []
        assert all(isinstance(line, dict) for line in parsed)
        return parsed


@contextmanager
def capture_log() -> Iterator[CapturedLog]:
    """Capture the log of the block, formatted as the service formats it for Lambda."""
    root, log = logging.getLogger(), CapturedLog()
    handlers, level = root.handlers, root.level
    root.handlers = [logging.StreamHandler(log.stream)]
    try:
        logs.configure()
        yield log
    finally:
        root.handlers = handlers
        root.setLevel(level)
