"""Real photos to measure with: JPEG, half of them stored again in the other formats of phones and cameras."""

import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

from PIL import Image

FOLDERS = (Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers"))
"""Where Debian's packages of photos put theirs."""
NONE = "There is no photo of 3 MP or more. docs/reference/figures.md names Debian packages that have some."
PHOTOS = 24
_SMALLEST, _LARGEST = 3_000_000, 50_000_000

# Not of the service: its wheel is under the GPL, and nothing else writes HEIC.
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
    """The folders hold no photo of 3 MP or more."""


class Album:
    """Photos under a folder, and copies of them in `into`.

    Raises:
        NoPhotos: there are none.
    """

    def __init__(self, folders: list[Path], into: Path) -> None:
        found = {_size(path): path for folder in folders for path in sorted(folder.rglob("*.jp*g"))}
        kept = [found[size] for size in sorted(found) if _SMALLEST <= size[0] <= _LARGEST]
        if not kept:
            raise NoPhotos
        self._into, self._kept = into, [kept[at * len(kept) // PHOTOS] for at in range(min(PHOTOS, len(kept)))]
        self._heic = self._encoder_of_heic()

    def photos(self) -> list[Path]:
        """The smallest first, then larger ones than packages have."""
        formats = cycle(("png", "webp", "heic", "avif", "tiff"))
        taken = [
            path if place % 2 == 0 else self.stored(Image.open(path).convert("RGB"), f"{path.stem}.{next(formats)}")
            for place, path in enumerate(self._kept)
        ]
        # HEVC's largest picture is 35.6 MP; cameras store larger ones in tiles, which this encoder does not.
        taken += [self.stored(self.montage(8_000, 6_000), "montage-48.jpg")]
        taken += [self.stored(self.montage(7_000, 5_000), "montage-35.heic")]
        return [path for path in taken if path]

    def extremes(self) -> list[Path]:
        """What memory is measured with."""
        sizes = {
            "montage-24.jpg": (6_000, 4_000),
            "montage-100.jpg": (10_000, 10_000),
            "montage-12.heic": (4_000, 3_000),
        }
        stored = [self.stored(self.montage(*size), name) for name, size in sizes.items()]
        return [path for path in stored if path]

    def montage(self, width: int, height: int) -> Image.Image:
        """Sizes that no package has, with the detail of photos: the four largest side by side."""
        together = Image.new("RGB", (width, height))
        for place, path in enumerate((self._kept * 4)[-4:]):
            quarter = Image.open(path).convert("RGB").resize((width // 2, height // 2))
            together.paste(quarter, (width // 2 * (place % 2), height // 2 * (place // 2)))
        return together

    def stored(self, image: Image.Image, name: str) -> Path | None:
        """The image under this name, in the format of its ending; None where that cannot be written."""
        path = self._into / name
        if path.suffix == ".heic":
            if self._heic is None:
                return None
            image.save(self._into / "source.ppm")
            subprocess.run([self._heic, "-c", _TO_HEIC, self._into / "source.ppm", path], check=True)
        else:
            image.save(path, **_OPTIONS[path.suffix[1:]])
        return path

    def _encoder_of_heic(self) -> Path | None:
        """A Python that has pillow-heif, in an environment of its own."""
        python = self._into / "heic" / "bin" / "python"
        try:
            subprocess.run([sys.executable, "-m", "venv", self._into / "heic"], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-input", "pillow-heif"], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"HEIC is not measured, for want of pillow-heif: {error}")
            return None
        return python


def _size(path: Path) -> tuple[int, int]:
    """Pixels and bytes: copies of one photo have the same."""
    with Image.open(path) as image:
        return image.width * image.height, path.stat().st_size
