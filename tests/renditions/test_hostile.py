"""Render each hostile file in its own process, within limits, and render a valid photo after it."""

import multiprocessing
import re
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import NamedTuple

import pytest

from chalicelib import renditions
from tests.support import bombs, images
from tests.support.bombs import Bomb

SECONDS, MEGABYTES = 2, 400


class Measured(NamedTuple):
    outcome: str
    seconds: float
    megabytes: float
    next_outcome: str


def render(content: bytes, declared: str) -> str:
    try:
        renditions.render(content, declared)
    except renditions.Rejection as rejection:
        return rejection.code
    return "ready"


def measure(name: str) -> Measured:
    """Render a file in this process, which ends if that takes 20 seconds."""
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    hostile, good = HOSTILE[name], images.SMALL["image/jpeg"]()
    content = hostile.build()
    # The first photo loads the decoders. The peak of getrusage would start at that of the parent process.
    assert render(good, "image/jpeg") == "ready"
    Path("/proc/self/clear_refs").write_text("5")
    start = time.process_time()
    outcome = render(content, hostile.declared)
    seconds = time.process_time() - start
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    assert peak
    return Measured(outcome, seconds, int(peak[1]) / 1000, render(good, "image/jpeg"))


def collect_hostile_files() -> dict[str, Bomb]:
    files = bombs.bombs() | bombs.defused()
    for name, content in images.IMPOSTORS.items():
        files[name] = Bomb(partial(bytes, content), "image/jpeg", "NotAnImage")
    for declared in ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic"):
        files[f"truncated {declared}"] = Bomb(partial(cut_in_half, declared), declared, "Truncated")
    without_control = partial(images.png, (b"fdAT", bytes(8)))
    return files | {"animation without its control chunk": Bomb(without_control, "image/png", "ready")}


def cut_in_half(declared: str) -> bytes:
    content = images.SMALL[declared]()
    return content[: len(content) // 2]


HOSTILE = collect_hostile_files()


@pytest.fixture(scope="module")
def processes() -> BaseContext:
    """Create processes by forking a server that has imported everything, which saves a second for each."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_stays_within_limits_and_the_next_photo_is_rendered(processes: BaseContext, name: str) -> None:
    with ProcessPoolExecutor(1, mp_context=processes) as pool:
        measured = pool.submit(measure, name).result()
    assert (measured.outcome, measured.next_outcome) == (HOSTILE[name].outcome, "ready")
    assert measured.seconds < SECONDS
    assert measured.megabytes < MEGABYTES
