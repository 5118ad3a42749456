"""Mutated photos until the time is over: `python -m tests.support.fuzz SECONDS`.

Each is rendered or refused; anything else ends the program with 1, and the file that did it is kept. A process that
crashes or hangs takes its photo along, so it writes down each before it opens it.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from chalicelib import renditions
from tests.support import canaries, images, mutation
from tests.support.encodings import encode_quadrants

SECONDS_EACH, MEGABYTES_EACH = 10, 1_400
"""What a photo may cost: far more than these small ones do, and less than the function has."""
ROUND = 60


def samples() -> list[tuple[str, bytes]]:
    """Sound photos, and ones that are already odd."""
    odd = [(declared, content) for content, declared in images.polyglots().values()]
    odd += [(declared, content) for _, declared, content in canaries.everywhere()]
    kind = [(f"image/{format.lower()}", content) for _, format, content in encode_quadrants()]
    return [*((declared, make()) for declared, make in images.SMALL.items()), *kind, *odd]


def child(seed: int, seconds: float, current: Path) -> None:
    """Mutate and render; at the end say what came of it."""
    chance, photos = random.Random(seed), samples()
    by_type: dict[str, list[bytes]] = {}
    for declared, content in photos:
        by_type.setdefault(declared, []).append(content)
    outcomes: Counter[str] = Counter()
    slowest = largest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        declared = chance.choice(sorted(by_type))
        content = mutation.mutated(chance.choice(by_type[declared]), by_type[declared], chance)
        current.write_bytes(content)
        begun = time.process_time()
        outcomes[f"{declared} {outcome(content, declared)}"] += 1
        slowest = max(slowest, time.process_time() - begun)
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    largest = int(found[1]) / 1000 if found else 0
    print(json.dumps({"outcomes": outcomes, "slowest": slowest, "largest": largest}))


def outcome(content: bytes, declared: str) -> str:
    """The refusal, or `ready`; whatever else is raised ends the child."""
    try:
        rendered = renditions.render(content, declared)
    except renditions.Refused as refusal:
        return refusal.code
    assert set(rendered.renditions) == {"256", "1024", "2048", "full"}
    assert rendered.width >= 1 <= rendered.height
    return "ready"


def watched(seed: int, seconds: float, current: Path) -> tuple[dict[str, Any], str]:
    """What a child found, and what went wrong with it."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.support.fuzz",
        "--child",
        str(seed),
        str(seconds),
        str(current),
    ]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while running.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            running.wait(1)
        if current.exists() and time.time() - current.stat().st_mtime > SECONDS_EACH and running.poll() is None:
            running.kill()
            running.communicate()
            return {}, f"over {SECONDS_EACH} s"
    said, errors = running.communicate()
    if running.returncode:
        return {}, errors.strip().rpartition("\n")[2] or f"ended by signal {-running.returncode}"
    found = json.loads(said)
    over = found["largest"] > MEGABYTES_EACH
    return found, f"{found['largest']:.0f} MB" if over else ""


def main(seconds: float) -> int:
    faults, outcomes = 0, Counter[str]()
    slowest = largest = 0.0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        for seed in count(time.time_ns()):
            left = end - time.monotonic()
            if left <= 0:
                break
            current = Path(folder, "photo")
            found, fault = watched(seed, min(left, ROUND), current)
            if fault:
                kept = Path(tempfile.gettempdir(), f"photoshare-fuzz-{seed}")
                kept.write_bytes(current.read_bytes() if current.exists() else b"")
                print(f"seed {seed}: {fault}; kept as {kept}", flush=True)
                faults += 1
            outcomes.update(found.get("outcomes", {}))
            slowest, largest = max(slowest, found.get("slowest", 0)), max(largest, found.get("largest", 0))
    for name, times in sorted(outcomes.items()):
        print(f"{times:>9,} {name}")
    print(f"{outcomes.total():>9,} in {seconds:.0f} s; longest {slowest:.2f} s, most memory {largest:.0f} MB")
    print(f"{faults:>9,} faults")
    return 1 if faults or not outcomes else 0


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
    else:
        raise SystemExit(main(float(sys.argv[1])))
