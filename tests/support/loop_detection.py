"""A fake of Lambda's recursive loop detection, which no emulator has.

If a function sends a message while it handles another one, the chain of messages grows by one round. Lambda stops the
chain after about 16 rounds, and moves the message to the dead-letter queue.
"""

from datetime import UTC, datetime, timedelta

from tests.support.cloud import Cloud
from tests.support.sweeps import drain_queue

MAX_ROUNDS = 16


class LoopDetection:
    """Deliver the messages of the job queue as Lambda does."""

    def __init__(self, cloud: Cloud, max_rounds: int = MAX_ROUNDS) -> None:
        self._cloud, self._max_rounds = cloud, max_rounds
        self.handled: list[str] = []
        """The bodies of the messages that a job handled."""
        self.dead: list[str] = []
        """The messages that Lambda stopped."""
        self.delay = timedelta()
        """The time from now until the jobs run."""

    @property
    def now(self) -> datetime:
        """The time at which the jobs run."""
        return datetime.now(UTC) + self.delay

    def run_until_idle(self) -> None:
        """Run all queued jobs, and the jobs that they enqueue."""
        pending = [(body, 1) for body in drain_queue(self._cloud)]
        while pending:
            body, depth = pending.pop(0)
            if depth > self._max_rounds:
                self.dead.append(body)
                continue
            self._cloud.work(body, self.now)
            self.handled.append(body)
            pending += [(sent, depth + 1) for sent in drain_queue(self._cloud)]
