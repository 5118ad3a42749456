"""Compare ways to make renditions: `python -m bench.renditions [FOLDER ...]` prints tables and draws a chart.

All ways process each photo in turn, on one thread. The tables show medians of CPU time. npm installs sharp temporarily.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pi_heif
from PIL import Image

from bench import plot, similarity
from bench.album import FOLDERS, NONE, Album, NoPhotos
from bench.contenders import SIDES

ROUNDS = 3
JPEG = {".jpg", ".jpeg"}
ROOT = Path(__file__).parent.parent
CHART = ROOT / "docs" / "explanation" / "renditions.svg"


class Rival(NamedTuple):
    """A way to make renditions, and the program that implements it."""

    name: str
    program: str
    way: str
    copy: bool = False
    """True if it also makes a full-size copy without metadata, as the service does."""


RIVALS = (
    Rival("Photoshare", "python", "ours"),
    Rival("sharp, README", "node", "readme"),
    Rival("sharp, README, WebP", "node", "webp"),
    Rival("sharp, README, with copy", "node", "webp", copy=True),
    Rival("sharp, chained", "node", "chained"),
    Rival("sharp, chained, with copy", "node", "chained", copy=True),
    Rival("sharp, chained, same efforts", "node", "tuned"),
    Rival("Pillow, naive", "python", "naive"),
    Rival("Pillow, naive, with copy", "python", "naive", copy=True),
    Rival("Pillow, tuned", "python", "tuned"),
    Rival("libjpeg-turbo", "python", "floor"),
    Rival("libjpeg-turbo + libwebp", "python", "webp_floor"),
)
_ONE_THREAD = {**os.environ, "UV_THREADPOOL_SIZE": "1", "VIPS_CONCURRENCY": "1", "OMP_NUM_THREADS": "1"}

type Files = dict[int, bytes]


class Result(NamedTuple):
    """The median CPU seconds of one way for one photo, and the renditions by side."""

    cpu: float
    files: Files


def send_request(process: "subprocess.Popen[str]", rival: Rival, **request: str) -> dict[str, Any]:
    assert process.stdin
    assert process.stdout
    print(json.dumps({**request, "way": rival.way, "copy": rival.copy}), file=process.stdin, flush=True)
    return dict(json.loads(process.stdout.readline() or '{"error": "the program crashed"}'))


@contextmanager
def programs(commands: dict[str, list[str]], into: Path) -> "Iterator[dict[str, subprocess.Popen[str]]]":
    """Run one process per command until the end of the context."""
    running = {
        name: subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_ONE_THREAD,
            cwd=into if name == "node" else ROOT,
        )
        for name, command in commands.items()
    }
    try:
        yield running
    finally:
        for process in running.values():
            process.communicate()


def commands(into: Path) -> dict[str, list[str]]:
    """Return the commands of the programs that this machine can run."""
    available = {"python": [sys.executable, "-m", "bench.contenders"]}
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print("sharp is not measured: Node is not installed.")
        return available
    installed = subprocess.run(
        [npm, "install", "--silent", "--no-save", "--prefix", into, "sharp"], cwd=into, check=False
    )
    if installed.returncode:
        print("sharp is not measured: npm cannot install it.")
        return available
    return {**available, "node": [node, str(ROOT / "bench" / "sharp.mjs")]}


def race(photo: Path, running: "dict[str, subprocess.Popen[str]]", into: Path) -> dict[str, Result]:
    """Return the results of every way that can read the photo, by name."""
    seconds: dict[str, list[float]] = {rival.name: [] for rival in RIVALS if rival.program in running}
    files: dict[str, Files] = {}
    for _ in range(ROUNDS):
        for rival in RIVALS:
            if rival.name in seconds:
                answer = send_request(running[rival.program], rival, photo=str(photo), into=str(into))
                if "error" in answer:
                    del seconds[rival.name]
                else:
                    seconds[rival.name].append(answer["cpu"])
                    files[rival.name] = {side: (into / str(side)).read_bytes() for side in SIDES}
    return {name: Result(statistics.median(times), files[name]) for name, times in seconds.items()}


def line(photo: Path, results: dict[str, Result]) -> str:
    """Return a row of the table: our CPU time, and the ratio of each rival's CPU time to ours."""
    with Image.open(photo) as image:
        size = f"{photo.suffix[1:]:<5}{image.width * image.height / 1e6:5.1f} {results['Photoshare'].cpu * 1000:6.0f}"
    ratios = [results[r.name].cpu / results["Photoshare"].cpu if r.name in results else None for r in RIVALS[1:]]
    return size + "".join(f"{ratio:11.2f}" if ratio else f"{'-':>11}" for ratio in ratios)


def chart(races: dict[Path, dict[str, Result]]) -> str:
    """Draw the CPU time of JPEG photos by size."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for photo, results in races.items():
        with Image.open(photo) as image:
            megapixels = image.width * image.height / 1e6
        for name in ("sharp, README", "Pillow, naive", "Photoshare"):
            if name in results and photo.suffix in JPEG:
                lines.setdefault(name, []).append((megapixels, results[name].cpu * 1000))
    return plot.log_log("A JPEG becomes its renditions", "megapixels", "CPU, ms", lines, ("3 s", 3000))


def summary(races: dict[Path, dict[str, Result]]) -> None:
    print(f"\n{'CPU, beside Photoshare':<30}{'mean':>7}{'median':>8}{'worst':>7}{'bytes':>7}{'SSIM':>9}{'worst':>8}")
    originals = {photo: similarity.original(photo) for photo in races}
    ssims = {
        (photo, name, side): similarity.ssim(result.files[side], originals[photo])
        for photo, results in races.items()
        for name, result in results.items()
        for side in SIDES
    }
    for rival in RIVALS[1:]:
        shared = [photo for photo in races if rival.name in races[photo]]
        if "libjpeg" in rival.name:
            shared = [photo for photo in shared if photo.suffix in JPEG]
        if not shared:
            continue
        ratios = [races[photo][rival.name].cpu / races[photo]["Photoshare"].cpu for photo in shared]
        sizes = [size(races[photo]["Photoshare"].files) / size(races[photo][rival.name].files) for photo in shared]
        gains = [
            ssims[photo, "Photoshare", side] - ssims[photo, rival.name, side] for photo in shared for side in SIDES
        ]
        print(
            f"{rival.name:<30}{statistics.geometric_mean(ratios):>7.2f}{statistics.median(ratios):>8.2f}"
            f"{min(ratios):>7.2f}{statistics.geometric_mean(sizes):>7.2f}{statistics.median(gains):>9.4f}{min(gains):>8.4f}"
        )
    print("bytes: Photoshare / other. SSIM with the photo: Photoshare - other.")


def size(files: Files) -> int:
    return sum(map(len, files.values()))


def peaks(album: Album, available: dict[str, list[str]], into: Path) -> None:
    """Print the peak memory of each way. Each photo has a separate process."""
    extremes = album.extremes()
    print(f"\n{'peak memory, MB':<30}" + "".join(f"{path.name:>18}" for path in extremes))
    for rival in RIVALS:
        columns = []
        for path in extremes if rival.program in available else []:
            with programs({rival.program: available[rival.program]}, into) as running:
                answer = send_request(running[rival.program], rival, photo=str(path))
            columns.append(f"{'-':>18}" if "error" in answer else f"{answer['peak']:>18.0f}")
        print(f"{rival.name:<30}" + "".join(columns), flush=True)


def main() -> None:
    Image.MAX_IMAGE_PIXELS = None
    pi_heif.register_heif_opener()
    with tempfile.TemporaryDirectory() as name:
        into = Path(name)
        try:
            album = Album([Path(folder) for folder in sys.argv[1:]] or list(FOLDERS), into)
        except NoPhotos:
            print(NONE)
            return
        available, races = commands(into), dict[Path, dict[str, Result]]()
        print(f"{'':<5}{'MP':>5} {'ms':>6}" + "".join(f"{rival.way + '+' * rival.copy:>11}" for rival in RIVALS[1:]))
        with programs(available, into) as running:
            for photo in album.photos():
                races[photo] = race(photo, running, into)
                print(line(photo, races[photo]), flush=True)
        summary(races)
        CHART.write_text(chart(races))
        peaks(album, available, into)


if __name__ == "__main__":
    main()
