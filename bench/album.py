"""Real photos for the benchmarks: JPEG files, half of them converted to other formats of phones and cameras."""

import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

from PIL import Image

FOLDERS = (Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers"))
"""The folders in which Debian packages install photos."""
NONE = "There is no photo of 3 MP or more. docs/reference/figures.md names Debian packages that have some."
PHOTOS = 24
_SMALLEST, _LARGEST = 3_000_000, 50_000_000

# The service cannot use pillow-heif, because its wheel is under the GPL. No other package writes HEIC.
_TO_HEIC = """
import sys
from PIL import Image
import pillow_heif
pillow_heif.register_heif_opener()
Image.open(sys.argv[1]).save(sys.argv[2], "HEIF", quality=80)
"""
_OPTIONS: dict[str, dict[str, Any]] = {
    "jpg": {"quality": 90},
    "png": {"compress_level": 3},
    "webp": {"quality": 90, "method": 1},
    "avif": {"quality": 80, "speed": 8},
    "tiff": {"compression": "tiff_adobe_deflate"},
}


class NoPhotos(Exception):
    """The folders contain no photo of at least 3 MP."""


class Album:
    """Photos under a folder, and copies of them in `into`.

    Raises:
        NoPhotos: the folders contain no photo of at least 3 MP.
    """

    def __init__(self, folders: list[Path], into: Path) -> None:
        by_size = {_size(path): path for folder in folders for path in sorted(folder.rglob("*.jp*g"))}
        photos = [by_size[size] for size in sorted(by_size) if _SMALLEST <= size[0] <= _LARGEST]
        if not photos:
            raise NoPhotos
        self._into = into
        self._photos = [photos[at * len(photos) // PHOTOS] for at in range(min(PHOTOS, len(photos)))]
        self._heic = self._install_heic_encoder()

    def photos(self) -> list[Path]:
        """Return the photos, smallest first, and then montages that are larger than all photos."""
        formats = cycle(("png", "webp", "heic", "avif", "tiff"))
        paths = [
            path if index % 2 == 0 else self.save(Image.open(path).convert("RGB"), f"{path.stem}.{next(formats)}")
            for index, path in enumerate(self._photos)
        ]
        # The largest HEVC picture has 35.6 MP. Cameras split larger pictures into tiles. This encoder does not.
        paths += [self.save(self.montage(8_000, 6_000), "montage-48.jpg")]
        paths += [self.save(self.montage(7_000, 5_000), "montage-35.heic")]
        return [path for path in paths if path]

    def extremes(self) -> list[Path]:
        """Return the photos for the measurement of memory."""
        sizes = {
            "montage-24.jpg": (6_000, 4_000),
            "montage-100.jpg": (10_000, 10_000),
            "montage-12.heic": (4_000, 3_000),
        }
        paths = [self.save(self.montage(*size), name) for name, size in sizes.items()]
        return [path for path in paths if path]

    def montage(self, width: int, height: int) -> Image.Image:
        """Return the four largest photos as one image of this size, with the detail of real photos."""
        montage = Image.new("RGB", (width, height))
        for index, path in enumerate((self._photos * 4)[-4:]):
            quarter = Image.open(path).convert("RGB").resize((width // 2, height // 2))
            montage.paste(quarter, (width // 2 * (index % 2), height // 2 * (index // 2)))
        return montage

    def save(self, image: Image.Image, name: str) -> Path | None:
        """Save an image in the format of the extension. Return its path, or None without an encoder for HEIC."""
        path = self._into / name
        if path.suffix == ".heic":
            if self._heic is None:
                return None
            image.save(self._into / "source.ppm")
            subprocess.run([self._heic, "-c", _TO_HEIC, self._into / "source.ppm", path], check=True)
        else:
            image.save(path, **_OPTIONS[path.suffix[1:]])
        return path

    def _install_heic_encoder(self) -> Path | None:
        """Install pillow-heif in a new virtual environment. Return its Python, or None if the installation fails."""
        python = self._into / "heic" / "bin" / "python"
        try:
            subprocess.run([sys.executable, "-m", "venv", self._into / "heic"], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-input", "pillow-heif"], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"HEIC is not measured, because pillow-heif cannot be installed: {error}")
            return None
        return python


def _size(path: Path) -> tuple[int, int]:
    """Return the pixels and the bytes of a photo, which are equal for copies of the same photo."""
    with Image.open(path) as image:
        return image.width * image.height, path.stat().st_size
