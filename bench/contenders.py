"""Several ways in Python to make three renditions of a photo. One of them is the service's.

The program reads requests from standard input, one JSON line each: `{"way", "photo", "into", "copy"}`.
It prints `{"cpu", "peak"}`: CPU seconds, and the peak memory of this process in MB.
"""

import io
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pi_heif
from PIL import Image, ImageOps

from chalicelib import renditions

SIDES = (2048, 1024, 256)
QUALITY = 80

type Result = tuple[list[bytes], float]
"""The renditions, the largest first, and the CPU seconds."""


def ours(content: bytes) -> Result:
    """Make everything that the service makes, including metadata, placeholder and full-size copy."""
    started = time.process_time()
    rendered = renditions.render(content, renditions.sniff(content) or "")
    seconds = time.process_time() - started
    return [rendered.renditions[str(side)].content for side in SIDES], seconds


def naive(content: bytes) -> Result:
    """Use Pillow in the simplest way."""
    started, files = time.process_time(), []
    for side in SIDES:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        files.append(_encode(image, "WEBP"))
    return files, time.process_time() - started


def tuned(content: bytes) -> Result:
    """Use all optimisations of Pillow: shrink on load, one decode, a chain, a box filter, and the service's efforts."""
    started, files = time.process_time(), []
    source = Image.open(io.BytesIO(content))
    source.draft("RGB", (SIDES[0], SIDES[0]))
    image = ImageOps.exif_transpose(source).convert("RGB")
    for side in SIDES:
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        files.append(_encode(image, "WEBP", method=4 if side == SIDES[-1] else 2))
    return files, time.process_time() - started


def floor(content: bytes) -> Result:
    """Count only libjpeg-turbo: the smallest decode that suffices for the largest rendition, and three encodes."""
    return _floor(content, "JPEG")


def webp_floor(content: bytes) -> Result:
    """Count the same decode, and the encodes in the format and with the efforts of the service."""
    return _floor(content, "WEBP")


def _floor(content: bytes, format: str) -> Result:
    started, files = time.process_time(), []
    image = Image.open(io.BytesIO(content))
    long = max(image.size)
    shrink = max((n for n in (1, 2, 4, 8) if long / n >= SIDES[0] * 0.98), default=1)
    image.draft("RGB", (image.width // shrink, image.height // shrink))
    image.load()
    seconds = time.process_time() - started
    for side in SIDES:
        # Do not count the resizing.
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        options = {"method": 4 if side == SIDES[-1] else 2} if format == "WEBP" else {}
        started = time.process_time()
        files.append(_encode(image, format, **options))
        seconds += time.process_time() - started
    return files, seconds


def _encode(image: Image.Image, format: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, format, quality=QUALITY, **options)
    return file.getvalue()


WAYS: dict[str, Callable[[bytes], Result]] = {
    "ours": ours,
    "naive": naive,
    "tuned": tuned,
    "floor": floor,
    "webp_floor": webp_floor,
}


def peak() -> float:
    """Return the peak memory in MB. getrusage would start with the memory of the parent process."""
    match = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(match[1]) / 1000 if match else 0


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None
    pi_heif.register_heif_opener()
    for line in sys.stdin:
        request = json.loads(line)
        content = Path(request["photo"]).read_bytes()
        files, cpu = WAYS[request["way"]](content)
        if request["copy"]:
            started = time.process_time()
            ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB").save(
                io.BytesIO(), "JPEG", quality=90
            )
            cpu += time.process_time() - started
        if request.get("into"):
            for side, content in zip(SIDES, files, strict=True):
                Path(request["into"], str(side)).write_bytes(content)
        print(json.dumps({"cpu": cpu, "peak": peak()}), flush=True)


if __name__ == "__main__":
    main()
