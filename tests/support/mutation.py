"""Random changes of photos, such as a faulty disk or an attacker makes."""

import random
import struct
import zlib

_BYTES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
_EXTREMES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_MARKERS = (
    b"\xff\xda",
    b"\xff\xc4",
    b"\xff\xdb",
    b"\xff\xc0",
    b"\xff\xd9",
    b"IDAT",
    b"mdat",
    b"ispe",
    b"infe",
    b"iloc",
)


def mutated(content: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Return `content` with one to eight random changes."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if changed:
            _change(changed, others, rng)
    # A decoder refuses the first chunk of a PNG if its checksum is wrong.
    return _with_checksums(bytes(changed)) if content.startswith(b"\x89PNG") and rng.random() < 0.8 else bytes(changed)


def _change(content: bytearray, others: list[bytes], rng: random.Random) -> None:
    # Prefer changes of the headers, because they affect decoders more than changes of pixels.
    at = rng.randrange(min(len(content), 700 if rng.random() < 0.6 else len(content)))
    size = min(rng.choice((1, 2, 4, 16, 200)), len(content) - at)
    match rng.randrange(9):
        case 0:
            content[at] ^= 1 << rng.randrange(8)
        case 1:
            content[at] = rng.choice(_BYTES)
        case 2:
            content[at : at + 2] = struct.pack(rng.choice("<>") + "H", rng.choice(_EXTREMES) & 0xFFFF)
        case 3:
            content[at : at + 4] = struct.pack(rng.choice("<>") + "I", rng.choice(_EXTREMES))
        case 4:
            content[at : at + size] = rng.randbytes(size)
        case 5:
            del content[at : at + size]
        case 6:
            content[at:at] = bytes(content[at : at + size]) * rng.choice((1, 2, 50))
        case 7:
            other = rng.choice(others)
            start = rng.randrange(len(other))
            content[at : at + size] = other[start : start + rng.choice((4, 64, 1000))]
        case _:
            content[at:at] = rng.choice(_MARKERS)
    if rng.random() < 0.05:
        del content[rng.randrange(len(content) + 1) :]


def _with_checksums(png: bytes) -> bytes:
    """Return a PNG with the correct checksum for each chunk."""
    parts, at = [png[:8]], 8
    while at + 12 <= len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind_and_body = png[at + 4 : at + 8 + size]
        parts.append(png[at : at + 4] + kind_and_body + struct.pack(">I", zlib.crc32(kind_and_body)))
        at += 12 + size
    return b"".join(parts)
