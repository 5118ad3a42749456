"""Run each Lambda function in a separate process with the credentials of its role.

`python -m local.functions FUNCTION PORT [LOG_FILE]` is one such process. The process ends when its standard input
closes, so it does not outlive its parent. The process of a scheduled function also ends when its work is done.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalice.local import LambdaContext

from local import events
from local.cloud import ACCOUNT, REGION, ROOT, Cloud, await_http
from local.data import CannotRun

log = logging.getLogger("local")

HOUR = 3600.0
"""The period of the schedules, in seconds."""
SCHEDULED = {"sweep": (256, 300_000), "reconcile": (1769, 900_000)}
"""The functions that a schedule starts, with their memory in MB and their time limit in milliseconds."""
_MIN_UPTIME = 10.0
_MAX_PAUSE = 30.0
"""Seconds. If a function repeatedly ends before `_MIN_UPTIME`, the pause before its restart doubles up to this."""
_STOP_LIMIT = 8.0


class Function:
    """A process of a function. `restart_if_ended` restarts it after a crash."""

    def __init__(self, cloud: Cloud, name: str, port: int, log_file: Path | None = None) -> None:
        """Start the process. It logs requests to the terminal if there is no `log_file`."""
        self.name = name
        # The process has another working directory.
        self._log_file = log_file.absolute() if log_file else ""
        self._cloud = cloud
        self._port = port
        self._crashes = 0
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        self._restart_at: float | None = None
        inherited_environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.functions", self.name, str(self._port), str(self._log_file)],
            cwd=ROOT,
            env=inherited_environment | self._cloud.build_environment(self.name),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Only the parent receives Ctrl-C, so the functions can finish their work.
        )

    def restart_if_ended(self) -> None:
        """Restart the process if it has ended. If it crashes repeatedly, wait before the restart."""
        if (status := self.process.poll()) is None:
            return
        if self._restart_at is None:
            is_repeated = time.monotonic() - self._started < _MIN_UPTIME
            self._crashes = self._crashes + 1 if is_repeated else 0
            pause = min(_MAX_PAUSE, 2.0**self._crashes - 1)
            log.error("The function %s ended with status %s. It starts again in %.0f s.", self.name, status, pause)
            self.request_stop()
            self._restart_at = time.monotonic() + pause
        if time.monotonic() >= self._restart_at:
            self._start()

    def request_stop(self) -> None:
        """Ask the process to finish its work and exit."""
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until the process has ended. Kill it at the deadline."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Schedule:
    """A function that starts every hour, unless its last run is still under way."""

    def __init__(self, name: str, create: Callable[[str], Function], first_run: float) -> None:
        """Start the function for the first time at `first_run` of the monotonic clock."""
        self._name, self._create, self._next_run = name, create, first_run
        self.running: Function | None = None

    def check(self, now: float) -> None:
        """Start the function if its time has come. Log an error if it has failed."""
        if self.running and (status := self.running.process.poll()) is not None:
            self.running.request_stop()
            self.running = None
            if status:
                log.error("The function %s ended with status %s. It will start again on schedule.", self._name, status)
        if now >= self._next_run and self.running is None:
            self._next_run = now + HOUR
            self.running = self._create(self._name)


class Functions:
    """All functions: `confirm_upload` once per core, the others once."""

    def __init__(self, cloud: Cloud, port: int, log_file: Path | None = None) -> None:
        events.prepare_queues(cloud)
        if log_file:
            log_file.write_bytes(b"")
        self._cloud = cloud
        self._port = port
        self._log_file = log_file
        started = time.monotonic()
        # The sweep also starts at once, to finish what the end of the local cloud has interrupted.
        first_runs = {"sweep": started, "reconcile": started + HOUR}
        self._schedules = [Schedule(name, self._create, first_runs[name]) for name in SCHEDULED]
        self._running = [self._create("api")]

    def _create(self, name: str) -> Function:
        return Function(self._cloud, name, self._port, self._log_file)

    def start_others(self) -> None:
        """Wait until the API answers, then start the other functions.

        Raises:
            CannotRun: the API does not answer.
        """
        if not await_http(f"http://127.0.0.1:{self._port}/health", self._running[0].process):
            raise CannotRun("The API does not start. See the error above.")
        names = ["run_job", *["confirm_upload"] * (os.cpu_count() or 1)]
        self._running += [self._create(name) for name in names]

    def supervise(self) -> None:
        """Restart crashed functions, and start each scheduled function every hour, until ministack ends."""
        while self._cloud.process.poll() is None:
            for function in self._running:
                function.restart_if_ended()
            for schedule in self._schedules:
                schedule.check(time.monotonic())
            time.sleep(0.2)

    def stop(self) -> None:
        """End all processes."""
        running = [*self._running, *(schedule.running for schedule in self._schedules if schedule.running)]
        deadline = time.monotonic() + _STOP_LIMIT
        for function in running:
            function.request_stop()
        for function in running:
            function.wait_or_kill(deadline)


def main(name: str, port: str, log_file: str = "") -> None:
    """Run one function until standard input closes. Run a scheduled function once, or until standard input closes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    import app

    if log_file:
        _log_to_file(log_file)
    if name in SCHEDULED:
        threading.Thread(target=_exit_with_parent, daemon=True).start()
        getattr(app, name)(_build_schedule_event(), LambdaContext(name, *SCHEDULED[name]))
        return
    stop = _start_handler(name, app, int(port))
    _await_end_of_input()
    stop()


def _log_to_file(log_file: str) -> None:
    """Write the log to a file. Write warnings and errors to the terminal too."""
    root = logging.getLogger()
    (terminal,) = root.handlers
    terminal.setLevel(logging.WARNING)
    file = logging.FileHandler(log_file)
    file.setFormatter(terminal.formatter)
    root.addHandler(file)


def _await_end_of_input() -> None:
    while os.read(0, 1024):
        pass


def _exit_with_parent() -> None:
    _await_end_of_input()
    os._exit(1)


def _start_handler(name: str, app: Any, port: int) -> Callable[[], None]:
    from chalicelib.infra.settings import load_settings
    from local import server

    if name == "api":
        return server.serve(app.app, load_settings(), port).close
    return (events.start_job_worker if name == "run_job" else events.start_upload_worker)(app).stop


def _build_schedule_event() -> dict[str, Any]:
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
