"""A folder of photos of several formats, a copy, and a file that is not a photo."""

from pathlib import Path

from tests.support.images import HEIC, encoded, exif_block, photo, quadrants

COPY, NO_PHOTO = "Copy of photo-000.jpg", "notes.jpg"
_FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}


def write_mixed_folder(folder: Path, count: int, seed: int = 0) -> Path:
    """Write this number of different photos, a copy of the first one, and a text file named like a photo.

    The photos are JPEG, PNG and WebP files in turn, and one HEIC and one TIFF file.
    """
    folder.mkdir()
    for number in range(count - 2):
        ending, format = list(_FORMATS.items())[number % 3]
        body = photo(400, 300 + number % 4 * 50, format=format, exif=format == "JPEG", seed=seed + number)
        (folder / f"photo-{number:03}.{ending}").write_bytes(body)
    (folder / "phone.heic").write_bytes(HEIC)
    (folder / "scan.tiff").write_bytes(encoded(quadrants(320, 240), "TIFF", exif=exif_block()))
    (folder / COPY).write_bytes((folder / "photo-000.jpg").read_bytes())
    (folder / NO_PHOTO).write_text("These are notes.")
    return folder
