"""Colours of photos in Chromium 156, and the colours of our renditions."""

from chalicelib import renditions
from tests.support.colours import Colours, find_difference, read_quadrants
from tests.support.images import encode_chunk

SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_CHROMATICITIES = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
"""The numbers of cHRM: white, red, green and blue."""
SHOWN: dict[tuple[int, int], Colours] = {
    (1, 4): [(201, 35, 35), (35, 161, 57), (35, 57, 201), (221, 201, 57)],
    (1, 5): [(189, 17, 17), (17, 142, 36), (17, 36, 189), (212, 189, 36)],
    (1, 7): [(206, 58, 58), (58, 170, 77), (58, 77, 206), (224, 206, 77)],
    (1, 8): [(229, 110, 110), (110, 208, 133), (110, 133, 229), (239, 229, 133)],
    (1, 13): [(200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 60)],
    (1, 17): [(200, 23, 23), (23, 154, 44), (23, 44, 200), (224, 200, 44)],
    (4, 13): [(237, 21, 18), (0, 157, 50), (0, 82, 206), (234, 193, 11)],
    (5, 13): [(204, 40, 40), (19, 160, 62), (39, 60, 199), (221, 200, 64)],
    (6, 13): [(195, 49, 39), (55, 158, 59), (47, 65, 201), (218, 199, 58)],
    (8, 13): [(227, 0, 24), (0, 164, 46), (24, 54, 207), (227, 201, 0)],
    (10, 13): [(255, 0, 67), (0, 213, 0), (0, 85, 212), (255, 173, 0)],
    (11, 13): [(213, 0, 27), (0, 163, 40), (34, 59, 208), (223, 199, 0)],
    (12, 13): [(218, 0, 26), (0, 163, 40), (34, 61, 208), (224, 199, 0)],
    (22, 13): [(202, 50, 39), (29, 157, 60), (40, 70, 200), (220, 198, 59)],
    (9, 8): [(255, 79, 106), (0, 216, 123), (72, 135, 238), (250, 228, 114)],
    (9, 13): [(249, 0, 27), (0, 169, 32), (0, 59, 210), (237, 198, 0)],
    (9, 16): [(255, 0, 0), (0, 226, 0), (0, 0, 255), (255, 174, 0)],
    (9, 18): [(230, 0, 13), (0, 138, 24), (0, 40, 177), (246, 180, 0)],
    (12, 16): [(255, 0, 0), (0, 220, 0), (1, 11, 255), (255, 195, 0)],
    (12, 18): [(199, 0, 11), (0, 134, 31), (21, 43, 178), (236, 188, 0)],
    (1, 16): [(255, 4, 4), (8, 217, 24), (3, 11, 255), (255, 206, 6)],
    (1, 18): [(181, 29, 29), (30, 132, 48), (26, 42, 170), (231, 192, 49)],
}
"""The quadrants as a PNG with cICP in Chromium 156, by the code points for primaries and transfer function."""


def show(content: bytes, declared: str) -> list[Colours]:
    """Return the colours in the middle of each quadrant, of each rendition."""
    rendered = renditions.render(content, declared)
    return [read_quadrants(rendered, name) for name in rendered.renditions]


def shows(content: bytes, declared: str, expected: Colours, tolerance: int = 6) -> bool:
    """Return whether all renditions have these colours in their quadrants."""
    return all(find_difference(colours, expected) <= tolerance for colours in show(content, declared))


def add_chunks(content: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Add chunks to a PNG after its header."""
    return content[:33] + b"".join(encode_chunk(*chunk) for chunk in chunks) + content[33:]
