"""Print the CPU milliseconds and the bytes of each step for one JPEG: `python -m bench.stages PHOTO`."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyvips

ROUNDS = 5


def step(name: str, work: Callable[[], Any]) -> Any:
    """Print the duration of the fastest round, and return the result."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        result = work()
        seconds.append(time.process_time() - started)
    size = f"{len(result) / 1000:>8.0f} kB" if isinstance(result, bytes) else ""
    print(f"{name:<24}{min(seconds) * 1000:>8.1f} ms{size}")
    return result


def main(photo: Path) -> None:
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    content = photo.read_bytes()
    original = pyvips.Image.jpegload_buffer(content)
    shrink = max((n for n in (1, 2, 4, 8) if max(original.width, original.height) / n >= 2048 * 0.98), default=1)

    def decode(n: int) -> pyvips.Image:
        return pyvips.Image.jpegload_buffer(content, access="sequential", shrink=n).copy_memory()

    step("decode at an eighth", partial(decode, 8))
    image = step(f"decode at 1/{shrink}", partial(decode, shrink))
    for side in (2048, 1024, 256):
        image = step(f"Lanczos to {side}", partial(resize, image, min(1, side / max(image.width, image.height))))
        for effort in (0, 2, 4):
            step(f"  WebP, effort {effort}", partial(image.webpsave_buffer, Q=80, effort=effort, keep="none"))
        step("  JPEG", partial(image.jpegsave_buffer, Q=80, keep="none"))
    step("full size as JPEG", partial(decode(1).jpegsave_buffer, Q=90, keep="none"))


def resize(image: pyvips.Image, scale: float) -> pyvips.Image:
    return image.resize(scale).copy_memory()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
