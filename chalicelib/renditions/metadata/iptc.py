"""Read IPTC fields (IIM 4.2) of a photo, also inside image resources of Photoshop. They are untrusted."""

import struct
from collections.abc import Iterator

from chalicelib.renditions.text import decode_text

type Fields = dict[int, list[str]]
"""The values of each field of record 2 by its number."""

TITLE, KEYWORD, DATE, TIME, HEADLINE, CAPTION = 5, 25, 55, 60, 105, 120
_MAX_PIECES = 10_000
_MAX_VALUES = 200
_IPTC_RESOURCE = 0x0404
_UTF8 = b"\x1b%G"
"""The value of the field "coded character set" (1:90) that announces UTF-8 (ISO 2022)."""


def read(block: bytes) -> Fields:
    """Return the fields in a block, which may contain image resources.

    If the block is broken, return the fields before the fault.
    """
    block = block.removeprefix(b"Photoshop 3.0\0")
    if block.startswith(b"8BIM"):
        block = next((body for kind, body in _iterate_resources(block) if kind == _IPTC_RESOURCE), b"")
    fields: Fields = {}
    is_utf8 = False
    for record, number, value in _iterate_fields(block):
        if (record, number) == (1, 90):
            is_utf8 = value.startswith(_UTF8)
        elif record == 2:
            values = fields.setdefault(number, [])
            if len(values) < _MAX_VALUES:
                values.append(value.decode("utf-8", "ignore") if is_utf8 else decode_text(value))
    return fields


def get_date(fields: Fields) -> str:
    """Return the date and the time of creation as one text, which `parse_date` reads."""
    return f"{''.join(fields.get(DATE, [])[:1])} {''.join(fields.get(TIME, [])[:1])}".strip()


def _iterate_resources(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the body of each image resource. Names and bodies have an even length."""
    at = 0
    for _ in range(_MAX_PIECES):
        if len(block) < at + 7 or block[at : at + 4] != b"8BIM":
            return
        (kind,) = struct.unpack_from(">H", block, at + 4)
        at += 6 + (block[at + 6] + 2) // 2 * 2
        size = int.from_bytes(block[at : at + 4])
        yield kind, block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2


def _iterate_fields(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield record, number and value of each field."""
    at = 0
    for _ in range(_MAX_PIECES):
        if len(block) < at + 5 or block[at] != 0x1C:
            return
        record, number, size = struct.unpack_from(">BBH", block, at + 1)
        at += 5
        if size & 0x8000:
            # The length of a long value follows. The lower bits are the length of this length.
            width = min(size & 0x7FFF, 8)
            size = int.from_bytes(block[at : at + width])
            at += width
        yield record, number, block[at : at + size]
        at += size
