"""One JSON object a log line, so that nothing a caller sends can forge another."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

log = logging.getLogger(__name__)


@contextmanager
def failure(message: str, **facts: str) -> Iterator[None]:
    """Have whatever fails within leave a line with these facts, before Lambda writes its own without them."""
    try:
        yield
    except Exception:
        log.exception(message, extra=facts)
        raise


def configure(level: int = logging.INFO) -> None:
    """Make every logger of the process write JSON lines."""
    root = logging.getLogger()
    # Lambda has put a handler of its own there.
    handler = root.handlers[0] if root.handlers else logging.StreamHandler()
    handler.setFormatter(LambdaPowertoolsFormatter(utc=True))
    root.handlers = [handler]
    root.setLevel(level)
    # At INFO botocore tells where it found its credentials.
    logging.getLogger("botocore").setLevel(logging.WARNING)
