"""Photos changed as chance, a bad disk or an attacker would change them."""

import random
import struct
import zlib

_TELLING = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
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


def mutated(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """`content` after one to eight changes."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if changed:
            _change(changed, others, chance)
    # Without good checksums a PNG would never get past its first chunk.
    return _checked(bytes(changed)) if content.startswith(b"\x89PNG") and chance.random() < 0.8 else bytes(changed)


def _change(content: bytearray, others: list[bytes], chance: random.Random) -> None:
    # Headers decide more than pixels do.
    at = chance.randrange(min(len(content), 700 if chance.random() < 0.6 else len(content)))
    size = min(chance.choice((1, 2, 4, 16, 200)), len(content) - at)
    match chance.randrange(9):
        case 0:
            content[at] ^= 1 << chance.randrange(8)
        case 1:
            content[at] = chance.choice(_TELLING)
        case 2:
            content[at : at + 2] = struct.pack(chance.choice("<>") + "H", chance.choice(_EXTREMES) & 0xFFFF)
        case 3:
            content[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(_EXTREMES))
        case 4:
            content[at : at + size] = chance.randbytes(size)
        case 5:
            del content[at : at + size]
        case 6:
            content[at:at] = bytes(content[at : at + size]) * chance.choice((1, 2, 50))
        case 7:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            content[at : at + size] = other[start : start + chance.choice((4, 64, 1000))]
        case _:
            content[at:at] = chance.choice(_MARKERS)
    if chance.random() < 0.05:
        del content[chance.randrange(len(content) + 1) :]


def _checked(png: bytes) -> bytes:
    """With the checksums that its chunks should have."""
    parts, at = [png[:8]], 8
    while at + 12 <= len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind_and_body = png[at + 4 : at + 8 + size]
        parts.append(png[at : at + 4] + kind_and_body + struct.pack(">I", zlib.crc32(kind_and_body)))
        at += 12 + size
    return b"".join(parts)
