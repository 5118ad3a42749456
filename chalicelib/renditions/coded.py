"""The coded picture inside a photo's file, and the sizes that one may have."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.renditions.refusals import Damaged, DecompressionBomb, TooManyPixels, Truncated

MAX_PIXELS = 100_000_000
MAX_SIDE = 30_000
MAX_DECODER_BYTES = 400_000_000
MAX_PROFILE_BYTES = 4_000_000
MAX_PIECES = 250_000


@dataclass(frozen=True, slots=True)
class Coded:
    """A picture as its decoder may see it."""

    content: bytes
    width: int
    """As stored, so before orientation."""
    height: int
    exif: bytes = b""
    """A TIFF structure, with or without `Exif` before it; empty where there is none."""
    profile: bytes = b""
    """ICC; empty where it is left to the decoder."""
    downloadable: bool = False
    """Whether `content` as it is can be handed to others: a JPEG that every browser shows."""
    cost: float = 0
    """What decoding takes, in bytes a pixel; 0 where it streams."""


def check_size(width: int, height: int, *, cost: float = 0) -> None:
    """Refuse what is larger than a photo; `cost` is the decoder's, in bytes a pixel, 0 where it streams."""
    if width < 1 or height < 1:
        raise Damaged
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS or width * height * cost > MAX_DECODER_BYTES:
        raise TooManyPixels


def take(content: bytes, at: int, size: int) -> bytes:
    """The `size` bytes from `at`; Truncated where the file has fewer."""
    taken = content[at : at + size]
    if len(taken) < size:
        raise Truncated
    return taken


def pieces() -> Iterator[None]:
    """One for each piece that a walk through a file may meet: millions of empty ones would take minutes."""
    for _ in range(MAX_PIECES):
        yield
    raise DecompressionBomb
