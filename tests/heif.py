"""HEIC turned and mirrored in every way that its container can say, by surgery on one encoded file."""

import struct

from PIL.Image import Transpose

from tests import images

TURNS = {0: None, 1: Transpose.ROTATE_90, 2: Transpose.ROTATE_180, 3: Transpose.ROTATE_270}
"""By `irot`'s angle, which counts quarters anticlockwise."""
MIRRORS = {None: None, 0: Transpose.FLIP_TOP_BOTTOM, 1: Transpose.FLIP_LEFT_RIGHT}
"""By `imir`'s axis."""


def transformed(angle: int, axis: int | None) -> bytes:
    """`images.HEIC` with other transformations of the same coded picture."""
    content = bytearray(images.HEIC)
    content[content.index(b"irot") + 4] = angle
    if axis is None:
        return bytes(content)
    mirror = struct.pack(">I4sB", 9, b"imir", axis)
    rotation, associations = content.index(b"irot") - 4, content.index(b"ipma") - 4
    (size,) = struct.unpack_from(">I", content, associations)
    # The file's last property, so it is done last.
    content[associations + size : associations + size] = b"\x86"
    content[associations + 18] += 1
    content[rotation + 9 : rotation + 9] = mirror
    for box, more in ((b"ipma", 1), (b"ipco", 9), (b"iprp", 10), (b"meta", 10)):
        at = content.index(box) - 4
        struct.pack_into(">I", content, at, struct.unpack_from(">I", content, at)[0] + more)
    _move(content, len(mirror) + 1)
    return bytes(content)


def _move(content: bytearray, by: int) -> None:
    """Its coded items lie that much further on."""
    at = content.index(b"iloc") + 8
    (items,) = struct.unpack_from(">H", content, at + 2)
    for item in range(items):
        place = at + 8 + item * 18
        (offset,) = struct.unpack_from(">I", content, place)
        struct.pack_into(">I", content, place, offset + by)
