"""Extract the coded picture from the file formats of photos, without a decoder.

If the format allows it, keep only the coded picture: one frame, no metadata, no bytes before or after the picture.
So data that is hidden elsewhere in an upload reaches neither a decoder nor a rendition.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from chalicelib.domain.photos import MAX_UPLOAD_BYTES, RejectionDetails
from chalicelib.renditions import heif, jpeg
from chalicelib.renditions.coded_picture import (
    MAX_PROFILE_BYTES,
    CodedPicture,
    check_size,
    count_pieces,
    inflate,
    read_bytes,
)
from chalicelib.renditions.colours.colour import read_cicp, read_png_chunks
from chalicelib.renditions.completeness import build_png_chunk
from chalicelib.renditions.metadata import png_texts
from chalicelib.renditions.rejections import (
    Damaged,
    DecompressionBomb,
    NotAnImage,
    TooManyBytes,
    Truncated,
)
from chalicelib.renditions.tiff import picture as tiff_picture

# The measured memory of the decoders, in bytes per pixel.
_PNG_MEMORY, _GIF_MEMORY, _WEBP_MEMORY = 3.8, 8, 7.5
_HEIC_MEMORY, _AVIF_MEMORY = heif.Memory(2.25, 0.8), heif.Memory(1, 5)
# A sub-block has at most 255 bytes, so the largest upload has 780,000 full sub-blocks.
_MAX_GIF_BLOCKS = 1_000_000

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
_PNG_COLOURS = {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"}
_WEBP_KINDS = {b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L", b"ICCP", b"EXIF", b"XMP "}
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
        raise TooManyBytes(RejectionDetails(limit=MAX_UPLOAD_BYTES, actual=len(content), unit="bytes"))
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
    picture_parts, chunks = [content[:8]], dict[bytes, bytes]()
    text_chunks: list[tuple[bytes, bytes]] = []
    for kind, chunk in _iterate_png_chunks(content):
        # Decoders ignore the colours that follow the pixels or the palette.
        if kind not in _PNG_COLOURS or not {b"PLTE", b"IDAT"} & chunks.keys():
            chunks.setdefault(kind, chunk[8:-4])
        if kind in png_texts.CHUNKS:
            text_chunks.append((kind, chunk[8:-4]))
        if kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}:
            picture_parts.append(chunk)
    if b"IDAT" not in chunks:
        raise Truncated
    picture_parts.append(build_png_chunk(b"IEND", b""))
    width, height, depth, colour, interlaced = struct.unpack_from(">IIBBxxB", chunks.get(b"IHDR", b""))
    samples = {0: 1, 2: 3, 3: 4, 4: 2}.get(colour, 4)
    memory_per_pixel = samples * max(depth, 8) / 8 + 3 if interlaced else _PNG_MEMORY
    check_size(width, height, len(content), memory_per_pixel=memory_per_pixel)
    cicp = read_cicp(chunks.get(b"cICP", b""))
    coded = CodedPicture(
        b"".join(picture_parts),
        width,
        height,
        profile=b"" if cicp else _inflate_profile(chunks.get(b"iCCP", b"")),
        colour_space=cicp or read_png_chunks(chunks),
        memory_per_pixel=memory_per_pixel,
    )
    return replace(coded, **png_texts.read_metadata(text_chunks, chunks.get(b"eXIf", b"")))


def _iterate_png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the bytes of each chunk up to IEND, or up to the end of a file that is cut off."""
    at, kind = 8, b""
    for _ in count_pieces():
        if kind == b"IEND" or at + 8 > len(content):
            break
        size, kind = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + size + 12]
        if len(chunk) == size + 12:
            yield kind, chunk
        elif kind == b"IDAT":
            yield kind, build_png_chunk(kind, chunk[8 : 8 + size])
        at += size + 12


def _inflate_profile(iccp: bytes) -> bytes:
    _, _, method_and_profile = iccp.partition(b"\0")
    profile = inflate(method_and_profile[1:], MAX_PROFILE_BYTES + 1)
    if len(profile) > MAX_PROFILE_BYTES:
        raise DecompressionBomb
    return profile


def _read_gif(content: bytes) -> CodedPicture:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at, piece_counter = 13 + _get_palette_size(flags), count_pieces(_MAX_GIF_BLOCKS)
    picture_parts = [read_bytes(content, 0, at)]
    while (introducer := content[at]) == 0x21:
        end = _skip_sub_blocks(content, at + 2, piece_counter)
        if content[at + 1] == 0xF9:
            picture_parts.append(content[at:end])
        at = end
    if introducer != 0x2C:
        raise Damaged
    left, top, frame_width, frame_height, flags = struct.unpack_from("<HHHHB", content, at + 1)
    check_size(
        max(width, left + frame_width), max(height, top + frame_height), len(content), memory_per_pixel=_GIF_MEMORY
    )
    start = at + 11 + _get_palette_size(flags)
    image_data, is_complete = _read_image_data(content, start, piece_counter)
    coded = b"".join((*picture_parts, content[at:start], image_data, b"\0;"))
    return CodedPicture(coded, width, height, memory_per_pixel=_GIF_MEMORY, is_cut=not is_complete)


def _read_image_data(content: bytes, start: int, piece_counter: Iterator[None]) -> tuple[bytes, bool]:
    """Return the sub-blocks of an image without the terminator, and whether their last code ends the image."""
    at = start
    for _ in piece_counter:
        size = content[at] if at < len(content) else 0
        if not size or at + size >= len(content):
            break
        at += size + 1
    rest = content[at + 1 : at + 1 + size]
    data = content[start:at] + (bytes((len(rest),)) + rest if rest else b"")
    return data, _has_end_code(data[-3:], content[start - 1])


def _has_end_code(last_bytes: bytes, min_code_size: int) -> bool:
    """Return whether LZW data ends with its end code, followed by less than a byte of zeros (GIF89a, appendix F)."""
    bits, end_code = int.from_bytes(last_bytes, "little"), (1 << min_code_size) + 1
    length = 8 * len(last_bytes)
    return any(
        bits >> length - unused_bits - width == end_code
        for width in range(min_code_size + 1, 13)
        for unused_bits in range(8)
        if length >= unused_bits + width
    )


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
    picture_parts, chunks, is_cut = list[bytes](), dict[bytes, bytes](), False
    for kind, body, is_whole in _iterate_webp_chunks(content):
        if kind == b"VP8X":
            # Clear the flags of the dropped chunks: profile, EXIF, XMP.
            body = bytes((body[0] & ~0x2C,)) + body[1:]
        if kind in _WEBP_KINDS - {b"ICCP", b"EXIF", b"XMP "} and kind not in chunks:
            picture_parts.append(kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2))
            is_cut = is_cut or not is_whole
        chunks.setdefault(kind, body)
    width, height = _read_webp_size(chunks)
    check_size(width, height, len(content), memory_per_pixel=_WEBP_MEMORY)
    riff = b"WEBP" + b"".join(picture_parts)
    container = b"RIFF" + struct.pack("<I", len(riff)) + riff
    return CodedPicture(
        container,
        width,
        height,
        exif=chunks.get(b"EXIF", b""),
        xmp=chunks.get(b"XMP ", b""),
        profile=chunks.get(b"ICCP", b""),
        memory_per_pixel=_WEBP_MEMORY,
        is_cut=is_cut,
    )


def _iterate_webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield the kind and the body of each chunk, and whether the file contains all of it.

    The size in the RIFF header may be wrong, and the byte after an odd chunk may be missing. Browsers ignore both.
    """
    at, end = 12, min(8 + int.from_bytes(content[4:8], "little"), len(content) - 7)
    for _ in count_pieces():
        if at >= end:
            break
        kind, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        yield kind, body, len(body) == size
        at += 8 + size
        if size % 2 and content[at : at + 4] not in _WEBP_KINDS:
            at += 1


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


_READERS: dict[str, Callable[[bytes], CodedPicture]] = {
    "image/jpeg": jpeg.read,
    "image/png": _read_png,
    "image/gif": _read_gif,
    "image/webp": _read_webp,
    "image/tiff": tiff_picture.read,
    "image/heic": partial(heif.read, _HEIC_MEMORY),
    "image/heif": partial(heif.read, _HEIC_MEMORY),
    "image/avif": partial(heif.read, _AVIF_MEMORY),
}
