"""Faults in the calls to AWS and in the statements of a database, injected through the events of botocore."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

import msgspec
import psycopg
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from psycopg import errors as sql

from tests.support.policies import as_test_code

Mode = Literal["not sent", "answer lost", "throttled", "500", "killed", "killed after"]
"""`killed` ends the process before the call, and `killed after` ends it before it reads the answer."""

_COUNTING = Lock()

Answer = tuple[AWSResponse, dict[str, Any]]


class Killed(BaseException):
    """The process was killed. `except Exception` does not catch this, and nothing retries."""


class Fault(msgspec.Struct):
    """A fault in one call: the `at`-th call from now, counted from 0."""

    at: int
    mode: Mode
    calls: int = 0
    struck: str = ""
    """The operation that failed."""
    is_retried: bool = False
    """True if the stores retry the statement, because its connection was closed or its transaction conflicted."""

    def before(self, emitter: Any, model: Any, context: Any, **_: Any) -> Answer | None:
        """Handle the `before-call` event of botocore."""
        # Some calls run in several threads.
        with _COUNTING:
            context["call"] = self.calls
            self.calls += 1
        if context["call"] != self.at or self.mode in ("answer lost", "killed after"):
            return None
        self.struck = model.name
        if "connection" in context:
            self._fail_statement(context["connection"])
        if self.mode == "killed":
            raise Killed
        if self.mode == "not sent":
            return _raise_connection_error(emitter, model, EndpointConnectionError(endpoint_url="https://aws"))
        # S3 throttles by 503, and most other services by 400.
        return refusal(400, "RequestThrottled") if self.mode == "throttled" else refusal(500, "InternalServerError")

    def after(self, emitter: Any, model: Any, context: Any, **_: Any) -> None:
        """Handle the `after-call` event of botocore."""
        if context.get("call") != self.at or self.mode not in ("answer lost", "killed after"):
            return
        if "connection" in context:
            self.struck = model.name
            self._fail_statement(context["connection"])
        if self.mode == "killed after":
            self.struck = model.name
            raise Killed
        if self.mode == "answer lost":
            self.struck = model.name
            _raise_connection_error(emitter, model, ReadTimeoutError(endpoint_url="https://aws"))

    def _fail_statement(self, connection: psycopg.Connection[Any]) -> None:
        """Raise the error of a refused statement, or close its connection. A killed process loses its connections."""
        if self.mode == "500":
            raise sql.QueryCanceled("canceling statement due to statement timeout")
        self.is_retried = self.mode in ("not sent", "answer lost", "throttled")
        if self.mode == "throttled":
            raise sql.SerializationFailure("could not serialize access due to concurrent update")
        connection.close()
        if self.mode in ("killed", "killed after"):
            raise Killed
        raise psycopg.OperationalError("The connection was cut.")


def refusal(status: int, code: str, **more: Any) -> Answer:
    """Return an error response of AWS."""
    return AWSResponse("https://aws", status, HTTPHeaders(), None), {"Error": {"Code": code, "Message": code}, **more}


def _raise_connection_error(emitter: Any, model: Any, error: Exception) -> Answer:
    # botocore emits this event when it has no response after all retries.
    emitter.emit(
        f"after-call-error.{model.service_model.service_id.hyphenize()}.{model.name}", exception=error, context={}
    )
    raise AssertionError("the service did not handle the connection error")


@contextmanager
def striking(fault: Fault, *clients: Any) -> Iterator[Fault]:
    """Inject `fault` into the calls of `clients`."""

    def before(client: Any) -> Callable[..., Answer | None]:
        return lambda **event: fault.before(client.meta.events, **event)

    def after(client: Any) -> Callable[..., None]:
        return lambda **event: fault.after(client.meta.events, **event)

    with hooked("before-call", before, *clients), hooked("after-call", after, *clients):
        yield fault


@contextmanager
def hooked(event: str, make_handler: Callable[[Any], Callable[..., Any]], *clients: Any) -> Iterator[None]:
    """Register a handler for an event of each client. `make_handler` creates it from the client."""
    handlers = [(client.meta.events, as_test_code(make_handler(client))) for client in clients]
    for events, handler in handlers:
        events.register(event, handler)
    try:
        yield
    finally:
        for events, handler in handlers:
            events.unregister(event, handler)
