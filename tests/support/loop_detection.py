"""A fake of Lambda's recursive loop detection, which no emulator has.

If a function sends a message while it handles another one, the chain of messages grows by one round. Lambda stops the
chain after about 16 rounds, and moves the message to the dead-letter queue.
"""

from datetime import UTC, datetime

from tests.support.cloud import Cloud
from tests.support.sweeps import drain_queue

MAX_ROUNDS = 16


class LoopDetection:
    """Deliver the messages of the job queue as Lambda does."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.dead: list[str] = []
        """The messages that Lambda stopped."""

    def run_until_idle(self) -> None:
        """Run all queued jobs, and the jobs that they enqueue."""
        pending = [(body, 1) for body in drain_queue(self._cloud)]
        while pending:
            body, depth = pending.pop(0)
            if depth > MAX_ROUNDS:
                self.dead.append(body)
                continue
            self._cloud.work(body, datetime.now(UTC))
            pending += [(sent, depth + 1) for sent in drain_queue(self._cloud)]
