"""Measure time and memory for the largest photo of each format: `python -m bench.limits [FOLDER ...]`.

The highest values determine the memory and the timeout of the function that confirms uploads.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pi_heif
import pyvips
from PIL import Image

from bench.album import FOLDERS, NONE, Album, NoPhotos
from bench.contenders import peak
from chalicelib import renditions

# The largest sizes of cameras, or the number of megapixels that fits in 200 MB.
LARGEST = {
    "baseline.jpg": (16_320, 12_240),
    "turned.jpg": (16_320, 12_240),
    "progressive.jpg": (16_320, 12_240),
    "cmyk.jpg": (16_320, 12_240),
    "8 bits.png": (9_600, 7_200),
    "lzw.tiff": (11_000, 8_000),
    "still.webp": (8_192, 5_464),
    "still.gif": (8_000, 6_250),
    "still.avif": (8_192, 5_464),
    "still.heic": (9_504, 6_336),
}

_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"compression": 1},
    ".tiff": {"compression": "lzw"},
    ".webp": {"Q": 85, "effort": 0},
}


def photos(album: Album, into: Path) -> Iterator[Path]:
    for name, size in LARGEST.items():
        image, path = album.montage(*size), into / name
        match path.suffix[1:]:
            case "jpg":
                exif = Image.Exif()
                exif[0x0112] = 6 if name.startswith("turned") else 1
                inks = image.convert("CMYK") if name.startswith("cmyk") else image
                inks.save(path, quality=90, exif=exif, progressive=name.startswith("progressive"))
            case "gif":
                image.quantize(64).save(path)
            case "heic" | "avif":
                if album.save(image, name) is None:
                    continue
            case _:
                # Pillow's buffer for WebP is too small for this file.
                pixels = pyvips.Image.new_from_memory(image.tobytes(), *size, 3, "uchar")
                pixels.copy(interpretation="srgb").write_to_file(str(path), **_OPTIONS[path.suffix])
        yield path


def render(path: Path) -> None:
    """Render one photo in this process, and print the results."""
    content = path.read_bytes()
    started = time.process_time()
    try:
        rendered = renditions.render(content, renditions.sniff(content) or "")
        outcome = f"{rendered.width * rendered.height / 1e6:.0f} MP"
    except renditions.Rejection as rejection:
        outcome = rejection.code
    print(f"{path.name:<20}{len(content) / 1e6:>7.1f}{outcome:>14}{time.process_time() - started:>9.2f}{peak():>9.0f}")


def main(folders: list[Path]) -> None:
    Image.MAX_IMAGE_PIXELS = None
    pi_heif.register_heif_opener()
    print(f"{'':<20}{'MB':>7}{'':>14}{'CPU, s':>9}{'peak, MB':>9}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        try:
            album = Album(folders or list(FOLDERS), Path(name))
        except NoPhotos:
            print(NONE)
            return
        for path in photos(album, Path(name)):
            subprocess.run([sys.executable, "-m", "bench.limits", "--one", path], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        render(Path(sys.argv[2]))
    else:
        main([Path(folder) for folder in sys.argv[1:]])
