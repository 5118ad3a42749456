"""The coded picture inside a photo's file, and the limits of its size."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.domain.photos import RejectionDetails
from chalicelib.renditions.colours.colour import ColourSpace
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, Rejection, TooManyPixels, Truncated
from chalicelib.renditions.tiff.samples import Samples

MAX_PIXELS = 210_000_000
MAX_SIDE = 30_000
MAX_DECODER_BYTES = 1_000_000_000
# A decoder may hold this many bytes for a small file, and more for each byte of a large file, up to the limit.
# A camera's file has at least half a bit per pixel, while a bomb claims many pixels in few bytes.
_SMALL_FILE_DECODER_BYTES, _DECODER_BYTES_PER_FILE_BYTE = 340_000_000, 20
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
    xmp: bytes = b""
    """An XMP packet. Empty if the file has none, or only as a field of its EXIF."""
    iptc: bytes = b""
    """Image resources of Photoshop, or IPTC fields."""
    texts: dict[str, str] = field(default_factory=dict)
    """The known texts of a PNG by keyword."""
    profile: bytes = b""
    """The ICC profile. Empty if only the decoder reads it."""
    colour_space: ColourSpace | None = None
    """The colour space that the file names without a profile. It is used only if there is no profile."""
    is_downloadable: bool = False
    """True if other users may get `content` unchanged, because it is a JPEG that every browser shows."""
    memory_per_pixel: float = 0
    """The memory for decoding, in bytes per pixel. 0 if the decoder streams."""
    samples: Samples | None = None
    """The samples of a TIFF. None for other formats."""
    palette: tuple[int, ...] = ()
    """The palette of a TIFF: all red values, then all green and all blue values."""
    is_cut: bool = False
    """True if the file ends inside the picture. Only the decoder can tell whether pixels are missing."""


def get_memory_limit(file_bytes: int) -> int:
    """Return the number of bytes that a decoder may hold for a file of this size."""
    return min(MAX_DECODER_BYTES, _SMALL_FILE_DECODER_BYTES + _DECODER_BYTES_PER_FILE_BYTE * file_bytes)


def check_limit(actual: float, limit: int, unit: str, rejection: type[Rejection]) -> None:
    """Check that `actual` is at most `limit`.

    Raises:
        Rejection: the limit is exceeded. Its class is `rejection`, and its details contain the numbers.
    """
    if actual > limit:
        raise rejection(RejectionDetails(limit=limit, actual=round(actual), unit=unit))


def check_size(width: int, height: int, file_bytes: int, *, memory_per_pixel: float = 0) -> None:
    """Check the size of a picture. `memory_per_pixel` is the memory for decoding, as in `CodedPicture`.

    Raises:
        Damaged: a side is empty.
        TooManyPixels: a side, the area, or the memory exceeds its limit.
    """
    if width < 1 or height < 1:
        raise Damaged
    check_limit(max(width, height), MAX_SIDE, "pixels per side", TooManyPixels)
    check_limit(width * height, MAX_PIXELS, "pixels", TooManyPixels)
    memory = width * height * memory_per_pixel
    check_limit(memory, get_memory_limit(file_bytes), "bytes of decoder memory", TooManyPixels)


def read_bytes(content: bytes, at: int, size: int) -> bytes:
    """Return `size` bytes from `at` on.

    Raises:
        Truncated: the file has fewer bytes.
    """
    part = content[at : at + size]
    if len(part) < size:
        raise Truncated
    return part


def inflate(compressed: bytes, limit: int) -> bytes:
    """Return at most `limit` inflated bytes. Return no bytes if the data is corrupt."""
    try:
        return zlib.decompressobj().decompress(compressed, limit)
    except zlib.error:
        return b""


def count_pieces(limit: int = MAX_PIECES) -> Iterator[None]:
    """Yield once for each piece that a reader of a file may visit. Millions of empty pieces would take minutes.

    Raises:
        DecompressionBomb: the file has more than `limit` pieces.
    """
    for _ in range(limit):
        yield
    raise DecompressionBomb(RejectionDetails(limit=limit, actual=limit + 1, unit="pieces"))
