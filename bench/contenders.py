"""Ways in Python to make three renditions of a photo, one of them ours.

Run as a program it is asked a line at a time, `{"way", "photo", "into", "copy"}`, and answers `{"cpu", "peak"}`: CPU
seconds, and the most memory that this process ever had, in MB.
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

type Made = tuple[list[bytes], float]
"""The renditions by falling size, and the CPU seconds that they took."""


def ours(content: bytes) -> Made:
    """Everything that the service makes: facts, placeholder and the full-size copy as well."""
    begun = time.process_time()
    rendered = renditions.render(content, renditions.sniff(content) or "")
    taken = time.process_time() - begun
    return [rendered.renditions[str(side)].content for side in SIDES], taken


def naive(content: bytes) -> Made:
    """What one writes first."""
    begun, made = time.process_time(), []
    for side in SIDES:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        made.append(_saved(image, "WEBP"))
    return made, time.process_time() - begun


def tuned(content: bytes) -> Made:
    """All that Pillow offers: shrink on load, one decode, a chain, a box filter first, our encoder's efforts."""
    begun, made = time.process_time(), []
    opened = Image.open(io.BytesIO(content))
    opened.draft("RGB", (SIDES[0], SIDES[0]))
    image = ImageOps.exif_transpose(opened).convert("RGB")
    for side in SIDES:
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        made.append(_saved(image, "WEBP", method=4 if side == SIDES[-1] else 2))
    return made, time.process_time() - begun


def floor(content: bytes) -> Made:
    """What libjpeg-turbo alone takes: the smallest decode that covers the largest rendition, three encodes."""
    return _floor(content, "JPEG")


def webp_floor(content: bytes) -> Made:
    """The same decode, and the encodes that any pipeline with our format and efforts must make."""
    return _floor(content, "WEBP")


def _floor(content: bytes, format: str) -> Made:
    begun, made = time.process_time(), []
    image = Image.open(io.BytesIO(content))
    long = max(image.size)
    shrink = max((n for n in (1, 2, 4, 8) if long / n >= SIDES[0] * 0.98), default=1)
    image.draft("RGB", (image.width // shrink, image.height // shrink))
    image.load()
    taken = time.process_time() - begun
    for side in SIDES:
        # Not counted: somebody else's work.
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        options = {"method": 4 if side == SIDES[-1] else 2} if format == "WEBP" else {}
        begun = time.process_time()
        made.append(_saved(image, format, **options))
        taken += time.process_time() - begun
    return made, taken


def _saved(image: Image.Image, format: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, format, quality=QUALITY, **options)
    return file.getvalue()


WAYS: dict[str, Callable[[bytes], Made]] = {
    "ours": ours,
    "naive": naive,
    "tuned": tuned,
    "floor": floor,
    "webp_floor": webp_floor,
}


def peak() -> float:
    """MB. Not getrusage's, which begins with what the parent had."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1000 if found else 0


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None
    pi_heif.register_heif_opener()
    for line in sys.stdin:
        asked = json.loads(line)
        content = Path(asked["photo"]).read_bytes()
        made, cpu = WAYS[asked["way"]](content)
        if asked["copy"]:
            begun = time.process_time()
            ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB").save(
                io.BytesIO(), "JPEG", quality=90
            )
            cpu += time.process_time() - begun
        if asked.get("into"):
            for side, content in zip(SIDES, made, strict=True):
                Path(asked["into"], str(side)).write_bytes(content)
        print(json.dumps({"cpu": cpu, "peak": peak()}), flush=True)


if __name__ == "__main__":
    main()
