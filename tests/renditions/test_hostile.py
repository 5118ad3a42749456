"""Render each hostile file in its own process, within limits, and render a valid photo after it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import bombs, images
from tests.support.paths import ROOT

SECONDS, MEGABYTES = 2, 400

# The script resets the memory peak after the first photo, which loads the decoders. It does not use getrusage, whose
# peak starts at that of the parent process.
SCRIPT = """
import json, re, resource, sys, time
from pathlib import Path
from chalicelib import renditions

resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

def outcome(path, declared):
    try:
        renditions.render(Path(path).read_bytes(), declared)
    except renditions.Rejection as rejection:
        return rejection.code
    return "ready"

_, good, hostile, declared = sys.argv
assert outcome(good, "image/jpeg") == "ready"
Path("/proc/self/clear_refs").write_text("5")
start = time.process_time()
hostile_outcome = outcome(hostile, declared)
seconds = time.process_time() - start
peak = int(re.search("VmHWM:\\\\s*(\\\\d+)", Path("/proc/self/status").read_text())[1]) / 1000
print(json.dumps([hostile_outcome, seconds, peak, outcome(good, "image/jpeg")]))
"""


class Hostile(NamedTuple):
    content: bytes
    declared: str
    outcome: str


def collect_hostile_files() -> dict[str, Hostile]:
    files = {name: Hostile(*bomb) for name, bomb in bombs.bombs().items()}
    files |= {name: Hostile(*bomb, "ready") for name, bomb in bombs.defused().items()}
    files |= {name: Hostile(content, "image/jpeg", "NotAnImage") for name, content in images.IMPOSTORS.items()}
    for declared in ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic"):
        content = images.SMALL[declared]()
        files[f"truncated {declared}"] = Hostile(content[: len(content) // 2], declared, "Truncated")
    files["animation without its control chunk"] = Hostile(images.png((b"fdAT", bytes(8))), "image/png", "ready")
    return files


HOSTILE = collect_hostile_files()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_stays_within_limits_and_the_next_photo_is_rendered(name: str, tmp_path: Path) -> None:
    file = HOSTILE[name]
    (tmp_path / "good").write_bytes(images.SMALL["image/jpeg"]())
    (tmp_path / "hostile").write_bytes(file.content)
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "good", tmp_path / "hostile", file.declared],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    outcome, seconds, megabytes, next_photo = json.loads(result.stdout)
    assert (outcome, next_photo) == (file.outcome, "ready")
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
