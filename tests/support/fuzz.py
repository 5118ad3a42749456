"""Render mutated photos for a number of seconds: `python -m tests.support.fuzz SECONDS`.

The service must render or refuse each photo. Otherwise the program keeps the photo and exits with 1. Each process saves
a photo before it opens the photo, so that the photo of a crash is not lost.
"""

import json
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from chalicelib import renditions
from tests.support import canaries, ends, heif_builder, images, metadata_blocks, mutation, tiff_variants
from tests.support.arguments import parse_seconds
from tests.support.encodings import encode_quadrants
from tests.support.shown_colours import P3_CHROMATICITIES, add_chunks

SECONDS_EACH, MEGABYTES_EACH = 10, 1_400
"""The limits of one photo. The small photos here need far less, and the Lambda function has more."""
ROUND = 60


def samples() -> list[tuple[str, bytes]]:
    """Return valid photos and unusual photos, with their types."""
    unusual = [(declared, content) for content, declared in images.polyglots().values()]
    unusual += [(declared, content) for _, declared, content in canaries.everywhere()]
    unusual += metadata_blocks.rich_photos()
    encodings = [(f"image/{format.lower()}", content) for _, format, content in encode_quadrants()]
    unusual += [("image/tiff", content) for _, content in tiff_variants.everything()]
    unusual += [("image/jpeg", content) for content in ends.jpegs_with_a_warning().values()]
    return [*((declared, make()) for declared, make in images.SMALL.items()), *encodings, *unusual, *_coloured()]


def _coloured() -> list[tuple[str, bytes]]:
    """Return photos with colours that are named without a profile."""
    png = images.encoded(images.quadrants(), "PNG")
    gamma, primaries = struct.pack(">I", 55_556), struct.pack(">8I", *P3_CHROMATICITIES)
    tiles = ((b"dimg", 1, (2, 3)), (b"auxl", 4, (2,)))
    files = []
    for declared, tile in (("image/avif", heif_builder.av1()), ("image/heic", heif_builder.hevc())):
        for transfer in (13, 16, 18):
            tile = replace(tile, properties=(*tile.properties[:3], heif_builder.nclx(9, transfer)))
            alpha = replace(tile, properties=(*tile.properties, heif_builder.auxiliary(heif_builder.ALPHA)))
            items = (heif_builder.grid(1, 2), tile, tile, alpha)
            brands = (declared[6:].encode(), b"mif1", b"tmap")
            files.append((declared, heif_builder.File(items, tiles, brands).encode()))
    return [
        ("image/png", add_chunks(png, (b"gAMA", gamma), (b"cHRM", primaries))),
        ("image/png", add_chunks(png, (b"cICP", bytes((9, 16, 0, 1))))),
        *files,
    ]


def render_mutants(seed: int, seconds: float, current: Path) -> None:
    """Mutate and render photos, and print the results as JSON."""
    rng, photos = random.Random(seed), samples()
    by_type: dict[str, list[bytes]] = {}
    for declared, content in photos:
        by_type.setdefault(declared, []).append(content)
    outcomes: Counter[str] = Counter()
    slowest = largest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        declared = rng.choice(sorted(by_type))
        content = mutation.mutated(rng.choice(by_type[declared]), by_type[declared], rng)
        current.write_bytes(content)
        started = time.process_time()
        outcomes[f"{declared} {render(content, declared)}"] += 1
        slowest = max(slowest, time.process_time() - started)
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    largest = int(peak[1]) / 1000 if peak else 0
    print(json.dumps({"outcomes": outcomes, "slowest": slowest, "largest": largest}))


def render(content: bytes, declared: str) -> str:
    """Render a photo. Return `ready`, or the code of the refusal."""
    try:
        rendered = renditions.render(content, declared)
    except renditions.Rejection as refusal:
        return refusal.code
    assert set(rendered.renditions) == {"256", "1024", "2048", "full"}
    assert rendered.width >= 1 <= rendered.height
    return "ready"


def run_child(seed: int, seconds: float, current: Path) -> tuple[dict[str, Any], str]:
    """Run a process that renders mutants. Return its results and an error, which is empty on success."""
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
    # The photo of an earlier child would look like one that takes too long.
    current.unlink(missing_ok=True)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    written, unchanged_for = 0, 0
    while running.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            running.wait(1)
        before, written = written, current.stat().st_mtime_ns if current.exists() else 0
        # Count the waits: if the machine stops for a while, its clock jumps.
        unchanged_for = unchanged_for + 1 if written and written == before else 0
        if unchanged_for >= SECONDS_EACH and running.poll() is None:
            running.kill()
            running.communicate()
            return {}, f"over {SECONDS_EACH} s"
    output, errors = running.communicate()
    if running.returncode:
        return {}, errors.strip().rpartition("\n")[2] or f"ended by signal {-running.returncode}"
    results = json.loads(output)
    is_too_large = results["largest"] > MEGABYTES_EACH
    return results, f"{results['largest']:.0f} MB" if is_too_large else ""


def main(seconds: float) -> int:
    faults, outcomes = 0, Counter[str]()
    slowest = largest = 0.0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        for seed in count(time.time_ns()):
            remaining = end - time.monotonic()
            if remaining <= 0:
                break
            current = Path(folder, "photo")
            results, fault = run_child(seed, min(remaining, ROUND), current)
            if fault:
                copy = Path(tempfile.gettempdir(), f"photoshare-fuzz-{seed}")
                copy.write_bytes(current.read_bytes() if current.exists() else b"")
                print(f"seed {seed}: {fault}; kept as {copy}", flush=True)
                faults += 1
            outcomes.update(results.get("outcomes", {}))
            slowest, largest = max(slowest, results.get("slowest", 0)), max(largest, results.get("largest", 0))
    for name, times in sorted(outcomes.items()):
        print(f"{times:>9,} {name}")
    print(f"{outcomes.total():>9,} in {seconds:.0f} s; slowest photo {slowest:.2f} s, peak memory {largest:.0f} MB")
    print(f"{faults:>9,} faults")
    return 1 if faults or not outcomes else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        render_mutants(int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
    else:
        raise SystemExit(main(parse_seconds("make fuzz", sys.argv[1:])))
