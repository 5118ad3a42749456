"""Split rows of bytes into samples of any number of bits (TIFF 6.0, section 8, BitsPerSample; section 19)."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyvips import Image


def split_floats(vips: Any, rows: "Image", bits: int, number: int, *, is_big_endian: bool) -> "Image":
    """Return an image with `number` bands from rows of floats of 32 or 64 bits."""
    width = rows.width * 8 // (bits * number)
    pixels = rows.crop(0, 0, width * number * bits // 8, rows.height).write_to_memory()
    image = vips.Image.new_from_memory(pixels, width, rows.height, number, {32: "float", 64: "double"}[bits])
    return image.byteswap() if is_big_endian else image


def split_integers(vips: Any, rows: "Image", bits: int, number: int, *, is_big_endian: bool) -> "Image":
    """Return an image with `number` bands from rows of integers. Keep the first 16 bits of longer integers.

    Integers of whole bytes are in the byte order of the file. Others are packed from the highest bit on.
    """
    samples, size = math.lcm(bits, 8) // bits, math.lcm(bits, 8) // 8
    groups = math.ceil(rows.width / size)
    pixels = rows.embed(0, 0, groups * size, rows.height).write_to_memory()
    columns = vips.Image.new_from_memory(pixels, groups, rows.height, size, "uchar")
    if samples == 1:
        indexes = list(range(size)) if is_big_endian else list(range(size))[::-1]
        bands = [_combine(columns, indexes[:2])]
    else:
        bands = [_extract(columns, sample * bits, min(bits, 16)) for sample in range(samples)]
    split = bands[0].bandjoin(bands[1:]) if len(bands) > 1 else bands[0]
    split = split.cast("uchar" if bits <= 8 else "ushort")
    width = groups * samples // number
    if split.bands == number:
        return split
    # Rows of whole groups may end with a part of a pixel.
    line = vips.Image.new_from_memory(split.write_to_memory(), groups * samples, rows.height, 1, split.format)
    pixels = line.crop(0, 0, width * number, rows.height).write_to_memory()
    return vips.Image.new_from_memory(pixels, width, rows.height, number, split.format)


def _combine(columns: "Image", indexes: list[int]) -> "Image":
    high, *low = indexes
    return columns[high] * 256 + columns[low[0]] if low else columns[high]


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
