"""Read HEIF and AVIF: the boxes of a file, and the items that the boxes describe (ISO/IEC 14496-12, 23008-12)."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.renditions.coded import Coded, check_size, pieces, take
from chalicelib.renditions.refusals import Damaged, DecompressionBomb

MAX_PICTURES_PIXELS = 250_000_000
"""The largest sum of pixels of a picture, its transparency, its depth, and the tiles of each."""

_ITEM = re.compile(rb"infe")
_LONGEST_ITEM = 1024
_PICTURE_TYPES = (b"hvc1", b"av01", b"grid")
"""HEVC, AV1, and grids of them. The other decoders of libheif are rarely used and have had vulnerabilities."""
_EXTENT = re.compile(rb"\0\0\0\x14ispe\0{4}(.{4})(.{4})", re.DOTALL)


class _Box(NamedTuple):
    kind: bytes
    at: int
    """The offset of the body."""
    end: int


class _Reference(NamedTuple):
    at: int
    """The offset of the kind."""
    kind: bytes
    item: int
    to: tuple[int, ...]


def read(cost: int, content: bytes) -> Coded:
    """Return the picture without the file's other pictures and metadata. `cost` is the memory for decoding a pixel."""
    top = list(_boxes(content, 0, len(content)))
    # Join all boxes except the coded data.
    described = b"".join(content[box.at - 8 : box.end] for box in top if box.kind != b"mdat")
    # Tiles and thumbnails have extents too. The largest extent is the picture's. The decoder detects a false one.
    extents = [(int.from_bytes(wide), int.from_bytes(high)) for wide, high in _EXTENT.findall(described)]
    for width, height in extents:
        check_size(width, height, cost=cost)
    if not extents or not all(_is_named_in_utf8(described, item.start() - 4) for item in _ITEM.finditer(described)):
        raise Damaged
    width, height = max(extents, key=lambda extent: extent[0] * extent[1])
    isolated, exif = _isolate(content, _only_box(top, b"meta"), width * height)
    return Coded(isolated, width, height, exif, cost=cost)


def _boxes(content: bytes, at: int, end: int) -> Iterator[_Box]:
    """Yield the boxes in a range. Reject a box that ends outside the file, because half an upload can decode."""
    walk = pieces()
    while at < end:
        next(walk)
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            (size,), body = struct.unpack_from(">Q", content, at + 8), at + 16
        after = at + max(size or end - at, 8)
        if after > end:
            take(content, at, after - at)
            raise Damaged
        yield _Box(kind, body, after)
        at = after


def _only_box(boxes: list[_Box], kind: bytes) -> _Box:
    """Return the only box of its kind. If the file had two, the decoder might use the other."""
    matching = [box for box in boxes if box.kind == kind]
    if len(matching) != 1:
        raise Damaged
    return matching[0]


def _is_named_in_utf8(described: bytes, at: int) -> bool:
    """Return whether the names in an item's box are UTF-8. pi-heif 1.4 ends the process on other names."""
    size, version = struct.unpack_from(">I4xB", described, max(at, 0))
    names = described[at + (18 if version > 2 else 16) : at + min(size, _LONGEST_ITEM)]
    try:
        # Real names are short. Long names that overlap would be read again and again.
        return 16 <= size <= _LONGEST_ITEM and bool(names.decode())
    except UnicodeDecodeError:
        return False


def _isolate(content: bytes, meta: _Box, largest: int) -> tuple[bytes, bytes]:
    """Return the file without the types of other items and without links to metadata, and the EXIF of the picture.

    pi-heif copies all metadata of every picture at once. The same 15 MB could be copied a hundred times.
    """
    boxes = list(_boxes(content, meta.at + 4, meta.end))
    types = dict(_types(content, _only_box(boxes, b"iinf")))
    pitm = _only_box(boxes, b"pitm")
    primary = _number(content, pitm.at + 4, 4 if content[pitm.at] else 2)
    references = [reference for box in boxes if box.kind == b"iref" for reference in _references(content, box)]
    # Transparency is stored as an auxiliary picture.
    pictures = {primary, *(ref.item for ref in references if ref.kind == b"auxl" and primary in ref.to)}
    kept = pictures | _tiles(content, types, references, pictures)
    if not all(content.startswith(_PICTURE_TYPES, types[item]) for item in kept & types.keys()):
        raise Damaged
    if _pixels(content, _only_box(boxes, b"iprp"), kept, largest) > MAX_PICTURES_PIXELS:
        raise DecompressionBomb
    descriptions = [reference for reference in references if reference.kind == b"cdsc"]
    isolated = bytearray(content)
    for at in (*(types[item] for item in types.keys() - kept), *(reference.at for reference in descriptions)):
        isolated[at : at + 4] = b"none"
    metadata = {reference.item for reference in descriptions if primary in reference.to}
    exif = [item for item in metadata & types.keys() if content.startswith(b"Exif", types[item])]
    extents = _extents(content, _only_box(boxes, b"iloc"))
    return bytes(isolated), _exif(content, extents.get(exif[0], [])) if exif else b""


def _tiles(content: bytes, types: dict[int, int], references: list[_Reference], pictures: set[int]) -> set[int]:
    """Return the tiles that the pictures consist of. Reject every other derivation.

    A file of 10 kB with seven levels of overlays, each with eight layers, would take hours.

    Raises:
        DecompressionBomb: a picture is an overlay or a copy, or a tile is derived from other items.
    """
    derived = {reference.item: reference.to for reference in references if reference.kind == b"dimg"}
    tiles = {tile for picture in pictures for tile in derived.get(picture, ())}
    layered = any(content.startswith((b"iovl", b"iden"), types[item]) for item in pictures & types.keys())
    if layered or tiles & derived.keys():
        raise DecompressionBomb
    return tiles


def _types(content: bytes, iinf: _Box) -> Iterator[tuple[int, int]]:
    """Yield each item and the offset of its type."""
    for box in _boxes(content, iinf.at + (8 if content[iinf.at] else 6), iinf.end):
        version = content[box.at]
        if box.kind != b"infe" or version < 2:
            raise Damaged
        wide = 4 if version > 2 else 2
        yield _number(content, box.at + 4, wide), box.at + 6 + wide


def _references(content: bytes, iref: _Box) -> Iterator[_Reference]:
    wide = 4 if content[iref.at] else 2
    for box in _boxes(content, iref.at + 4, iref.end):
        items = range(box.at + wide + 2, box.end, wide)
        to = tuple(_number(content, item, wide) for item in items)
        yield _Reference(box.at - 4, box.kind, _number(content, box.at, wide), to)


def _pixels(content: bytes, iprp: _Box, items: set[int], default: int) -> int:
    """Return the sum of the pixels of these items. Count `default` for an item without an extent property."""
    inner = list(_boxes(content, iprp.at, iprp.end))
    ipco, most = _only_box(inner, b"ipco"), dict.fromkeys(items, 0)
    properties = list(_boxes(content, ipco.at, ipco.end))
    sizes = [_number(content, p.at + 4, 4) * _number(content, p.at + 8, 4) * (p.kind == b"ispe") for p in properties]
    for box in inner:
        if box.kind == b"ipma":
            for item, property in _associations(content, box):
                if item in most and 0 < property <= len(sizes):
                    most[item] = max(most[item], sizes[property - 1])
    return sum(pixels or default for pixels in most.values())


def _associations(content: bytes, ipma: _Box) -> Iterator[tuple[int, int]]:
    """Yield each item with the number of each of its properties."""
    wide, narrow = 4 if content[ipma.at] else 2, content[ipma.at + 3] & 1 == 0
    at, walk = ipma.at + 8, pieces()
    while at < ipma.end:
        item, count = _number(content, at, wide), content[at + wide]
        at += wide + 1
        for _ in range(count):
            next(walk)
            yield item, content[at] & 0x7F if narrow else _number(content, at, 2) & 0x7FFF
            at += 1 if narrow else 2


def _extents(content: bytes, iloc: _Box) -> dict[int, list[tuple[int, int]]]:
    """Return the offset and the size of each part of each item. An item that is in another file has no parts."""
    version, sizes = content[iloc.at], _number(content, iloc.at + 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide, index = 4 if version > 1 else 2, index if version else 0
    extents, total = dict[int, list[tuple[int, int]]](), 0
    at, walk = iloc.at + 6 + wide, pieces()
    while at < iloc.end:
        item, is_inside = _number(content, at, wide), version == 0 or content[at + wide + 1] & 15 == 0
        at += wide + (4 if version else 2)
        start, count = _number(content, at, base), _number(content, at + base, 2)
        at, parts = at + base + 2, list[tuple[int, int]]()
        for _ in range(count):
            next(walk)
            at += index
            parts.append((start + _number(content, at, offset), _number(content, at + offset, length)))
            at += offset + length
        total += sum(size for _, size in parts)
        # libheif copies bytes that items share once for each item.
        if total > len(content):
            raise DecompressionBomb
        extents[item] = parts if is_inside else []
    return extents


def _exif(content: bytes, parts: list[tuple[int, int]]) -> bytes:
    """Return the EXIF as a TIFF structure."""
    block = b"".join(content[start : start + size] for start, size in parts)
    return block[4 + int.from_bytes(block[:4]) :]


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(take(content, at, size))
