"""Read HEIF and AVIF: the boxes of a file, and the items that the boxes describe (ISO/IEC 14496-12, 23008-12)."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.renditions.coded_picture import CodedPicture, check_limit, check_size, count_pieces, read_bytes
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, Truncated

MAX_TOTAL_PIXELS = 250_000_000
"""The largest sum of pixels of a picture, its transparency, its depth, and the tiles of each."""

_ITEM_BOX = re.compile(rb"infe")
_LONGEST_ITEM = 1024
_PICTURE_TYPES = (b"hvc1", b"av01", b"grid")
"""HEVC, AV1, and grids of them. The other decoders of libheif are rarely used and have had vulnerabilities."""
_EXTENT = re.compile(rb"\0\0\0\x14ispe\0{4}(.{4})(.{4})", re.DOTALL)


# The chroma format and the bit depth of HEVC (ISO/IEC 14496-15, 8.3.3.1) and AV1 (AV1-ISOBMFF, 2.3).
_HEVC_SAMPLES = re.compile(rb"hvcC.{16}(.)(.)", re.DOTALL)
_AV1_SAMPLES = re.compile(rb"av1C..(.)", re.DOTALL)
_ALPHA = b"auxiliary:alpha"


class Memory(NamedTuple):
    """The measured memory of a decoder in bytes per pixel: `other` plus `per_sample` for each byte of the samples."""

    per_sample: float
    other: float


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
    targets: tuple[int, ...]


def read(memory: Memory, content: bytes) -> CodedPicture:
    """Return the picture without the file's other pictures and metadata. `memory` is that of the decoder."""
    content, top_boxes = _trim(content)
    # Join all boxes except the coded data.
    metadata_boxes = b"".join(content[box.at - 8 : box.end] for box in top_boxes if box.kind != b"mdat")
    memory_per_pixel = memory.per_sample * _count_sample_bytes(metadata_boxes) + memory.other
    # Tiles and thumbnails have extents too. The largest extent is the picture's. The decoder detects a false one.
    extents = [
        (int.from_bytes(width_bytes), int.from_bytes(height_bytes))
        for width_bytes, height_bytes in _EXTENT.findall(metadata_boxes)
    ]
    for width, height in extents:
        check_size(width, height, len(content), memory_per_pixel=memory_per_pixel)
    if not extents or not all(
        _is_named_in_utf8(metadata_boxes, item.start() - 4) for item in _ITEM_BOX.finditer(metadata_boxes)
    ):
        raise Damaged
    width, height = max(extents, key=lambda extent: extent[0] * extent[1])
    isolated, exif = _isolate(content, _find_only_box(top_boxes, b"meta"), width * height)
    return CodedPicture(isolated, width, height, exif, memory_per_pixel=memory_per_pixel)


def _count_sample_bytes(metadata_boxes: bytes) -> float:
    """Return the bytes per pixel of the decoded samples of all planes. One picture may have several descriptions."""
    flags = [description[0] for description in _AV1_SAMPLES.findall(metadata_boxes)]
    formats = [(2 if flag & 0x40 else 1, 1.5 if flag & 4 else 3) for flag in flags]
    formats += [
        (2 if depth[0] & 7 else 1, 1.5 if chroma[0] & 3 < 2 else chroma[0] & 3)
        for chroma, depth in _HEVC_SAMPLES.findall(metadata_boxes)
    ]
    size, samples = max(formats, key=lambda format: format[0] * format[1], default=(2, 3))
    return size * (samples + (3 if _ALPHA in metadata_boxes else 0))


def _iterate_boxes(content: bytes, at: int, end: int) -> Iterator[_Box]:
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
        yield _Box(kind, body, box_end)
        at = box_end


def _trim(content: bytes) -> tuple[bytes, list[_Box]]:
    """Return the file without stray bytes at its end, and its boxes.

    A cut box counts as stray bytes, unless it contains the coded data or describes the items.
    """
    boxes, end = list[_Box](), 0
    try:
        for box in _iterate_boxes(content, 0, len(content)):
            boxes.append(box)
            end = box.end
    except (struct.error, Truncated):
        kind, has_meta = content[end + 4 : end + 8], any(box.kind == b"meta" for box in boxes)
        if not has_meta or kind == b"meta":
            raise
        if kind == b"mdat":
            boxes.append(_Box(kind, end + 8, len(content)))
            end = len(content)
    return content[:end], boxes


def _find_only_box(boxes: list[_Box], kind: bytes) -> _Box:
    """Return the only box of its kind. If the file had two, the decoder might use the other."""
    matching = [box for box in boxes if box.kind == kind]
    if len(matching) != 1:
        raise Damaged
    return matching[0]


def _is_named_in_utf8(metadata_boxes: bytes, at: int) -> bool:
    """Return whether the names in an item's box are UTF-8. pi-heif 1.4 ends the process on other names."""
    size, version = struct.unpack_from(">I4xB", metadata_boxes, max(at, 0))
    names = metadata_boxes[at + (18 if version > 2 else 16) : at + min(size, _LONGEST_ITEM)]
    try:
        # Real names are short. Long names that overlap would be read again and again.
        return 16 <= size <= _LONGEST_ITEM and bool(names.decode())
    except UnicodeDecodeError:
        return False


def _isolate(content: bytes, meta: _Box, picture_pixels: int) -> tuple[bytes, bytes]:
    """Return the file without the types of other items and without links to metadata, and the EXIF of the picture.

    pi-heif copies all metadata of every picture at once. The same 15 MB could be copied a hundred times.
    """
    boxes = list(_iterate_boxes(content, meta.at + 4, meta.end))
    types = dict(_iterate_types(content, _find_only_box(boxes, b"iinf")))
    pitm = _find_only_box(boxes, b"pitm")
    primary = _read_number(content, pitm.at + 4, 4 if content[pitm.at] else 2)
    references = [reference for box in boxes if box.kind == b"iref" for reference in _iterate_references(content, box)]
    # Transparency is stored as an auxiliary picture.
    pictures = {primary, *(ref.item for ref in references if ref.kind == b"auxl" and primary in ref.targets)}
    picture_items = pictures | _find_tiles(content, types, references, pictures)
    if not all(content.startswith(_PICTURE_TYPES, types[item]) for item in picture_items & types.keys()):
        raise Damaged
    total_pixels = _count_pixels(content, _find_only_box(boxes, b"iprp"), picture_items, picture_pixels)
    check_limit(total_pixels, MAX_TOTAL_PIXELS, "pixels", DecompressionBomb)
    descriptions = [reference for reference in references if reference.kind == b"cdsc"]
    isolated = bytearray(content)
    if content[8:12] == b"avis":
        # Decode the primary item instead of the sequence, whose later frames may be cut off.
        isolated[8:12] = b"avif"
    for at in (*(types[item] for item in types.keys() - picture_items), *(reference.at for reference in descriptions)):
        isolated[at : at + 4] = b"none"
    metadata = {reference.item for reference in descriptions if primary in reference.targets}
    exif = [item for item in metadata & types.keys() if content.startswith(b"Exif", types[item])]
    extents = _read_extents(content, _find_only_box(boxes, b"iloc"))
    for start, size in (part for item in picture_items for part in extents.get(item, [])):
        if start + size > len(content):
            raise Truncated
    return bytes(isolated), _read_exif(content, extents.get(exif[0], [])) if exif else b""


def _find_tiles(content: bytes, types: dict[int, int], references: list[_Reference], pictures: set[int]) -> set[int]:
    """Return the tiles that the pictures consist of. Reject every other derivation.

    A file of 10 kB with seven levels of overlays, each with eight layers, would take hours.

    Raises:
        DecompressionBomb: a picture is an overlay or a copy, or a tile is derived from other items.
    """
    derived = {reference.item: reference.targets for reference in references if reference.kind == b"dimg"}
    tiles = {tile for picture in pictures for tile in derived.get(picture, ())}
    has_layers = any(content.startswith((b"iovl", b"iden"), types[item]) for item in pictures & types.keys())
    if has_layers or tiles & derived.keys():
        raise DecompressionBomb
    return tiles


def _iterate_types(content: bytes, iinf: _Box) -> Iterator[tuple[int, int]]:
    """Yield each item and the offset of its type."""
    for box in _iterate_boxes(content, iinf.at + (8 if content[iinf.at] else 6), iinf.end):
        version = content[box.at]
        if box.kind != b"infe" or version < 2:
            raise Damaged
        id_size = 4 if version > 2 else 2
        yield _read_number(content, box.at + 4, id_size), box.at + 6 + id_size


def _iterate_references(content: bytes, iref: _Box) -> Iterator[_Reference]:
    id_size = 4 if content[iref.at] else 2
    for box in _iterate_boxes(content, iref.at + 4, iref.end):
        items = range(box.at + id_size + 2, box.end, id_size)
        targets = tuple(_read_number(content, item, id_size) for item in items)
        yield _Reference(box.at - 4, box.kind, _read_number(content, box.at, id_size), targets)


def _count_pixels(content: bytes, iprp: _Box, items: set[int], default: int) -> int:
    """Return the sum of the pixels of these items. Count `default` for an item without an extent property."""
    inner_boxes = list(_iterate_boxes(content, iprp.at, iprp.end))
    ipco, pixels_by_item = _find_only_box(inner_boxes, b"ipco"), dict.fromkeys(items, 0)
    properties = list(_iterate_boxes(content, ipco.at, ipco.end))
    sizes = [
        _read_number(content, p.at + 4, 4) * _read_number(content, p.at + 8, 4) * (p.kind == b"ispe")
        for p in properties
    ]
    for box in inner_boxes:
        if box.kind == b"ipma":
            for item, property in _iterate_associations(content, box):
                if item in pixels_by_item and 0 < property <= len(sizes):
                    pixels_by_item[item] = max(pixels_by_item[item], sizes[property - 1])
    return sum(pixels or default for pixels in pixels_by_item.values())


def _iterate_associations(content: bytes, ipma: _Box) -> Iterator[tuple[int, int]]:
    """Yield each item with the number of each of its properties."""
    id_size, has_small_indexes = 4 if content[ipma.at] else 2, content[ipma.at + 3] & 1 == 0
    at, piece_counter = ipma.at + 8, count_pieces()
    while at < ipma.end:
        item, count = _read_number(content, at, id_size), content[at + id_size]
        at += id_size + 1
        for _ in range(count):
            next(piece_counter)
            yield item, content[at] & 0x7F if has_small_indexes else _read_number(content, at, 2) & 0x7FFF
            at += 1 if has_small_indexes else 2


def _read_extents(content: bytes, iloc: _Box) -> dict[int, list[tuple[int, int]]]:
    """Return the offset and the size of each part of each item. An item that is in another file has no parts."""
    version, sizes = content[iloc.at], _read_number(content, iloc.at + 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    id_size, index = 4 if version > 1 else 2, index if version else 0
    extents, total = dict[int, list[tuple[int, int]]](), 0
    at, piece_counter = iloc.at + 6 + id_size, count_pieces()
    while at < iloc.end:
        item, is_inside = _read_number(content, at, id_size), version == 0 or content[at + id_size + 1] & 15 == 0
        at += id_size + (4 if version else 2)
        start, count = _read_number(content, at, base), _read_number(content, at + base, 2)
        at, parts = at + base + 2, list[tuple[int, int]]()
        for _ in range(count):
            next(piece_counter)
            at += index
            parts.append((start + _read_number(content, at, offset), _read_number(content, at + offset, length)))
            at += offset + length
        total += sum(max(min(size, len(content) - start), 0) for start, size in parts)
        # libheif copies bytes that items share once for each item.
        if total > len(content):
            raise DecompressionBomb
        extents[item] = parts if is_inside else []
    return extents


def _read_exif(content: bytes, parts: list[tuple[int, int]]) -> bytes:
    """Return the EXIF as a TIFF structure."""
    block = b"".join(content[start : start + size] for start, size in parts)
    return block[4 + int.from_bytes(block[:4]) :]


def _read_number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(read_bytes(content, at, size))
