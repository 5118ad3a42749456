"""Each hostile file in a process of its own, that has limits and shows a good photo next."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import bombs, images
from tests.support.paths import ROOT

SECONDS, MEGABYTES = 2, 400

# The peak is set back after a first photo, which loads the decoders; getrusage's would begin with the parent's.
SCRIPT = """
import json, re, resource, sys, time
from pathlib import Path
from chalicelib import renditions

resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

def outcome(path, declared):
    try:
        renditions.render(Path(path).read_bytes(), declared)
    except renditions.Refused as refusal:
        return refusal.code
    return "ready"

_, good, hostile, declared = sys.argv
assert outcome(good, "image/jpeg") == "ready"
Path("/proc/self/clear_refs").write_text("5")
begun = time.process_time()
came = outcome(hostile, declared)
taken = time.process_time() - begun
peak = int(re.search("VmHWM:\\\\s*(\\\\d+)", Path("/proc/self/status").read_text())[1]) / 1000
print(json.dumps([came, taken, peak, outcome(good, "image/jpeg")]))
"""


class Hostile(NamedTuple):
    content: bytes
    declared: str
    outcome: str


def hostile() -> dict[str, Hostile]:
    found = {name: Hostile(*each) for name, each in bombs.bombs().items()}
    found |= {name: Hostile(*each, "ready") for name, each in bombs.defused().items()}
    found |= {name: Hostile(content, "image/jpeg", "NotAnImage") for name, content in images.IMPOSTORS.items()}
    for declared in ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic"):
        content = images.SMALL[declared]()
        found[f"half of {declared}"] = Hostile(content[: len(content) // 2], declared, "Truncated")
    found["animation without its control chunk"] = Hostile(images.png((b"fdAT", bytes(8))), "image/png", "ready")
    return found


HOSTILE = hostile()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_stays_within_limits_and_the_next_photo_is_rendered(name: str, tmp_path: Path) -> None:
    file = HOSTILE[name]
    (tmp_path / "good").write_bytes(images.SMALL["image/jpeg"]())
    (tmp_path / "hostile").write_bytes(file.content)
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "good", tmp_path / "hostile", file.declared],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    came, seconds, megabytes, next_photo = json.loads(ran.stdout)
    assert (came, next_photo) == (file.outcome, "ready")
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
