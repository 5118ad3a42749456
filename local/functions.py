"""Run the Lambda functions, each in a process of its own with the credentials of its role.

`python -m local.functions FUNCTION PORT` is one such process. It ends when its standard input closes, so that no
process outlives its parent.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalice.local import LambdaContext

from local import events
from local.cloud import ACCOUNT, REGION, ROOT, CannotRun, Cloud, await_http

log = logging.getLogger("local")

_HOUR = 3600.0
_STARTED_BADLY = 10.0
"""Seconds. A process that ends sooner would end again."""
_STOP_LIMIT = 8.0


class Function:
    """A process of a function, started again if it crashes."""

    def __init__(self, cloud: Cloud, name: str, port: int) -> None:
        self.name = name
        self._cloud = cloud
        self._port = port
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.functions", self.name, str(self._port)],
            cwd=ROOT,
            env=inherited | self._cloud.environment_of(self.name),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which lets the functions end their work.
        )

    def check(self) -> None:
        """Start the process again if it has ended.

        Raises:
            CannotRun: the process ended soon after its start.
        """
        if (status := self.process.poll()) is None:
            return
        if time.monotonic() - self._started < _STARTED_BADLY:
            raise CannotRun(f"The function {self.name} does not start: see the error above.")
        log.error("The function %s ended with status %s. It is started again.", self.name, status)
        self._close()
        self._start()

    def begin_to_stop(self) -> None:
        """Ask the process to end its work and then itself."""
        self._close()

    def stop(self, deadline: float) -> None:
        """Wait until the process has ended. Kill it at the deadline."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _close(self) -> None:
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


class Functions:
    """All functions: `confirm_upload` once per core, the others once."""

    def __init__(self, cloud: Cloud, port: int) -> None:
        events.prepare_queues(cloud)
        self._cloud = cloud
        self._port = port
        self._next_sweep = time.monotonic()
        self._sweep: Function | None = None
        self._running = [Function(cloud, "api", port)]

    def await_api(self) -> None:
        """Wait until the API answers, and start the other functions.

        Raises:
            CannotRun: the API does not answer.
        """
        if not await_http(f"http://127.0.0.1:{self._port}/health", self._running[0].process):
            raise CannotRun("The API does not start: see the error above.")
        names = ["run_job", *["confirm_upload"] * (os.cpu_count() or 1)]
        self._running += [Function(self._cloud, name, self._port) for name in names]

    def supervise(self) -> None:
        """Start crashed functions again, and sweep every hour, until ministack ends."""
        while self._cloud.process.poll() is None:
            for function in self._running:
                function.check()
            if time.monotonic() >= self._next_sweep:
                self._next_sweep = time.monotonic() + _HOUR
                self._sweep = Function(self._cloud, "sweep", self._port)
            time.sleep(0.2)

    def stop(self) -> None:
        """End all processes."""
        running = [*self._running, *([self._sweep] if self._sweep else [])]
        deadline = time.monotonic() + _STOP_LIMIT
        for function in running:
            function.begin_to_stop()
        for function in running:
            function.stop(deadline)


def main(name: str, port: str) -> None:
    """Run one function: `sweep` once, any other until standard input closes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    import app

    if name == "sweep":
        app.sweep(_tick(), LambdaContext("sweep", 256, 300_000))
        return
    stop = _started(name, app, int(port))
    while os.read(0, 1024):
        pass
    stop()


def _started(name: str, app: Any, port: int) -> Callable[[], None]:
    from chalicelib.infra.settings import load_settings
    from local import server

    if name == "api":
        return server.serve(app.app, load_settings(), port).close
    return (events.run_jobs if name == "run_job" else events.confirm_uploads)(app).stop


def _tick() -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": {},
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
