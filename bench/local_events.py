"""Measure how fast the local cloud makes photos ready, and how much CPU it uses: `python -m bench.local_events`."""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.images import photo as make_photo
from tests.support.processes import cpu_seconds, emulator_processes, function_processes
from tests.support.rest import put, wait_until
from tests.support.service import Local

_THREADS = 4


def load(service: Local) -> dict[str, float]:
    """Return the CPU seconds that each kind of process of the local cloud has used."""
    names = ("api", "confirm_upload", "run_job")
    processes = {name: function_processes(service.port, name) for name in names}
    processes["emulator"] = emulator_processes(service.aws_port)
    return {name: cpu_seconds(pids) for name, pids in processes.items()}


def measure(photos: int, width: int, height: int) -> None:
    """Upload photos of one size, and print the rate and the load."""
    with tempfile.TemporaryDirectory() as folder:
        service = Local(Path(folder) / "data")
        try:
            token = service.sign_up(service.address("ann"))
            contents = [make_photo(width, height + number) for number in range(8)]
            with ThreadPoolExecutor(_THREADS) as threads:
                grants = list(threads.map(lambda _: service.grant(token), range(photos)))
                before, started = load(service), time.monotonic()
                numbers = range(photos)
                assert {*threads.map(lambda number: put(grants[number], contents[number % 8]), numbers)} == {200}
                uploaded = time.monotonic()
                wait_until(lambda: _ready(service, token) == photos, 600)
            ended = time.monotonic()
            used = {name: seconds - before.get(name, 0.0) for name, seconds in load(service).items()}
        finally:
            service.stop()
    print(
        f"{photos} photos of {width} x {height}: "
        f"uploaded in {uploaded - started:.1f} s, ready in {ended - started:.1f} s"
    )
    print(f"{photos / (ended - started):.1f} photos a second")
    for name, seconds in sorted(used.items(), key=lambda item: -item[1]):
        cores = seconds / (ended - started)
        print(f"  {name:<15} {1000 * seconds / photos:6.0f} ms of CPU per photo, {cores:4.0%} of a core")


def _ready(service: Local, token: str) -> int:
    count, last = 0, None
    while True:
        query = {"limit": 100, "order": "newest", "scope": "mine"} | ({"lastKey": last} if last else {})
        page = service.call("GET", "/photos", token=token, **query).json
        count += len(page["items"])
        if not (last := page["lastKey"]):
            return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    options = parser.parse_args()
    measure(options.photos, 640, 480)
    measure(options.photos, 4000, 3000)
