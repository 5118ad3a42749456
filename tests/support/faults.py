"""Faults on the way to AWS and back, by botocore's own events."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

import msgspec
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.support.policies import aside

Mode = Literal["not sent", "answer lost", "throttled", "500", "killed"]

_COUNTING = Lock()

Answer = tuple[AWSResponse, dict[str, Any]]


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no `except` and no retry."""


class Fault(msgspec.Struct):
    """Strikes one call of those that follow, the `at`-th, counted from 0."""

    at: int
    mode: Mode
    calls: int = 0
    struck: str = ""
    """The operation that it struck."""

    def before(self, emitter: Any, model: Any, context: Any, **_: Any) -> Answer | None:
        """botocore's `before-call`."""
        # Some calls run in several threads.
        with _COUNTING:
            context["call"] = self.calls
            self.calls += 1
        if context["call"] != self.at or self.mode == "answer lost":
            return None
        self.struck = model.name
        if self.mode == "killed":
            raise Killed
        if self.mode == "not sent":
            return _silence(emitter, model, EndpointConnectionError(endpoint_url="https://aws"))
        return refusal(503, "SlowDown") if self.mode == "throttled" else refusal(500, "InternalServerError")

    def after(self, emitter: Any, model: Any, context: Any, **_: Any) -> None:
        """botocore's `after-call`."""
        if context.get("call") == self.at and self.mode == "answer lost":
            self.struck = model.name
            _silence(emitter, model, ReadTimeoutError(endpoint_url="https://aws"))


def refusal(status: int, code: str, **more: Any) -> Answer:
    """An answer that is none."""
    return AWSResponse("https://aws", status, HTTPHeaders(), None), {"Error": {"Code": code, "Message": code}, **more}


def _silence(emitter: Any, model: Any, error: Exception) -> Answer:
    # What botocore does when no answer came, all retries included.
    emitter.emit(
        f"after-call-error.{model.service_model.service_id.hyphenize()}.{model.name}", exception=error, context={}
    )
    raise AssertionError("silence must be refused")


@contextmanager
def striking(fault: Fault, *clients: Any) -> Iterator[Fault]:
    """Have `fault` strike the calls of `clients`."""

    def before(client: Any) -> Callable[..., Answer | None]:
        return lambda **event: fault.before(client.meta.events, **event)

    def after(client: Any) -> Callable[..., None]:
        return lambda **event: fault.after(client.meta.events, **event)

    with hooked("before-call", before, *clients), hooked("after-call", after, *clients):
        yield fault


@contextmanager
def hooked(event: str, made: Callable[[Any], Callable[..., Any]], *clients: Any) -> Iterator[None]:
    """Have what `made` makes of each client handle an event of it."""
    handlers = [(client.meta.events, aside(made(client))) for client in clients]
    for events, handler in handlers:
        events.register(event, handler)
    try:
        yield
    finally:
        for events, handler in handlers:
            events.unregister(event, handler)
