"""Run a local cloud under load while a worker is killed every 30 s and 1 % of the AWS calls fail. `make soak` runs it.

The last line of the output is a JSON object with the figures. The exit status is 1 if a check has failed.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from tests.support.arguments import parse_seconds
from tests.support.auditor import Audit, Source
from tests.support.paths import ROOT
from tests.support.processes import emulator_processes, function_processes
from tests.support.rest import environment
from tests.support.service import Local
from tests.support.soak.users import User

USERS = 4
KILL_INTERVAL = 30.0
SHARE_OF_FAILING_CALLS = 0.01
WORKERS = ("run_job", "confirm_upload", "api")
GROWTH_LIMIT = 1.1
"""The largest growth of the memory of a function from the second to the last quarter of the run, as a factor."""


class Memory:
    """Samples of the memory of each function in MB."""

    def __init__(self, local: Local) -> None:
        self._local = local
        self.samples: dict[str, list[float]] = {name: [] for name in (*WORKERS, "emulator")}

    def sample(self) -> None:
        """Sample all functions."""
        for name in WORKERS:
            self._add(name, function_processes(self._local.port, name))
        self._add("emulator", emulator_processes(self._local.aws_port))

    def _add(self, name: str, processes: list[int]) -> None:
        sizes = [size for process in processes if (size := _read_resident_mb(process))]
        if sizes:
            self.samples[name].append(max(sizes))

    def summarize(self) -> dict[str, tuple[float, float]]:
        """Return the medians of the second quarter of the run and of the last one."""
        quarters = {name: max(1, len(sizes) // 4) for name, sizes in self.samples.items()}
        return {
            name: (round(median(sizes[quarter : 2 * quarter] or sizes), 1), round(median(sizes[-quarter:]), 1))
            for name, sizes in self.samples.items()
            if (quarter := quarters[name]) and sizes
        }


def _read_resident_mb(process: int) -> float:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
    return 0.0


def run_load(local: Local, users: list[User], stop: threading.Event, seconds: float) -> tuple[Memory, int]:
    """Run the users, and kill one worker after another. Return the samples of memory and the number of kills."""
    memory, kills, end = Memory(local), 0, time.monotonic() + seconds
    next_kill = time.monotonic() + KILL_INTERVAL
    for user in users:
        user.start()
    while time.monotonic() < end:
        time.sleep(5)
        memory.sample()
        if time.monotonic() >= next_kill:
            next_kill += KILL_INTERVAL
            # Do not kill the API, because clients would lose their connections. On AWS, they would not.
            for process in function_processes(local.port, WORKERS[kills % 2])[:1]:
                os.kill(process, signal.SIGKILL)
            kills += 1
    stop.set()
    for user in users:
        user.join(180)
    return memory, kills


def wait_for_queues(local: Local, seconds: float = 1000) -> dict[str, int]:
    """Wait until no queue has a message. Return the messages of the queues that still have some.

    The message of a killed job returns to the queue after 15 minutes.
    """
    sqs, deadline = local.client("sqs"), time.monotonic() + seconds
    while True:
        waiting = {}
        for url in sqs.list_queues()["QueueUrls"]:
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            if number := sum(map(int, counts.values())):
                waiting[url.rpartition("/")[2]] = number
        if all(name.endswith("-dead") for name in waiting) or time.monotonic() > deadline:
            return waiting
        time.sleep(2)


def sweep(local: Local) -> None:
    """Run the sweep once, with its role."""
    command = [sys.executable, "-m", "local.functions", "sweep", str(local.port)]
    variables = environment() | local.build_environment("sweep")
    # The function ends when its standard input closes, so the pipe stays open until the function has ended.
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdin=subprocess.PIPE) as process:
        assert process.wait(300) == 0


def audit(local: Local) -> list[str]:
    """Return the violations that the auditor finds in the rows and objects."""
    os.environ |= local.build_environment("api") | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name in ("AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ.pop(name, None)
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    found = Audit(Source())
    # The sweep has to remove earlier renditions and the remains of erased photos only at a later time.
    due = [row["photoId"] for row in found.photos.values() if {"dueAt", "rotationDueAt", "sweepAt"} & row.keys()]
    return [
        f"{violation.kind}: {violation.text}"
        for violation in found.violations(now)
        if violation.kind == "lost" or not any(photo in violation.text for photo in due)
    ]


def soak(seconds: float, folder: Path) -> dict[str, Any]:
    """Run the load and all checks. Return the figures."""
    rate = folder / "rate"
    rate.write_text("0")
    local = Local(folder / "data", PYTHONPATH=str(ROOT / "tests/support/failing_calls"), FAILING_CALLS=str(rate))
    try:
        stop, shared = threading.Event(), {"photos": list[str]()}
        users = [User(local, number, shared, stop) for number in range(USERS)]
        rate.write_text(str(SHARE_OF_FAILING_CALLS))
        memory, kills = run_load(local, users, stop, seconds)
        rate.write_text("0")
        waiting = wait_for_queues(local)
        sweep(local)
        waiting = wait_for_queues(local) or waiting
        lost = [text for user in users for text in user.find_lost()]
        figures = memory.summarize()
        grown = [name for name in WORKERS if name in figures and figures[name][1] > GROWTH_LIMIT * figures[name][0]]
        return {
            "actions": sum((user.actions for user in users), Counter()),
            "statuses": sum((user.violations.statuses for user in users), Counter()),
            "photos": sum(len(user.photos) for user in users),
            "kills": kills,
            "messages left": waiting,
            "memory in MB, second and last quarter": figures,
            "grown": grown,
            "violations": [text for user in users for text in user.violations.texts],
            "lost": lost,
            "audit": audit(local),
        }
    finally:
        local.stop()


def main(seconds: float) -> int:
    """Run the soak, and print its figures."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = soak(seconds, Path(folder))
        finally:
            log = Path(folder, "local.log").read_text().splitlines()
            print("\n".join([line for line in log if "Traceback" in line or "ended with status" in line][-20:]))
    print(json.dumps(figures))
    return 1 if any(figures[name] for name in ("grown", "violations", "lost", "audit")) else 0


if __name__ == "__main__":
    sys.exit(main(parse_seconds("make soak", sys.argv[1:])))
