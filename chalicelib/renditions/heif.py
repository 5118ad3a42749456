"""HEIF and AVIF: the boxes of a file, and the items that they describe (ISO/IEC 14496-12, 23008-12)."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.renditions.coded import Coded, check_size, pieces, take
from chalicelib.renditions.refusals import Damaged, DecompressionBomb

MAX_PICTURES_PIXELS = 250_000_000
"""Of a picture, what is transparent in it, its depth, and the tiles of each."""

_ITEM = re.compile(rb"infe")
_LONGEST_ITEM = 1024
_PICTURE_TYPES = (b"hvc1", b"av01", b"grid")
"""HEVC, AV1, and grids of them. The other decoders of libheif are rarely used, and had vulnerabilities."""
_EXTENT = re.compile(rb"\0\0\0\x14ispe\0{4}(.{4})(.{4})", re.DOTALL)


class _Box(NamedTuple):
    kind: bytes
    at: int
    """Where its body begins."""
    end: int


class _Reference(NamedTuple):
    at: int
    """Where its kind is written."""
    kind: bytes
    item: int
    to: tuple[int, ...]


def read(cost: int, content: bytes) -> Coded:
    """The picture without the file's other pictures and metadata; `cost` is the decoder's, in bytes a pixel."""
    top = list(_boxes(content, 0, len(content)))
    # All but the coded data.
    described = b"".join(content[box.at - 8 : box.end] for box in top if box.kind != b"mdat")
    # Tiles and thumbnails have extents too: the largest is the picture's, or a lie that its decoder finds out.
    extents = [(int.from_bytes(wide), int.from_bytes(high)) for wide, high in _EXTENT.findall(described)]
    for width, height in extents:
        check_size(width, height, cost=cost)
    if not extents or not all(_is_named_in_utf8(described, item.start() - 4) for item in _ITEM.finditer(described)):
        raise Damaged
    width, height = max(extents, key=lambda extent: extent[0] * extent[1])
    alone, exif = _alone(content, _one(top, b"meta"), width * height)
    return Coded(alone, width, height, exif, cost=cost)


def _boxes(content: bytes, at: int, end: int) -> Iterator[_Box]:
    """Every one ends inside the file: half an upload can decode."""
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


def _one(boxes: list[_Box], kind: bytes) -> _Box:
    """The only box of its kind: of two, the decoder may go by the other."""
    found = [box for box in boxes if box.kind == kind]
    if len(found) != 1:
        raise Damaged
    return found[0]


def _is_named_in_utf8(described: bytes, at: int) -> bool:
    """Whether the names in an item's box are text: on any other pi-heif 1.4 ends the process."""
    size, version = struct.unpack_from(">I4xB", described, max(at, 0))
    names = described[at + (18 if version > 2 else 16) : at + min(size, _LONGEST_ITEM)]
    try:
        # Real names are short. Long ones that overlap would be read over and over.
        return 16 <= size <= _LONGEST_ITEM and bool(names.decode())
    except UnicodeDecodeError:
        return False


def _alone(content: bytes, meta: _Box, largest: int) -> tuple[bytes, bytes]:
    """The file in which nothing but the picture has a type or is its metadata, and the EXIF of the picture.

    pi-heif copies all metadata of every picture at once: the same 15 MB a hundred times over.
    """
    boxes = list(_boxes(content, meta.at + 4, meta.end))
    types = dict(_types(content, _one(boxes, b"iinf")))
    pitm = _one(boxes, b"pitm")
    primary = _number(content, pitm.at + 4, 4 if content[pitm.at] else 2)
    references = [each for box in boxes if box.kind == b"iref" for each in _references(content, box)]
    # What is transparent is an auxiliary picture.
    pictures = {primary, *(each.item for each in references if each.kind == b"auxl" and primary in each.to)}
    kept = pictures | _tiles(content, types, references, pictures)
    if not all(content.startswith(_PICTURE_TYPES, types[each]) for each in kept & types.keys()):
        raise Damaged
    if _pixels(content, _one(boxes, b"iprp"), kept, largest) > MAX_PICTURES_PIXELS:
        raise DecompressionBomb
    describing = [each for each in references if each.kind == b"cdsc"]
    alone = bytearray(content)
    for at in (*(types[item] for item in types.keys() - kept), *(each.at for each in describing)):
        alone[at : at + 4] = b"none"
    noted = {each.item for each in describing if primary in each.to}
    exif = [item for item in noted & types.keys() if content.startswith(b"Exif", types[item])]
    places = _places(content, _one(boxes, b"iloc"))
    return bytes(alone), _exif(content, places.get(exif[0], [])) if exif else b""


def _tiles(content: bytes, types: dict[int, int], references: list[_Reference], pictures: set[int]) -> set[int]:
    """What the pictures are put together from: tiles, and no other derivation.

    Eight layers of eight layers of eight, seven times, are a file of 10 kB that takes hours.
    """
    derived = {each.item: each.to for each in references if each.kind == b"dimg"}
    tiles = {tile for picture in pictures for tile in derived.get(picture, ())}
    layered = any(content.startswith((b"iovl", b"iden"), types[each]) for each in pictures & types.keys())
    if layered or tiles & derived.keys():
        raise DecompressionBomb
    return tiles


def _types(content: bytes, iinf: _Box) -> Iterator[tuple[int, int]]:
    """Each item, and where its type is written."""
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


def _pixels(content: bytes, iprp: _Box, items: set[int], unsaid: int) -> int:
    """Of all these items, by the extents among their properties."""
    inside = list(_boxes(content, iprp.at, iprp.end))
    ipco, most = _one(inside, b"ipco"), dict.fromkeys(items, 0)
    properties = list(_boxes(content, ipco.at, ipco.end))
    sizes = [_number(content, p.at + 4, 4) * _number(content, p.at + 8, 4) * (p.kind == b"ispe") for p in properties]
    for box in inside:
        if box.kind == b"ipma":
            for item, property in _associations(content, box):
                if item in most and 0 < property <= len(sizes):
                    most[item] = max(most[item], sizes[property - 1])
    return sum(pixels or unsaid for pixels in most.values())


def _associations(content: bytes, ipma: _Box) -> Iterator[tuple[int, int]]:
    """Each item with the number of each of its properties."""
    wide, narrow = 4 if content[ipma.at] else 2, content[ipma.at + 3] & 1 == 0
    at, walk = ipma.at + 8, pieces()
    while at < ipma.end:
        item, count = _number(content, at, wide), content[at + wide]
        at += wide + 1
        for _ in range(count):
            next(walk)
            yield item, content[at] & 0x7F if narrow else _number(content, at, 2) & 0x7FFF
            at += 1 if narrow else 2


def _places(content: bytes, iloc: _Box) -> dict[int, list[tuple[int, int]]]:
    """Where each item's bytes are, and how many; none for an item that is not in the file itself."""
    version, sizes = content[iloc.at], _number(content, iloc.at + 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide, index = 4 if version > 1 else 2, index if version else 0
    places, total = dict[int, list[tuple[int, int]]](), 0
    at, walk = iloc.at + 6 + wide, pieces()
    while at < iloc.end:
        item, inside = _number(content, at, wide), version == 0 or content[at + wide + 1] & 15 == 0
        at += wide + (4 if version else 2)
        start, count = _number(content, at, base), _number(content, at + base, 2)
        at, found = at + base + 2, list[tuple[int, int]]()
        for _ in range(count):
            next(walk)
            at += index
            found.append((start + _number(content, at, offset), _number(content, at + offset, length)))
            at += offset + length
        total += sum(size for _, size in found)
        # libheif copies what items share for each of them.
        if total > len(content):
            raise DecompressionBomb
        places[item] = found if inside else []
    return places


def _exif(content: bytes, places: list[tuple[int, int]]) -> bytes:
    """A TIFF structure."""
    block = b"".join(content[start : start + size] for start, size in places)
    return block[4 + int.from_bytes(block[:4]) :]


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(take(content, at, size))
