"""Render the photos of a folder and compare them with other viewers: `python -m bench.fidelity FOLDER`.

The reference is Chromium's decode, or ImageMagick's if Chromium does not show the file, encoded like our rendition.
A rejected file is listed with its reason if two of ImageMagick, Chromium and Pillow show it.
"""

import base64
import io
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageCms, ImageStat
from playwright.sync_api import Page, sync_playwright

from chalicelib.renditions import Rejection, render

SIDE = "1024"
LIMIT = 4
"""The largest accepted mean difference of a photo, in steps of 8 bits."""
_EXTENSIONS = frozenset([".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif"])
_SECONDS = 60
_DECODE = """async (content) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const photo = new Image();
    photo.src = URL.createObjectURL(new Blob([bytes]));
    try { await photo.decode(); } catch { return null; }
    const {naturalWidth: width, naturalHeight: height} = photo;
    const scale = Math.min(1, 1600 / Math.max(width, height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(photo, 0, 0, canvas.width, canvas.height);
    return [width, height, canvas.toDataURL("image/png")];
}"""


class Reference(NamedTuple):
    """Another viewer's picture: its full size, and its pixels, which may be shrunk."""

    size: tuple[int, int]
    pixels: Image.Image


class Ours(NamedTuple):
    """Our result for one file: a rendition, or the reason for the rejection."""

    reason: str = ""
    size: tuple[int, int] = (0, 0)
    rendition: bytes = b""


def render_file(path: Path) -> Ours:
    try:
        rendered = render(path.read_bytes())
    except Rejection as rejection:
        return Ours(rejection.code)
    return Ours("", (rendered.width, rendered.height), rendered.renditions[SIDE].content)


class Viewers:
    """ImageMagick, Chromium and Pillow."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page, self._profile = page, folder / "srgb.icc"
        self._profile.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())

    def in_order(self) -> list[tuple[str, Callable[[Path], Reference | None]]]:
        """Return the viewers that decode pixels. Chromium manages colours best, and ImageMagick reads most formats."""
        return [("Chromium", self.chromium), ("ImageMagick", self.imagemagick)]

    def imagemagick(self, path: Path) -> Reference | None:
        """Return ImageMagick's picture, or None if it does not show the file."""
        command = ["convert", f"{path}[0]", "-auto-orient", "-background", "white", "-alpha", "remove"]
        command += ["-profile", str(self._profile), "-colorspace", "sRGB", "-depth", "8", "ppm:-"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
            picture = Image.open(io.BytesIO(done.stdout)).convert("RGB")
        except (subprocess.SubprocessError, OSError):
            return None
        return Reference(picture.size, picture)

    def chromium(self, path: Path) -> Reference | None:
        """Return Chromium's picture, or None if it does not show the file."""
        shown = self._page.evaluate(_DECODE, base64.b64encode(path.read_bytes()).decode())
        if shown is None:
            return None
        width, height, url = shown
        pixels = base64.b64decode(url.partition(",")[2])
        return Reference((width, height), Image.open(io.BytesIO(pixels)).convert("RGB"))

    @staticmethod
    def pillow_shows(path: Path) -> bool:
        """Return whether Pillow decodes the file."""
        try:
            with Image.open(path) as image:
                image.load()
        except Exception:
            return False
        return True


def measure_difference(rendition: bytes, reference: Image.Image) -> float:
    """Return the mean absolute difference of a rendition to a reference that went through the same encoder."""
    actual, encoded = Image.open(io.BytesIO(rendition)).convert("RGB"), io.BytesIO()
    reference.resize(actual.size, Image.Resampling.LANCZOS).save(encoded, "WEBP", quality=80, method=2)
    expected = Image.open(encoded).convert("RGB")
    return statistics.mean(ImageStat.Stat(ImageChops.difference(actual, expected)).mean)


def render_all(paths: list[Path]) -> Iterator[tuple[Path, Ours]]:
    """Render the files in another process. If a decoder crashes, only one file fails."""
    pool = ProcessPoolExecutor(1)
    for path in paths:
        try:
            yield path, pool.submit(render_file, path).result(_SECONDS)
        except (BrokenProcessPool, TimeoutError) as error:
            pool.shutdown(wait=False, cancel_futures=True)
            pool = ProcessPoolExecutor(1)
            yield path, Ours(type(error).__name__)
    pool.shutdown()


def main(folder: Path) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _EXTENSIONS and path.is_file())
    ready, differences, sizes = 0, list[tuple[float, str, str]](), list[str]()
    rejected, shown_by_others = Counter[str](), list[str]()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        viewers = Viewers(browser.new_page(), Path(scratch))
        for path, ours in render_all(paths):
            name = str(path.relative_to(folder))
            if ours.reason:
                rejected[ours.reason] += 1
                shows = {
                    "ImageMagick": viewers.imagemagick(path),
                    "Chromium": viewers.chromium(path),
                    "Pillow": viewers.pillow_shows(path),
                }
                if len(viewing := [viewer for viewer, shown in shows.items() if shown]) > 1:
                    shown_by_others.append(f"{ours.reason}: {name} is shown by {', '.join(viewing)}")
                continue
            ready += 1
            for viewer, decode in viewers.in_order():
                if reference := decode(path):
                    differences.append((measure_difference(ours.rendition, reference.pixels), viewer, name))
                    if reference.size != ours.size:
                        sizes.append(f"{name}: {ours.size}, but {reference.size} in {viewer}")
                    break
        browser.close()
    print(f"{len(paths)} files: {ready} ready, {rejected.total()} rejected: {dict(rejected)}")
    print(f"{len(differences)} compared: median difference {statistics.median(d for d, *_ in differences):.2f} / 255")
    print(f"{sum(d > LIMIT for d, *_ in differences)} of them differ by more than {LIMIT}:")
    for value, viewer, name in sorted(differences, reverse=True):
        if value > LIMIT:
            print(f"  {value:6.1f} {name} ({viewer})")
    print(f"{len(sizes)} sizes differ:", *sizes, sep="\n  ")
    print(f"{len(shown_by_others)} rejected files are shown by two viewers:", *shown_by_others, sep="\n  ")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("Usage: python -m bench.fidelity FOLDER")
    main(Path(sys.argv[1]))
