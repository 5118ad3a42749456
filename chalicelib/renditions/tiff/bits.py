"""Split rows of bytes into samples of any number of bits (TIFF 6.0, section 8, BitsPerSample)."""

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyvips import Image

_INTEGERS = {8: "uchar", 16: "ushort", 32: "uint"}
_FLOATS = {32: "float", 64: "double"}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of samples as bytes."""

    content: bytes
    width: int
    """Bytes of a row."""
    height: int
    is_big_endian: bool


def split_floats(vips: Any, rows: Rows, bits: int, number: int) -> "Image":
    """Return an image with `number` bands from floats of 32 or 64 bits."""
    return _reinterpret(vips, rows, _FLOATS[bits], bits, number)


def split_integers(vips: Any, rows: Rows, bits: int, number: int) -> "Image":
    """Return an image with `number` bands. Keep only the highest 16 bits of long integers, except those of 32 bits.

    Integers of whole bytes are in the byte order of the file. Others are packed, highest bit first.
    """
    if bits in _INTEGERS:
        return _reinterpret(vips, rows, _INTEGERS[bits], bits, number)
    samples, size = math.lcm(bits, 8) // bits, math.lcm(bits, 8) // 8
    groups = math.ceil(rows.width / size)
    content = rows.content
    if rows.width % size:
        image = vips.Image.new_from_memory(content, rows.width, rows.height, 1, "uchar")
        content = image.embed(0, 0, groups * size, rows.height).write_to_memory()
    columns = vips.Image.new_from_memory(content, groups, rows.height, size, "uchar")
    if samples == 1:
        high, low = (0, 1) if rows.is_big_endian else (size - 1, size - 2)
        bands = [columns[high] * 256 + columns[low]]
    else:
        bands = [_extract(columns, sample * bits, min(bits, 16)) for sample in range(samples)]
    split = bands[0].bandjoin(bands[1:]) if len(bands) > 1 else bands[0]
    form, width = "uchar" if bits <= 8 else "ushort", groups * samples // number
    line = vips.Image.new_from_memory(split.cast(form).write_to_memory(), groups * samples, rows.height, 1, form)
    # A row of whole groups may end with a part of a pixel.
    pixels = line.crop(0, 0, width * number, rows.height).write_to_memory()
    return vips.Image.new_from_memory(pixels, width, rows.height, number, form)


def _reinterpret(vips: Any, rows: Rows, form: str, bits: int, number: int) -> "Image":
    width = rows.width * 8 // (bits * number)
    image = vips.Image.new_from_memory(rows.content, width, rows.height, number, form)
    return image if rows.is_big_endian == (sys.byteorder == "big") else image.byteswap()


def _extract(columns: "Image", first_bit: int, bits: int) -> "Image":
    """Return the number in the bits from `first_bit` on."""
    end = first_bit + bits
    total: Any = 0
    for index in range(first_bit // 8, (end - 1) // 8 + 1):
        mask = 0xFF >> max(first_bit - index * 8, 0)
        shift = (index + 1) * 8 - end
        part = columns[index].cast("uint") & mask
        total = (part >> shift if shift > 0 else part << -shift) + total
    return total
