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
from chalicelib.renditions.coded import MAX_PROFILE_BYTES, Coded, check_size, pieces, take
from chalicelib.renditions.refusals import Damaged, DecompressionBomb, NotAnImage, TooManyBytes, Truncated, TypeMismatch
from chalicelib.renditions.tiff import Tiff, number

# The measured memory of the decoders that cannot stream, in bytes per pixel.
_GIF_COST, _WEBP_COST, _HEIC_COST, _AVIF_COST = 8, 9, 8, 10

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
_HEIF = {"image/heic", "image/heif"}


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


def unwrap(content: bytes, content_type: str) -> Coded:
    """Return the coded picture inside `content`. Check everything that can be checked without decoding.

    Raises:
        Refused: the file is rejected. The subclass is the reason.
    """
    if len(content) > MAX_UPLOAD_BYTES:
        raise TooManyBytes
    media_type = sniff(content)
    if media_type is None:
        raise NotAnImage
    if media_type != content_type and not {media_type, content_type} <= _HEIF:
        raise TypeMismatch
    try:
        return _READERS[media_type](content)
    except (IndexError, struct.error) as e:
        raise Truncated from e


def _read_png(content: bytes) -> Coded:
    kept, chunks, at = [content[:8]], dict[bytes, bytes](), 8
    for _ in pieces():
        size, kind = struct.unpack_from(">I4s", content, at)
        chunk = take(content, at, size + 12)
        chunks.setdefault(kind, chunk[8:-4])
        if kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}:
            kept.append(chunk)
        at += len(chunk)
        if kind == b"IEND":
            break
    width, height, depth, colour, interlaced = struct.unpack_from(">IIBBxxB", chunks.get(b"IHDR", b""))
    samples = {0: 1, 2: 3, 3: 4, 4: 2}.get(colour, 4)
    cost = samples * max(depth, 8) / 8 + 3 if interlaced else 0
    check_size(width, height, cost=cost)
    profile = _inflate_profile(chunks.get(b"iCCP", b""))
    return Coded(b"".join(kept), width, height, chunks.get(b"eXIf", b""), profile, cost=cost)


def _inflate_profile(iccp: bytes) -> bytes:
    _, _, method_and_profile = iccp.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(method_and_profile[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return b""
    if len(profile) > MAX_PROFILE_BYTES:
        raise DecompressionBomb
    return profile


def _read_gif(content: bytes) -> Coded:
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at, walk = 13 + _palette_size(flags), pieces()
    kept = [take(content, 0, at)]
    while (introducer := content[at]) == 0x21:
        end = _skip_sub_blocks(content, at + 2, walk)
        if content[at + 1] == 0xF9:
            kept.append(content[at:end])
        at = end
    if introducer != 0x2C:
        raise Damaged
    left, top, frame_width, frame_height, flags = struct.unpack_from("<HHHHB", content, at + 1)
    check_size(max(width, left + frame_width), max(height, top + frame_height), cost=_GIF_COST)
    end = _skip_sub_blocks(content, at + 11 + _palette_size(flags), walk)
    return Coded(b"".join((*kept, content[at:end], b";")), width, height, cost=_GIF_COST)


def _palette_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_sub_blocks(content: bytes, at: int, walk: Iterator[None]) -> int:
    for _ in walk:
        size = content[at]
        at += size + 1
        if not size:
            break
    return at


def _read_webp(content: bytes) -> Coded:
    kept, chunks, at, walk = list[bytes](), dict[bytes, bytes](), 12, pieces()
    end = 8 + int.from_bytes(content[4:8], "little")
    while at < end:
        next(walk)
        kind, size = struct.unpack_from("<4sI", content, at)
        body = take(content, at + 8, size)
        if kind == b"VP8X":
            # Clear the flags of the dropped chunks: profile, EXIF, XMP.
            body = bytes((body[0] & ~0x2C,)) + body[1:]
        if kind in {b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"} and kind not in chunks:
            kept.append(kind + struct.pack("<I", size) + body + bytes(size % 2))
        chunks.setdefault(kind, body)
        at += 8 + size + size % 2
    width, height = _webp_size(chunks)
    check_size(width, height, cost=_WEBP_COST)
    riff = b"WEBP" + b"".join(kept)
    container = b"RIFF" + struct.pack("<I", len(riff)) + riff
    return Coded(container, width, height, chunks.get(b"EXIF", b""), chunks.get(b"ICCP", b""), cost=_WEBP_COST)


def _webp_size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    if canvas := chunks.get(b"VP8X"):
        return int.from_bytes(take(canvas, 4, 3), "little") + 1, int.from_bytes(take(canvas, 7, 3), "little") + 1
    if lossless := chunks.get(b"VP8L"):
        bits = int.from_bytes(take(lossless, 1, 4), "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", chunks.get(b"VP8 ", b""), 6)
    return width & 0x3FFF, height & 0x3FFF


def _read_tiff(content: bytes) -> Coded:
    structure = Tiff(content)
    fields = structure.fields(structure.first)
    width, height = number(fields.get(_WIDTH)), number(fields.get(_HEIGHT))
    bits, samples = number(fields.get(_BITS), 8), number(fields.get(_SAMPLES), 1)
    # A JPEG inside may have several scans, so the decoder keeps all coefficients.
    coefficients = 2 if number(fields.get(_COMPRESSION)) == _JPEG else 0
    cost = samples * (max(bits, 8) / 8 + coefficients) + 3
    check_size(width, height, cost=cost)
    # Remove the offset of the next page, so that no loader reads or counts a chain of a million pages.
    page = bytearray(content)
    struct.pack_into(structure.order + structure.word, page, structure.end(structure.first), 0)
    return Coded(bytes(page), width, height, exif=content, cost=cost)


_READERS: dict[str, Callable[[bytes], Coded]] = {
    "image/jpeg": jpeg.read,
    "image/png": _read_png,
    "image/gif": _read_gif,
    "image/webp": _read_webp,
    "image/tiff": _read_tiff,
    "image/heic": partial(heif.read, _HEIC_COST),
    "image/heif": partial(heif.read, _HEIC_COST),
    "image/avif": partial(heif.read, _AVIF_COST),
}
