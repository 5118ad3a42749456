"""The coded picture inside a photo's file, and the limits of its size."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.renditions.rejections import Damaged, DecompressionBomb, TooManyPixels, Truncated

MAX_PIXELS = 100_000_000
MAX_SIDE = 30_000
MAX_DECODER_BYTES = 400_000_000
MAX_PROFILE_BYTES = 4_000_000
MAX_PIECES = 250_000


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """A coded picture in the form that the decoder gets."""

    content: bytes
    width: int
    """Pixels in the file, before the orientation is applied. The height too."""
    height: int
    exif: bytes = b""
    """A TIFF structure, with or without the prefix `Exif`. Empty if the file has no EXIF."""
    profile: bytes = b""
    """The ICC profile. Empty if only the decoder reads it."""
    is_downloadable: bool = False
    """True if other users may get `content` unchanged, because it is a JPEG that every browser shows."""
    memory_per_pixel: float = 0
    """The memory for decoding, in bytes per pixel. 0 if the decoder streams."""
    is_cut: bool = False
    """True if the file ends inside the picture. Only the decoder can tell whether pixels are missing."""


def check_size(width: int, height: int, *, memory_per_pixel: float = 0) -> None:
    """Check the size of a picture. `memory_per_pixel` is the memory for decoding, as in `CodedPicture`.

    Raises:
        Damaged: a side is empty.
        TooManyPixels: a side, the area, or the memory exceeds its limit.
    """
    if width < 1 or height < 1:
        raise Damaged
    if (
        max(width, height) > MAX_SIDE
        or width * height > MAX_PIXELS
        or width * height * memory_per_pixel > MAX_DECODER_BYTES
    ):
        raise TooManyPixels


def read_bytes(content: bytes, at: int, size: int) -> bytes:
    """Return `size` bytes from `at` on.

    Raises:
        Truncated: the file has fewer bytes.
    """
    part = content[at : at + size]
    if len(part) < size:
        raise Truncated
    return part


def count_pieces() -> Iterator[None]:
    """Yield once for each piece that a reader of a file may visit. Millions of empty pieces would take minutes.

    Raises:
        DecompressionBomb: the file has more than 250,000 pieces.
    """
    for _ in range(MAX_PIECES):
        yield
    raise DecompressionBomb
