"""Write each log record as one JSON line. Text from a client cannot forge another record (log injection)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

log = logging.getLogger(__name__)


@contextmanager
def log_failure(message: str, **fields: str) -> Iterator[None]:
    """Log an exception of the `with` block with these fields, and re-raise it. Lambda's own log line has no fields."""
    try:
        yield
    except Exception:
        log.exception(message, extra=fields)
        raise


def configure(level: int = logging.INFO) -> None:
    """Configure every logger of the process to write JSON lines."""
    root = logging.getLogger()
    # Lambda adds its own handler to the root logger. Reuse it.
    handler = root.handlers[0] if root.handlers else logging.StreamHandler()
    handler.setFormatter(LambdaPowertoolsFormatter(utc=True))
    root.handlers = [handler]
    root.setLevel(level)
    # At INFO, botocore logs the source of its credentials.
    logging.getLogger("botocore").setLevel(logging.WARNING)
