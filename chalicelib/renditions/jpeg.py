"""Read the segments of a JPEG. Keep the picture, and drop the metadata after reading it (ITU-T T.81, annex B)."""

import re
import struct
from collections.abc import Iterator

from chalicelib.renditions import jpeg_tables
from chalicelib.renditions.coded_picture import CodedPicture, check_limit, check_size, count_pieces, read_bytes
from chalicelib.renditions.colours import colour
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, Truncated

MAX_SCANS = 64
MAX_SCANNED_PIXELS = 1_100_000_000
SCANNED_PIXELS_PER_BYTE = 100

# Like libjpeg, skip stray bytes before a marker, and escapes, restarts and corrupt markers before the end of a scan.
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_SCAN_END = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_LAST_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7]")

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP13, _APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_EXIF_PREFIX, _XMP_PREFIX, _PHOTOSHOP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SHOWN_BY_BROWSERS = frozenset({0xC0, 0xC1, 0xC2})
_PICTURE = _FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, _SOS}
_BETWEEN_SCANS = frozenset({0xC4, 0xCC, 0xDB, 0xDD, _SOS, 0xFE, *range(0xE0, 0xF0)})
_RESTARTS = range(0xD0, 0xD8)
_WITHOUT_LENGTH = frozenset({0x01, _SOI, *_RESTARTS})
_KEPT_ZEROS, _SHORT_SCAN = 2, 16
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"


def read(content: bytes) -> CodedPicture:
    """Return the picture without its metadata. Tables and scans stay unchanged, so the pixels are identical.

    The end marker may be missing. The decoder then tells whether pixels are missing.
    """
    segments = list(_iterate_segments(content))
    width, height, is_downloadable, memory_per_pixel = _read_frame(segments, len(content))
    if segments[-1][0] != _EOI and not _has_every_bit(segments):
        raise Truncated
    is_downloadable = is_downloadable and jpeg_tables.has_no_hidden_data(
        [segment for segment in segments if segment[0] in _PICTURE]
    )
    picture = b"".join((b"\xff\xd8", *_iterate_picture_parts(segments), b"\xff\xd9"))
    exif = _find_body(segments, _APP1, _EXIF_PREFIX)
    return CodedPicture(
        picture,
        width,
        height,
        exif=exif,
        xmp=_find_body(segments, _APP1, _XMP_PREFIX),
        iptc=b"".join(segment[16:] for code, segment in segments if code == _APP13 and segment[2:16] == _PHOTOSHOP),
        profile=_join_profile(segments),
        colour_space=colour.read_dcf(exif),
        is_downloadable=is_downloadable,
        memory_per_pixel=memory_per_pixel,
    )


def read_frame_size(content: bytes, start: int, end: int, piece_counter: Iterator[None]) -> tuple[int, int]:
    """Return the width and the height of the JPEG between `start` and `end`, from its first frame header.

    Raises:
        Damaged: no frame header precedes the pixels.
    """
    at = start + 2
    for _ in piece_counter:
        marker = _MARKER.search(content, at, end)
        code = content[marker.end() - 1] if marker else _EOI
        if not marker or code in {_EOI, _SOS}:
            break
        at = marker.end()
        if code in _FRAMES:
            height, width = struct.unpack(">HH", read_bytes(content, at + 3, 4))
            return width, height
        if code not in _WITHOUT_LENGTH:
            at += int.from_bytes(read_bytes(content, at, 2))
    raise Damaged


def extend_scans(content: bytes, addition: bytes) -> bytes:
    """Return a picture with `addition` behind each scan.

    A decoder skips the addition if the scan has all its pixels. Otherwise, it decodes pixels from it.
    """
    parts = [b"\xff\xd8"]
    for code, segment in _iterate_segments(content):
        parts += (bytes((0xFF, code)), _extend_scan(segment, addition) if code == _SOS else segment)
    return b"".join(parts)


def _extend_scan(segment: bytes, addition: bytes) -> bytes:
    positions = [segment.rfind(bytes((0xFF, code)), 6 + 2 * segment[2]) for code in _RESTARTS]
    last = max(positions)
    # If the scan ends between two restart intervals, the decoder looks for the next restart marker.
    following = (positions.index(last) + 1) % len(_RESTARTS) if last >= 0 else 0
    # 0xFF and the addition would be a marker.
    return segment.rstrip(b"\xff") + addition + bytes((0xFF, _RESTARTS[following])) + addition


def _find_body(segments: list[tuple[int, bytes]], code: int, prefix: bytes) -> bytes:
    """Return the bytes after `prefix` in the first segment of a kind that starts with `prefix`, or no bytes."""
    bodies = (segment[2:] for found_code, segment in segments if found_code == code)
    return next((body.removeprefix(prefix) for body in bodies if body.startswith(prefix)), b"")


def _iterate_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the code and the bytes of each segment up to the end of the picture. EOI has no bytes.

    The bytes include the length field. Those of a scan include its entropy-coded data.
    """
    at, has_scan = 2, False
    for _ in count_pieces():
        marker = _MARKER.search(content, at)
        code = content[marker.end() - 1] if marker else _EOI
        if marker and code == _EOI:
            yield code, b""
        if not marker or code == _EOI or (has_scan and not _is_valid_segment(content, marker.end(), code)):
            break
        at = marker.end()
        if code not in _WITHOUT_LENGTH:
            end = _find_segment_end(content, at, code)
            yield code, read_bytes(content, at, end - at)
            at, has_scan = end, has_scan or code == _SOS
    if not has_scan:
        raise Truncated


def _is_valid_segment(content: bytes, at: int, code: int) -> bool:
    """Return whether a segment after the first scan is valid. Otherwise the end marker is missing."""
    length = int.from_bytes(content[at : at + 2])
    if code not in _BETWEEN_SCANS or at + length > len(content):
        return False
    return length == 6 + 2 * content[at + 2] if code == _SOS else length > 2


def _has_every_bit(segments: list[tuple[int, bytes]]) -> bool:
    """Return whether the scans of a progressive picture contain every bit of every coefficient (T.81, annex G.1.1)."""
    frame_code, frame = next((code, segment) for code, segment in segments if code in _FRAMES)
    missing_bits = {component: [1] * 64 for component in frame[8::3]}
    for header in (segment for code, segment in segments if code == _SOS):
        first, last, approximation = header[3 + 2 * header[2] :][:3]
        for component in header[3 : 3 + 2 * header[2] : 2]:
            missing_bits.get(component, [])[first : last + 1] = [approximation & 15] * (min(last, 63) + 1 - first)
    return frame_code not in _PROGRESSIVE or not any(map(any, missing_bits.values()))


def _find_segment_end(content: bytes, at: int, code: int) -> int:
    end = at + max(2, int.from_bytes(read_bytes(content, at, 2)))
    if code != _SOS:
        return end
    scan_end = _SCAN_END.search(content, end)
    if scan_end and (scan_end[0][1] == _EOI or _is_valid_segment(content, scan_end.end(), scan_end[0][1])):
        return scan_end.start()
    return _find_last_data(content, end)


def _find_last_data(content: bytes, start: int) -> int:
    """Return the end of the data of a scan without an end marker.

    Zeros fill the part of a file that never arrived, and a decoder would read pixels from them. Real data can end with
    many zeros only in a picture of one colour.
    """
    marker = _LAST_SCAN_END.search(content, start)
    limit = marker.start() if marker else len(content)
    end = start + len(content[start:limit].rstrip(b"\0"))
    has_one_colour = end - start < _SHORT_SCAN and content[start - 3] == 0
    return limit if has_one_colour else min(end + _KEPT_ZEROS, limit)


def _read_frame(segments: list[tuple[int, bytes]], file_bytes: int) -> tuple[int, int, bool, float]:
    """Return the width, the height, whether browsers show this kind of JPEG, and the memory of the coefficients."""
    frames = [(code, segment) for code, segment in segments if code in _FRAMES]
    scans = sum(code == _SOS for code, _ in segments)
    if len(frames) != 1 or not scans:
        raise Damaged
    ((code, segment),) = frames
    height, width, components = struct.unpack_from(">3xHHB", segment)
    first = next(segment for code, segment in segments if code == _SOS)
    can_stream = code in _SEQUENTIAL and first[2] == components
    memory_per_pixel = 0 if can_stream else _count_coefficients(segment) * 2
    # The pixels themselves are shrunk if they do not fit.
    check_size(width, height, file_bytes, memory_per_pixel=memory_per_pixel)
    check_limit(scans, MAX_SCANS, "scans", DecompressionBomb)
    max_scanned_pixels = MAX_SCANNED_PIXELS + SCANNED_PIXELS_PER_BYTE * file_bytes
    check_limit(scans * width * height, max_scanned_pixels, "pixels in all scans", DecompressionBomb)
    return width, height, code in _SHOWN_BY_BROWSERS and components in {1, 3}, memory_per_pixel


def _count_coefficients(frame: bytes) -> float:
    """Return the number of coefficients per pixel.

    The decoder keeps all coefficients until the last scan, unless one scan has the whole picture.
    """
    factors = [(sampling >> 4 or 1, sampling & 15 or 1) for sampling in frame[9::3]] or [(1, 1)]
    max_factors = max(across for across, _ in factors) * max(down for _, down in factors)
    return sum(across * down for across, down in factors) / max_factors


def _iterate_picture_parts(segments: list[tuple[int, bytes]]) -> Iterator[bytes]:
    # JFIF and Adobe segments determine how components become colours. Keep only that part of them.
    if any(code == _APP0 and segment[2:7] == b"JFIF\0" for code, segment in segments):
        yield _JFIF
    adobe = next((s for code, s in segments if code == _APP14 and s[2:7] == b"Adobe" and len(s) >= 14), None)
    if adobe:
        yield b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + adobe[13:14]
    for code, segment in segments:
        if code in _PICTURE:
            yield bytes((0xFF, code))
            yield segment


def _join_profile(segments: list[tuple[int, bytes]]) -> bytes:
    """Return the ICC profile, joined from its numbered parts (ICC.1:2022, annex B.4)."""
    bodies = [s[2:] for code, s in segments if code == _APP2 and s[2:14] == b"ICC_PROFILE\0" and len(s) > 16]
    parts = {body[12]: body[14:] for body in bodies}
    return b"".join(parts[number] for number in sorted(parts))
