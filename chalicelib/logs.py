"""One JSON object a log line, so that nothing a caller sends can forge another."""

import logging

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter


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
