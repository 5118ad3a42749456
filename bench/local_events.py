"""How fast the local cloud makes photos ready, and which process limits it: `python -m bench.local_events`."""

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.images import photo as make_photo
from tests.support.rest import put, wait_until
from tests.support.service import Local

_THREADS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds() -> dict[str, float]:
    """Return the CPU seconds that each kind of process of the local cloud has used."""
    used: dict[str, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if "local.functions" in words:
            name = words[words.index("local.functions") + 1]
        elif "local.emulator" in words:
            name = "emulator"
        else:
            continue
        used[name] = used.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / _TICKS
    return used


def measure(photos: int, width: int, height: int) -> None:
    """Upload photos of one size, and print the rate and the load."""
    with tempfile.TemporaryDirectory() as folder:
        service = Local(Path(folder) / "data")
        try:
            token = service.sign_up(service.address("ann"))
            contents = [make_photo(width, height + number) for number in range(8)]
            with ThreadPoolExecutor(_THREADS) as threads:
                grants = list(threads.map(lambda _: service.grant(token), range(photos)))
                before, begun = cpu_seconds(), time.monotonic()
                numbers = range(photos)
                assert {*threads.map(lambda number: put(grants[number], contents[number % 8]), numbers)} == {200}
                uploaded = time.monotonic()
                wait_until(lambda: _ready(service, token) == photos, 600)
            ended = time.monotonic()
            used = {name: seconds - before.get(name, 0.0) for name, seconds in cpu_seconds().items()}
        finally:
            service.stop()
    print(
        f"{photos} photos of {width} x {height}: uploaded in {uploaded - begun:.1f} s, ready in {ended - begun:.1f} s"
    )
    print(f"{photos / (ended - begun):.1f} photos a second")
    for name, seconds in sorted(used.items(), key=lambda one: -one[1]):
        load = seconds / (ended - begun)
        print(f"  {name:<15} {1000 * seconds / photos:6.0f} ms of CPU per photo, {load:4.0%} of a core")


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
