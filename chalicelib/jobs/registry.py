"""The registry of background jobs: deliver each message to its job, and enqueue what is due."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from chalicelib.domain.messages import Message
from chalicelib.infra import logs
from chalicelib.jobs.queue import decode_message

log = logging.getLogger(__name__)


class Job(Protocol):
    """A background job. A message may be delivered more than once, so jobs are idempotent. AWS contract SQS-1.

    A job never enqueues its own continuation: Lambda stops such loops after about 16 rounds. It loops inside one
    invocation up to a time budget, stores its progress, and is resumed by a message of the sweep. AWS contract LAM-4.
    """

    @property
    def message_type(self) -> type[Message]:
        """Return the type of the messages that this job handles."""

    def handle(self, message: Any) -> None:
        """Do the work of one message.

        Raises:
            Busy: the work could not be completed. SQS delivers the message again.
        """

    def sweep(self) -> int:
        """Enqueue a message for everything that is due, and return the number of messages."""


class Jobs:
    """All background jobs."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = {job.message_type: job for job in jobs}

    def handle(self, body: str) -> None:
        """Decode the body of an SQS message, and run its job. Log a failure with the message."""
        with logs.failure("a job failed", job=body):
            message = decode_message(body)
            self._jobs[type(message)].handle(message)

    def sweep(self) -> int:
        """Enqueue everything that is due, and return the number of messages. A failing job does not stop the others.

        Raises:
            ExceptionGroup: the failures, so that Lambda runs the sweep again.
        """
        count = 0
        failures: list[Exception] = []
        for job in self._jobs.values():
            try:
                count += job.sweep()
            except Exception as error:
                log.exception("a sweep failed", extra={"job": job.message_type.__name__})
                failures.append(error)
        if failures:
            raise ExceptionGroup("some sweeps failed", failures)
        return count
