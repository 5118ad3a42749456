"""Cut the picture out of a HEIC or AVIF (ISO/IEC 23008-12): hide its other pictures and metadata from the decoder."""

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.renditions.coded_picture import MAX_PIECES, CodedPicture, check_limit, check_size, count_pieces
from chalicelib.renditions.colours import colour
from chalicelib.renditions.heif_boxes import (
    Box,
    Reference,
    find_only_box,
    iterate_associations,
    iterate_boxes,
    iterate_references,
    iterate_types,
    read_extents,
    read_number,
    trim,
)
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, Truncated, UnsupportedVariant

MAX_TOTAL_PIXELS = 250_000_000
"""The largest sum of pixels of a picture, its transparency, and the tiles of both."""

_ITEM_BOX = re.compile(rb"infe")
_LONGEST_ITEM = 1024
_EXIF_ITEM = re.compile(rb"Exif")
_XMP_ITEM = re.compile(rb"mime[^\0]{0,255}\0application/rdf\+xml\0")
"""The type of an item, then the item's name and media type."""
_CODED = (b"hvc1", b"av01")
"""HEVC and AV1. The other decoders of libheif are rarely used and have had vulnerabilities."""
_DERIVED = (b"iden", b"grid", b"iovl")
_ALPHA = (
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0",
    b"urn:mpeg:hevc:2015:auxid:1\0",
    b"urn:mpeg:avc:2015:auxid:1\0",
)
_REFERENCES = {b"dimg", b"auxl", b"prem"}
"""References that determine pixels: to tiles, to the picture of a transparency, and to premultiplied transparency."""

# The chroma format and the bit depth of HEVC (ISO/IEC 14496-15, 8.3.3.1) and AV1 (AV1-ISOBMFF, 2.3).
_HEVC_SAMPLES = re.compile(rb"hvcC.{16}(.)(.)", re.DOTALL)
_AV1_SAMPLES = re.compile(rb"av1C..(.)", re.DOTALL)


class Memory(NamedTuple):
    """The measured memory of a decoder in bytes per pixel: `other` plus `per_sample` for each byte of the samples."""

    per_sample: float
    other: float


@dataclass(frozen=True, slots=True)
class _Items:
    """The items of a file, with their properties and references."""

    content: bytes
    primary: int
    types: dict[int, int]
    """The offset of the type of each item."""
    references: list[Reference]
    sources: dict[int, Sequence[int]]
    """The items from which each item is derived."""
    properties: list[Box]
    property_numbers: dict[int, list[int]]
    """The properties of each item, counted from 1."""
    extents: dict[int, list[tuple[int, int]]]
    """The offset and the size of each part of each item."""

    def get_type(self, item: int) -> bytes:
        """Return the type of an item. Empty if the file does not describe the item."""
        at = self.types.get(item)
        return b"" if at is None else self.content[at : at + 4]

    def get_sources(self, item: int) -> Sequence[int]:
        """Return the items from which a derived item is made."""
        return self.sources.get(item, ()) if self.get_type(item) in _DERIVED else ()

    def get_properties(self, item: int, kind: bytes) -> list[bytes]:
        """Return the bodies of all properties of one kind."""
        numbers = self.property_numbers.get(item, ())
        boxes = [self.properties[number - 1] for number in numbers if 0 < number <= len(self.properties)]
        return [self.content[box.at : box.end] for box in boxes if box.kind == kind]

    def get_size(self, item: int) -> tuple[int, int] | None:
        """Return the width and the height of an item, or None if the file does not contain them."""
        extents = self.get_properties(item, b"ispe")
        return struct.unpack_from(">II", extents[0], 4) if extents else None


def read(memory: Memory, content: bytes) -> CodedPicture:
    """Return the picture without the file's other pictures and metadata. `memory` is that of the decoder."""
    content, top_boxes = trim(content)
    # Join all boxes except the coded data.
    metadata_boxes = b"".join(content[box.at - 8 : box.end] for box in top_boxes if box.kind != b"mdat")
    if not all(_is_named_in_utf8(metadata_boxes, item.start() - 4) for item in _ITEM_BOX.finditer(metadata_boxes)):
        raise Damaged
    memory_per_pixel = memory.per_sample * _count_sample_bytes(metadata_boxes) + memory.other
    items = _read_items(content, find_only_box(top_boxes, b"meta"))
    parts = _find_parts(items, items.primary)
    _check_parts(items, parts)
    size = items.get_size(items.primary)
    if size is None:
        raise Damaged
    kept_parts = [*parts, *_find_transparency(items, parts)]
    sizes = {part: items.get_size(part) or size for part in set(kept_parts)}
    for width, height in sizes.values():
        # The decoder may use another size, so it is checked again after the decoder has opened the picture.
        check_size(width, height, len(content), memory_per_pixel=memory_per_pixel)
    # A grid can use the same tile many times.
    total_pixels = sum(sizes[part][0] * sizes[part][1] for part in kept_parts)
    check_limit(total_pixels, MAX_TOTAL_PIXELS, "pixels", DecompressionBomb)
    return CodedPicture(
        _isolate(items, top_boxes, set(kept_parts)),
        *size,
        exif=_read_exif(items),
        xmp=_read_description(items, _XMP_ITEM),
        colour_space=_read_colour_space(items, parts),
        memory_per_pixel=memory_per_pixel,
    )


def _count_sample_bytes(metadata_boxes: bytes) -> float:
    """Return the bytes per pixel of the decoded samples of all planes. One picture may have several descriptions."""
    flags = [description[0] for description in _AV1_SAMPLES.findall(metadata_boxes)]
    formats = [(2 if flag & 0x40 else 1, 1.5 if flag & 4 else 3) for flag in flags]
    formats += [
        (2 if depth[0] & 7 else 1, 1.5 if chroma[0] & 3 < 2 else chroma[0] & 3)
        for chroma, depth in _HEVC_SAMPLES.findall(metadata_boxes)
    ]
    size, samples = max(formats, key=lambda format: format[0] * format[1], default=(2, 3))
    return size * (samples + (3 if any(kind in metadata_boxes for kind in _ALPHA) else 0))


def _is_named_in_utf8(metadata_boxes: bytes, at: int) -> bool:
    """Return whether the names in an item's box are UTF-8. pi-heif 1.4 ends the process on other names."""
    size, version = struct.unpack_from(">I4xB", metadata_boxes, max(at, 0))
    names = metadata_boxes[at + (18 if version > 2 else 16) : at + min(size, _LONGEST_ITEM)]
    try:
        # Real names are short. Long names that overlap would be read again and again.
        return 16 <= size <= _LONGEST_ITEM and bool(names.decode())
    except UnicodeDecodeError:
        return False


def _read_items(content: bytes, meta: Box) -> _Items:
    boxes, piece_counter = list(iterate_boxes(content, meta.at + 4, meta.end)), count_pieces()
    pitm = find_only_box(boxes, b"pitm")
    property_boxes = list(iterate_boxes(content, (iprp := find_only_box(boxes, b"iprp")).at, iprp.end))
    ipco = find_only_box(property_boxes, b"ipco")
    property_numbers = dict[int, list[int]]()
    for box in property_boxes:
        if box.kind == b"ipma":
            for item, number in iterate_associations(content, box, piece_counter):
                property_numbers.setdefault(item, []).append(number)
    irefs = [box for box in boxes if box.kind == b"iref"]
    references = [ref for iref in irefs for ref in iterate_references(content, iref, piece_counter)]
    return _Items(
        content,
        primary=read_number(content, pitm.at + 4, 4 if content[pitm.at] else 2),
        types=dict(iterate_types(content, find_only_box(boxes, b"iinf"))),
        references=references,
        sources={ref.item: ref.targets for ref in references if ref.kind == b"dimg"},
        properties=list(iterate_boxes(content, ipco.at, ipco.end)),
        property_numbers=property_numbers,
        extents=read_extents(content, find_only_box(boxes, b"iloc"), piece_counter),
    )


def _find_parts(items: _Items, item: int) -> list[int]:
    """Return an item and its sources: the tiles of a grid, or the picture or grid of an identity with its tiles."""
    sources = items.get_sources(item) if items.get_type(item) == b"iden" else (item,)
    if len(sources) > 1:
        raise DecompressionBomb
    tiles = [tile for source in sources if items.get_type(source) == b"grid" for tile in items.get_sources(source)]
    return [*dict.fromkeys((item, *sources)), *tiles]


def _check_parts(items: _Items, parts: list[int]) -> None:
    """Check that a picture has only kinds of parts that the service decodes.

    A file of 10 kB with seven levels of overlays, each with eight layers, would take hours.

    Raises:
        DecompressionBomb: a part is derived from items that are derived too.
        UnsupportedVariant: a part is an overlay or has an unsupported codec, or an AVIF is behind an identity.
    """
    for part in parts:
        for source in items.get_sources(part):
            is_grid_behind_identity = (items.get_type(part), items.get_type(source)) == (b"iden", b"grid")
            if items.get_type(source) in _DERIVED and not is_grid_behind_identity:
                raise DecompressionBomb
    types = {items.get_type(part) for part in parts}
    if types - {*_CODED, b"grid", b"iden", b""} or {b"iden", b"av01"} <= types:
        raise UnsupportedVariant


def _find_transparency(items: _Items, parts: list[int]) -> list[int]:
    """Return the parts of all transparency pictures. A picture has one, or each of its tiles has one.

    Omit all other auxiliary pictures, such as depth and gain maps. No rendition needs them.
    """
    pictures, transparency = set(parts), list[int]()
    auxiliary = [ref.item for ref in items.references if ref.kind == b"auxl" and not pictures.isdisjoint(ref.targets)]
    for item in dict.fromkeys(auxiliary):
        if any(body[4:].startswith(_ALPHA) for body in items.get_properties(item, b"auxC")):
            alpha_parts = _find_parts(items, item)
            # Many transparency pictures can have the same tiles.
            check_limit(len(parts) + len(transparency) + len(alpha_parts), MAX_PIECES, "pieces", DecompressionBomb)
            _check_parts(items, alpha_parts)
            transparency += alpha_parts
    return transparency


def _isolate(items: _Items, top_boxes: Iterable[Box], kept_items: set[int]) -> bytes:
    """Return the file without the types of other items, and without references that determine no pixel.

    pi-heif copies all metadata of every picture at once. The same 15 MB could be copied a hundred times.
    """
    isolated = bytearray(items.content)
    if isolated[8:12] == b"avis":
        # Decode the primary item instead of the sequence, whose later frames may be cut off.
        isolated[8:12] = b"avif"
    for start, size in (part for item in kept_items for part in items.extents.get(item, [])):
        if start + size > len(isolated):
            raise Truncated
    for item in items.types.keys() - kept_items:
        isolated[items.types[item] : items.types[item] + 4] = b"none"
    for reference in items.references:
        if reference.kind not in _REFERENCES:
            isolated[reference.at : reference.at + 4] = b"none"
    for box in top_boxes:
        # libavif rejects a file with the brand of gain maps and no item with one.
        for at in range(box.at, box.end - 3, 4) if box.kind == b"ftyp" else ():
            if isolated[at : at + 4] == b"tmap":
                isolated[at : at + 4] = b"mif1"
    return bytes(isolated)


def _read_colour_space(items: _Items, parts: list[int]) -> colour.ColourSpace | None:
    """Return the colour space in the properties of a picture, or in those of its first part that has one."""
    profiles = [
        body
        for part in dict.fromkeys(parts)
        for body in items.get_properties(part, b"colr")
        if body.startswith(b"nclx")
    ]
    return colour.read_nclx(profiles[0][4:]) if profiles else None


def _read_exif(items: _Items) -> bytes:
    """Return the EXIF of the picture as a TIFF structure. Empty if the picture has none."""
    block = _read_description(items, _EXIF_ITEM)
    # The block starts with the offset of the TIFF structure.
    return block[4 + int.from_bytes(block[:4]) :]


def _read_description(items: _Items, kind: re.Pattern[bytes]) -> bytes:
    """Return the first metadata of the picture whose type matches `kind`. Empty if the picture has none."""
    for reference in items.references:
        at = items.types.get(reference.item)
        is_of_picture = reference.kind == b"cdsc" and items.primary in reference.targets
        if is_of_picture and at is not None and kind.match(items.content, at):
            return b"".join(
                items.content[start : start + size] for start, size in items.extents.get(reference.item, [])
            )
    return b""
