"""Extract the coded picture from the file formats of photos, without a decoder.

If the format allows it, keep only the coded picture: one frame, no metadata, no bytes before or after the picture.
So data that is hidden elsewhere in an upload reaches neither a decoder nor a rendition.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from chalicelib.domain.photos import MAX_UPLOAD_BYTES
from chalicelib.renditions import heif, jpeg
from chalicelib.renditions.coded_picture import MAX_PROFILE_BYTES, CodedPicture, check_size, count_pieces, read_bytes
from chalicelib.renditions.rejections import (
    Damaged,
    DecompressionBomb,
    NotAnImage,
    TooManyBytes,
    Truncated,
)
from chalicelib.renditions.tiff import Tiff, get_first_integer

# The measured memory of the decoders that cannot stream, in bytes per pixel.
_GIF_MEMORY, _WEBP_MEMORY, _HEIC_MEMORY, _AVIF_MEMORY = 8, 9, 8, 10

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES = 256, 257, 258, 259, 277
_JPEG = 7

_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"II+\0": "image/tiff",
    b"MM\0+": "image/tiff",
}
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
}


def sniff(content: bytes) -> str | None:
    """Return the media type that the first bytes indicate, or None if the service does not support it."""
    if content[4:8] == b"ftyp":
        return _sniff_brand(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC.items() if content.startswith(magic)), None)


def _sniff_brand(content: bytes) -> str | None:
    box = content[8 : min(int.from_bytes(content[:4]), 512)]
    brands = [box[at : at + 4] for at in range(0, len(box), 4) if at != 4]
    known = next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)
    return known or ("image/heif" if {b"mif1", b"msf1"} & set(brands) else None)


def identify(content: bytes) -> str:
    """Return the media type of an upload.

    Raises:
        TooManyBytes, NotAnImage: the upload is too large, or the service does not support its format.
    """
    if len(content) > MAX_UPLOAD_BYTES:
        raise TooManyBytes
    content_type = sniff(content)
    if content_type is None:
        raise NotAnImage
    return content_type


def extract_picture(content: bytes, content_type: str) -> CodedPicture:
    """Return the coded picture inside a file of this type. Check everything that can be checked without decoding.

    Raises:
        Rejection: the file is rejected. The subclass is the reason.
    """
    try:
        return _READERS[content_type](content)
    except (IndexError, struct.error) as e:
        raise Truncated from e


def _read_png(content: bytes) -> CodedPicture:
    picture_parts, chunks, at = [content[:8]], dict[bytes, bytes](), 8
    for _ in count_pieces():
        size, kind = struct.unpack_from(">I4s", content, at)
        chunk = read_bytes(content, at, size + 12)
        chunks.setdefault(kind, chunk[8:-4])
        if kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}:
            picture_parts.append(chunk)
        at += len(chunk)
        if kind == b"IEND":
            break
    width, height, depth, colour, interlaced = struct.unpack_from(">IIBBxxB", chunks.get(b"IHDR", b""))
    samples = {0: 1, 2: 3, 3: 4, 4: 2}.get(colour, 4)
    memory_per_pixel = samples * max(depth, 8) / 8 + 3 if interlaced else 0
    check_size(width, height, memory_per_pixel=memory_per_pixel)
    profile = _inflate_profile(chunks.get(b"iCCP", b""))
    return CodedPicture(
        b"".join(picture_parts), width, height, chunks.get(b"eXIf", b""), profile, memory_per_pixel=memory_per_pixel
    )


def _inflate_profile(iccp: bytes) -> bytes:
    _, _, method_and_profile = iccp.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(method_and_profile[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return b""
    if len(profile) > MAX_PROFILE_BYTES:
        raise DecompressionBomb
    return profile


def _read_gif(content: bytes) -> CodedPicture:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at, piece_counter = 13 + _get_palette_size(flags), count_pieces()
    picture_parts = [read_bytes(content, 0, at)]
    while (introducer := content[at]) == 0x21:
        end = _skip_sub_blocks(content, at + 2, piece_counter)
        if content[at + 1] == 0xF9:
            picture_parts.append(content[at:end])
        at = end
    if introducer != 0x2C:
        raise Damaged
    left, top, frame_width, frame_height, flags = struct.unpack_from("<HHHHB", content, at + 1)
    check_size(max(width, left + frame_width), max(height, top + frame_height), memory_per_pixel=_GIF_MEMORY)
    end = _skip_sub_blocks(content, at + 11 + _get_palette_size(flags), piece_counter)
    return CodedPicture(b"".join((*picture_parts, content[at:end], b";")), width, height, memory_per_pixel=_GIF_MEMORY)


def _get_palette_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_sub_blocks(content: bytes, at: int, piece_counter: Iterator[None]) -> int:
    for _ in piece_counter:
        size = content[at]
        at += size + 1
        if not size:
            break
    return at


def _read_webp(content: bytes) -> CodedPicture:
    picture_parts, chunks, at, piece_counter = list[bytes](), dict[bytes, bytes](), 12, count_pieces()
    end = 8 + int.from_bytes(content[4:8], "little")
    while at < end:
        next(piece_counter)
        kind, size = struct.unpack_from("<4sI", content, at)
        body = read_bytes(content, at + 8, size)
        if kind == b"VP8X":
            # Clear the flags of the dropped chunks: profile, EXIF, XMP.
            body = bytes((body[0] & ~0x2C,)) + body[1:]
        if kind in {b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"} and kind not in chunks:
            picture_parts.append(kind + struct.pack("<I", size) + body + bytes(size % 2))
        chunks.setdefault(kind, body)
        at += 8 + size + size % 2
    width, height = _read_webp_size(chunks)
    check_size(width, height, memory_per_pixel=_WEBP_MEMORY)
    riff = b"WEBP" + b"".join(picture_parts)
    container = b"RIFF" + struct.pack("<I", len(riff)) + riff
    return CodedPicture(
        container, width, height, chunks.get(b"EXIF", b""), chunks.get(b"ICCP", b""), memory_per_pixel=_WEBP_MEMORY
    )


def _read_webp_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    if canvas := chunks.get(b"VP8X"):
        return int.from_bytes(read_bytes(canvas, 4, 3), "little") + 1, int.from_bytes(
            read_bytes(canvas, 7, 3), "little"
        ) + 1
    if lossless := chunks.get(b"VP8L"):
        bits = int.from_bytes(read_bytes(lossless, 1, 4), "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", chunks.get(b"VP8 ", b""), 6)
    return width & 0x3FFF, height & 0x3FFF


def _read_tiff(content: bytes) -> CodedPicture:
    tiff_file = Tiff(content)
    fields = tiff_file.read_fields(tiff_file.first_directory)
    width, height = get_first_integer(fields.get(_WIDTH)), get_first_integer(fields.get(_HEIGHT))
    bits, samples = get_first_integer(fields.get(_BITS), 8), get_first_integer(fields.get(_SAMPLES), 1)
    # A JPEG inside may have several scans, so the decoder keeps all coefficients.
    coefficients = 2 if get_first_integer(fields.get(_COMPRESSION)) == _JPEG else 0
    memory_per_pixel = samples * (max(bits, 8) / 8 + coefficients) + 3
    check_size(width, height, memory_per_pixel=memory_per_pixel)
    # Remove the offset of the next page, so that no loader reads or counts a chain of a million pages.
    page = bytearray(content)
    struct.pack_into(
        tiff_file.byte_order + tiff_file.offset_format, page, tiff_file.find_next_offset(tiff_file.first_directory), 0
    )
    return CodedPicture(bytes(page), width, height, exif=content, memory_per_pixel=memory_per_pixel)


_READERS: dict[str, Callable[[bytes], CodedPicture]] = {
    "image/jpeg": jpeg.read,
    "image/png": _read_png,
    "image/gif": _read_gif,
    "image/webp": _read_webp,
    "image/tiff": _read_tiff,
    "image/heic": partial(heif.read, _HEIC_MEMORY),
    "image/heif": partial(heif.read, _HEIC_MEMORY),
    "image/avif": partial(heif.read, _AVIF_MEMORY),
}
