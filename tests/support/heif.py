"""HEIC files with every rotation and mirroring, and with unusual items. All are made by editing one encoded file."""

import struct
from itertools import pairwise

from PIL.Image import Transpose

from tests.support import images

TURNS = {0: None, 1: Transpose.ROTATE_90, 2: Transpose.ROTATE_180, 3: Transpose.ROTATE_270}
"""The rotations by the angle of `irot`, in anticlockwise quarter turns."""
MIRRORS = {None: None, 0: Transpose.FLIP_TOP_BOTTOM, 1: Transpose.FLIP_LEFT_RIGHT}
"""The mirrorings by the axis of `imir`."""


def transformed(angle: int, axis: int | None) -> bytes:
    """Return `images.HEIC` with other transformations of the same coded picture."""
    content = bytearray(images.HEIC)
    content[content.index(b"irot") + 4] = angle
    if axis is None:
        return bytes(content)
    mirror = struct.pack(">I4sB", 9, b"imir", axis)
    rotation, associations = content.index(b"irot") - 4, content.index(b"ipma") - 4
    (size,) = struct.unpack_from(">I", content, associations)
    # The mirroring is the last property of the file, so decoders apply it after the rotation.
    content[associations + size : associations + size] = b"\x86"
    content[associations + 18] += 1
    content[rotation + 9 : rotation + 9] = mirror
    for box, more in ((b"ipma", 1), (b"ipco", 9), (b"iprp", 10), (b"meta", 10)):
        at = content.index(box) - 4
        struct.pack_into(">I", content, at, struct.unpack_from(">I", content, at)[0] + more)
    _shift_items(content, len(mirror) + 1)
    return bytes(content)


def _shift_items(content: bytearray, by: int) -> None:
    """Add `by` to the offsets of the coded items."""
    at = content.index(b"iloc") + 8
    (items,) = struct.unpack_from(">H", content, at + 2)
    for item in range(items):
        entry = at + 8 + item * 18
        (offset,) = struct.unpack_from(">I", content, entry)
        struct.pack_into(">I", content, entry, offset + by)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


type Reference = tuple[bytes, int, list[int]]
type Item = tuple[int, bytes, bytes]
"""The number, the type and the bytes of an item. Empty bytes stand for those of the coded picture."""


def composed(items: list[Item], references: list[Reference], size: tuple[int, int] = (96, 64)) -> bytes:
    """Build a HEIC of this size from items. The first item is the picture."""
    plain, start = images.HEIC, images.HEIC.index(b"mdat") + 4
    coder = plain.index(b"hvcC") - 4
    coded = plain[start : start + 160]
    properties = plain[coder : coder + 120] + _box(b"ispe", bytes(4), struct.pack(">II", *size))
    bodies = [body or coded for _, _, body in items]
    count = struct.pack(">H", len(items))
    infos = [_box(b"infe", b"\2\0\0\0", struct.pack(">HH", item, 0), kind, b"\0") for item, kind, _ in items]
    associations = [struct.pack(">HB", item, 2) + b"\x81\2" for item, _, _ in items]
    reference_boxes = [_box(kind, struct.pack(f">HH{len(to)}H", item, len(to), *to)) for kind, item, to in references]

    def build_meta(begin: int) -> bytes:
        at, locations = begin, []
        for (item, _, _), body in zip(items, bodies, strict=True):
            locations.append(struct.pack(">HHHII", item, 0, 1, at, len(body)))
            at += len(body)
        return _box(
            b"meta",
            bytes(4) + _box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
            _box(b"pitm", bytes(4) + struct.pack(">H", items[0][0])),
            _box(b"iloc", bytes(4), b"\x44\0", count, *locations),
            _box(b"iinf", bytes(4), count, *infos),
            _box(
                b"iprp",
                _box(b"ipco", properties),
                _box(b"ipma", bytes(4), struct.pack(">I", len(items)), *associations),
            ),
            _box(b"iref", bytes(4), *reference_boxes),
        )

    begin = len(plain[:28]) + len(build_meta(0)) + 8
    return plain[:28] + build_meta(begin) + _box(b"mdat", *bodies)


def layered(depth: int, layers: int) -> bytes:
    """Build a picture from nested overlays. A decoder needs `layers` to the power of `depth` pictures."""
    overlay = bytes(10) + struct.pack(">HH", 96, 64) + bytes(4 * layers)
    numbers = [[1], *([2 + level * layers + n for n in range(layers)] for level in range(depth))]
    items: list[Item] = [(item, b"iovl", overlay) for level in numbers[:-1] for item in level]
    items += [(item, b"hvc1", b"") for item in numbers[-1]]
    below = pairwise(numbers)
    return composed(items, [(b"dimg", item, to) for level, to in below for item in level])


def large_tiles(across: int) -> bytes:
    """Build a small picture from tiles of 16 MP."""
    grid = struct.pack(">BBBBHH", 0, 0, across - 1, across - 1, 96, 64)
    tiles = list(range(2, 2 + across * across))
    return composed(
        [(1, b"grid", grid), *((tile, b"hvc1", b"") for tile in tiles)], [(b"dimg", 1, tiles)], size=(4_000, 4_000)
    )


def described_often(times: int) -> bytes:
    """Build a file with many pictures that share the same metadata."""
    pictures = list(range(1, times + 1))
    items: list[Item] = [(item, b"hvc1", b"") for item in pictures]
    return composed([*items, (900, b"Exif", bytes(15_000_000))], [(b"cdsc", 900, pictures)])


def shared(times: int) -> bytes:
    """Build a picture with many metadata items, which all have the same bytes of the file."""
    exif_items = list(range(900, 900 + times))
    content = bytearray(
        composed(
            [(1, b"hvc1", b""), (899, b"Exif", bytes(15_000_000)), *((item, b"Exif", b"\0") for item in exif_items)],
            [(b"cdsc", item, [1]) for item in exif_items],
        )
    )
    first = content.index(b"iloc") + 12 + 14
    for item in range(times):
        content[first + 14 * (item + 1) + 6 : first + 14 * (item + 2)] = content[first + 6 : first + 14]
    return bytes(content)
