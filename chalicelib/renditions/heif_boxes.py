"""Read the boxes of HEIF and AVIF files, without a decoder (ISO/IEC 14496-12, 23008-12)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.renditions.coded_picture import count_pieces, read_bytes
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, Truncated


class Box(NamedTuple):
    """A box of a file."""

    kind: bytes
    at: int
    """The offset of the body."""
    end: int


class Reference(NamedTuple):
    """A reference from one item to others."""

    at: int
    """The offset of the kind."""
    kind: bytes
    item: int
    targets: tuple[int, ...]


def iterate_boxes(content: bytes, at: int, end: int) -> Iterator[Box]:
    """Yield the boxes in a range. Reject a box that ends outside the range."""
    piece_counter = count_pieces()
    while at < end:
        next(piece_counter)
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            (size,), body = struct.unpack_from(">Q", content, at + 8), at + 16
        box_end = at + max(size or end - at, 8)
        if box_end > end:
            read_bytes(content, at, box_end - at)
            raise Damaged
        yield Box(kind, body, box_end)
        at = box_end


def trim(content: bytes) -> tuple[bytes, list[Box]]:
    """Return the file without stray bytes at its end, and its boxes.

    A cut box counts as stray bytes, unless it contains the coded data or describes the items.
    """
    boxes, end = list[Box](), 0
    try:
        for box in iterate_boxes(content, 0, len(content)):
            boxes.append(box)
            end = box.end
    except (struct.error, Truncated):
        kind, has_meta = content[end + 4 : end + 8], any(box.kind == b"meta" for box in boxes)
        if not has_meta or kind == b"meta":
            raise
        if kind == b"mdat":
            boxes.append(Box(kind, end + 8, len(content)))
            end = len(content)
    return content[:end], boxes


def find_only_box(boxes: list[Box], kind: bytes) -> Box:
    """Return the only box of its kind. If the file had two, the decoder might use the other."""
    matching = [box for box in boxes if box.kind == kind]
    if len(matching) != 1:
        raise Damaged
    return matching[0]


def iterate_types(content: bytes, iinf: Box) -> Iterator[tuple[int, int]]:
    """Yield each item and the offset of its type."""
    for box in iterate_boxes(content, iinf.at + (8 if content[iinf.at] else 6), iinf.end):
        version = content[box.at]
        if box.kind != b"infe" or version < 2:
            raise Damaged
        id_size = 4 if version > 2 else 2
        yield read_number(content, box.at + 4, id_size), box.at + 6 + id_size


def iterate_references(content: bytes, iref: Box, piece_counter: Iterator[None]) -> Iterator[Reference]:
    """Yield the references between items."""
    id_size = 4 if content[iref.at] else 2
    for box in iterate_boxes(content, iref.at + 4, iref.end):
        items = range(box.at + id_size + 2, box.end, id_size)
        # Count each target, because a reference can have millions of them.
        targets = tuple(read_number(content, at, id_size) for at, _ in zip(items, piece_counter, strict=False))
        yield Reference(box.at - 4, box.kind, read_number(content, box.at, id_size), targets)


def iterate_associations(content: bytes, ipma: Box, piece_counter: Iterator[None]) -> Iterator[tuple[int, int]]:
    """Yield each item with the number of each of its properties."""
    id_size, has_small_indexes = 4 if content[ipma.at] else 2, content[ipma.at + 3] & 1 == 0
    at = ipma.at + 8
    while at < ipma.end:
        next(piece_counter)
        item, count = read_number(content, at, id_size), content[at + id_size]
        at += id_size + 1
        for _ in range(count):
            next(piece_counter)
            yield item, content[at] & 0x7F if has_small_indexes else read_number(content, at, 2) & 0x7FFF
            at += 1 if has_small_indexes else 2


def read_extents(content: bytes, iloc: Box, piece_counter: Iterator[None]) -> dict[int, list[tuple[int, int]]]:
    """Return the offset and the size of each part of each item. An item that is in another file has no parts."""
    version, sizes = content[iloc.at], read_number(content, iloc.at + 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    id_size, index = 4 if version > 1 else 2, index if version else 0
    extents, total = dict[int, list[tuple[int, int]]](), 0
    at = iloc.at + 6 + id_size
    while at < iloc.end:
        next(piece_counter)
        item, is_inside = read_number(content, at, id_size), version == 0 or content[at + id_size + 1] & 15 == 0
        at += id_size + (4 if version else 2)
        start, count = read_number(content, at, base), read_number(content, at + base, 2)
        at, parts = at + base + 2, list[tuple[int, int]]()
        for _ in range(count):
            next(piece_counter)
            at += index
            parts.append((start + read_number(content, at, offset), read_number(content, at + offset, length)))
            at += offset + length
        total += sum(max(min(size, len(content) - start), 0) for start, size in parts)
        # libheif copies bytes that items share once for each item.
        if total > len(content):
            raise DecompressionBomb
        extents[item] = parts if is_inside else []
    return extents


def read_number(content: bytes, at: int, size: int) -> int:
    """Return an unsigned number of `size` bytes."""
    return int.from_bytes(read_bytes(content, at, size))
