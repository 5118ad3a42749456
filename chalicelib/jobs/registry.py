"""The registry of background jobs: pass each message to its job, and enqueue the work that is due."""

import logging
from typing import Any, Protocol

from chalicelib.domain.messages import Message
from chalicelib.infra import logs
from chalicelib.jobs.queue import decode_message
from chalicelib.stores.backend import ExpiredRows

log = logging.getLogger(__name__)


class Job(Protocol):
    """A background job. Jobs must be idempotent, because SQS can deliver a message more than once. AWS contract SQS-1.

    A job must not enqueue its own continuation, because Lambda stops such loops after about 16 rounds. Instead, the job
    loops inside one invocation until its time budget is spent, and stores its progress. The sweep enqueues the job
    again. AWS contract LAM-4.
    """

    @property
    def message_type(self) -> type[Message]:
        """Return the message type of this job."""

    def handle(self, message: Any) -> None:
        """Process one message.

        Raises:
            Busy: the work could not be completed. SQS delivers the message again.
        """

    def sweep(self) -> int:
        """Enqueue a message for each item that is due, and return the number of messages."""


class Jobs:
    """All background jobs."""

    def __init__(self, *jobs: Job, expired_rows: ExpiredRows) -> None:
        self._expired_rows = expired_rows
        self._jobs = {job.message_type: job for job in jobs}

    def handle(self, body: str) -> None:
        """Decode the body of an SQS message and run its job. Log failures with the message."""
        with logs.log_failure("a job failed", job=body):
            message = decode_message(body)
            self._jobs[type(message)].handle(message)

    def sweep(self) -> int:
        """Run the sweep of every job, delete expired rows, and return the number of messages.

        If one sweep fails, continue with the others.

        Raises:
            ExceptionGroup: some sweeps failed. Lambda then retries them all.
        """
        count = 0
        failures: list[Exception] = []
        sweeps = {job.message_type.__name__: job.sweep for job in self._jobs.values()}
        for name, sweep in (sweeps | {"ExpiredRows": self._delete_expired_rows}).items():
            try:
                count += sweep()
            except Exception as error:
                log.exception("a sweep failed", extra={"job": name})
                failures.append(error)
        if failures:
            raise ExceptionGroup("some sweeps failed", failures)
        return count

    def _delete_expired_rows(self) -> int:
        if deleted := self._expired_rows.delete():
            log.info("expired rows were deleted", extra={"rows": deleted})
        return 0
