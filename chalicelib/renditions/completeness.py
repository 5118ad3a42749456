"""Distinguish missing pixels from harmless faults if a file is cut off or a decoder reports a fault."""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.renditions import jpeg
from chalicelib.renditions.coded_picture import CodedPicture
from chalicelib.renditions.rejections import Damaged, Truncated

_MISSING_DATA = re.compile(
    "premature end|unexpected end|end of file|truncated|read error (?:at|on)|seek error|bad seek|not enough data"
    "|unable to read pixels",
    re.IGNORECASE,
)
"""The messages of libjpeg, libnsgif, libheif, libavif, libtiff and libvips for missing data."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""The first column, the first row, and the distances of columns and rows of each pass (PNG, section 8.1)."""
# Deflate data grows at most a thousandfold, so a step takes at most 17 MB.
_INFLATE_STEP = 16_384
# The correction holds the file several times.
_MAX_REPAIRED_BYTES = 50_000_000
_LARGE_PICTURE = 25_000_000
# Nearly every Huffman code and every arithmetic code reads a change of the pixels from these bytes.
_FURTHER_DATA = bytes.fromhex("b5d2694ba35c96e1b84d276ac95b13d4e8724f9a6d3c81b7562e947ba1cd5835")


def ignore_fault(coded: CodedPicture, fault: Exception) -> CodedPicture:
    """Return a picture that its decoder can decode in spite of `fault`, because no pixel is missing.

    Raises:
        Truncated: the file does not contain all pixels.
        Damaged: the pixels are corrupt.
    """
    # The traceback keeps the first decoder and its pixels.
    fault.__traceback__ = None
    if _MISSING_DATA.search(str(fault)):
        raise Truncated from fault
    if coded.content.startswith(b"\xff\xd8"):
        # libjpeg only warns of other faults, such as stray bytes.
        return coded
    if coded.content.startswith(_PNG_SIGNATURE):
        return _repair_png(coded, fault)
    raise (Truncated if coded.is_cut else Damaged) from fault


def check_jpeg(vips: Any, coded: CodedPicture) -> None:
    """Check that a JPEG contains all pixels, although its decoder has warned of something else.

    libvips reports only the first warning of libjpeg. So add data behind each scan: it changes the picture only if
    pixels are missing.

    Raises:
        Truncated: some pixels are missing.
    """
    if len(coded.content) > _MAX_REPAIRED_BYTES:
        return
    extended = jpeg.extend_scans(coded.content, _FURTHER_DATA)
    # An eighth of a large picture shows all but its last seven rows and columns.
    shrink = 8 if coded.width * coded.height > _LARGE_PICTURE and not coded.memory_per_pixel else 1
    if _summarize_jpeg(vips, coded.content, shrink) != _summarize_jpeg(vips, extended, shrink, is_unlimited=True):
        raise Truncated


def _summarize_jpeg(vips: Any, content: bytes, shrink: int, *, is_unlimited: bool = False) -> bytes:
    """Return the sums of all pixels and of their squares. libvips limits the warnings of a file unless unlimited."""
    options = {"access": "sequential", "fail_on": "error", "shrink": shrink, "unlimited": is_unlimited}
    return bytes(vips.Image.jpegload_buffer(content, **options).stats().write_to_memory())


def check_gif(coded: CodedPicture) -> None:
    """Check that a GIF contains all pixels. libnsgif leaves missing pixels empty without an error.

    Raises:
        Truncated: some pixels are missing.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(coded.content), formats=["GIF"]) as image:
            image.load()
    except OSError as e:
        raise Truncated from e


def iterate_png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield the kind and the body of each chunk of a whole PNG, and whether its checksum is right."""
    at = len(_PNG_SIGNATURE)
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + size]
        yield kind, body, content[at : at + size + 12] == build_png_chunk(kind, body)
        at += size + 12


def build_png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG with its length and its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _repair_png(coded: CodedPicture, fault: Exception) -> CodedPicture:
    """Correct the checksums of a PNG if all pixels are there. Each pixel has two checksums, and one may be wrong."""
    if len(coded.content) > _MAX_REPAIRED_BYTES:
        raise Damaged from fault
    chunks = list(iterate_png_chunks(coded.content))
    data = b"".join(body for kind, body, _ in chunks if kind == b"IDAT")
    try:
        end, checksum = _find_data_end(data, _count_bytes(chunks[0][1]))
    except zlib.error:
        raise Damaged from fault
    stored_checksum, checksum_bytes = data[end : end + 4], struct.pack(">I", checksum)
    wrong_kinds = {kind for kind, _, is_right in chunks if not is_right}
    if wrong_kinds - {b"IDAT"} or (wrong_kinds and stored_checksum != checksum_bytes):
        raise Damaged from fault
    parts = [(kind, body) for kind, body, _ in chunks if kind not in {b"IDAT", b"IEND"}]
    parts += [(b"IDAT", data[:end] + checksum_bytes), (b"IEND", b"")]
    content = _PNG_SIGNATURE + b"".join(build_png_chunk(kind, body) for kind, body in parts)
    return replace(coded, content=content)


def _find_data_end(data: bytes, needed: int) -> tuple[int, int]:
    """Return the end of the compressed data, and the Adler-32 checksum of the inflated data.

    Raises:
        Truncated: the inflated data has less than `needed` bytes.
        zlib.error: the data is corrupt.
    """
    inflater, checksum, at = zlib.decompressobj(-zlib.MAX_WBITS), 1, 2
    while at < len(data) and not inflater.eof and needed > 0:
        inflated = inflater.decompress(data[at : at + _INFLATE_STEP])
        checksum, needed, at = zlib.adler32(inflated, checksum), needed - len(inflated), at + _INFLATE_STEP
    if needed > 0:
        raise Truncated
    return min(at, len(data)) - len(inflater.unused_data), checksum


def _count_bytes(header: bytes) -> int:
    """Return the number of bytes of all rows, each with the byte of its filter."""
    width, height, depth, colour, interlaced = struct.unpack_from(">IIBBxxB", header)
    bits = depth * _SAMPLES.get(colour, 1)
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0:
            total += max(rows, 0) * (1 + -(-columns * bits // 8))
    return total
