"""Write the page of a TIFF again, with directories that describe only its samples.

The strips and tiles stay in place. Each plane becomes a page of its own.
"""

import math
import struct
from dataclasses import dataclass

from chalicelib.renditions.coded_picture import MAX_PIECES, check_limit, count_pieces
from chalicelib.renditions.jpeg import MAX_SCANNED_PIXELS, MAX_SCANS, read_frame_size
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, Truncated, UnsupportedVariant
from chalicelib.renditions.tiff.pages import Page
from chalicelib.renditions.tiff.samples import BLACK_IS_ZERO, CMYK, FLOAT, JPEG, RGB, UNSIGNED, YCBCR, Reading, Samples
from chalicelib.renditions.tiff.structure import Tiff, get_first_integer

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIPS, _STRIP_SIZES, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES = (
    273,
    279,
    278,
    322,
    323,
    324,
    325,
)
_SAMPLES, _FAX3_OPTIONS, _FAX4_OPTIONS, _PREDICTOR, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 277, 292, 293, 317, 338, 339
_JPEG_TABLES, _COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 347, 529, 530, 532

_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_FORMATS = {_SHORT: "H", _LONG: "I", _RATIONAL: "I"}
_SIZES = {_SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}
_DENOMINATOR, _MAX_FRACTION = 65_536, 65_535
_MAX_TABLES = 65_536
_TRANSPARENCY = 2
_UNCOMPRESSED = 1

type _Fields = dict[int, tuple[int, tuple[int, ...] | bytes]]
"""The type and the values of fields by tag."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The strips or tiles of a page."""

    width: int
    """The pixels of a strip or tile. The height too."""
    height: int
    across: int
    down: int
    is_tiled: bool
    picture_height: int

    @property
    def area(self) -> int:
        """Return the pixels of all strips or tiles. The last ones may be larger than the rest of the picture."""
        return self.width * self.across * self.height * self.down

    def count_rows(self, index: int) -> int:
        """Return the rows of a strip or tile."""
        return self.height if self.is_tiled else self.count_visible_rows(index)

    def count_visible_rows(self, index: int) -> int:
        """Return the rows of a strip or tile that are inside the picture."""
        return min(self.height, self.picture_height - index // self.across * self.height)


def write_picture(tiff_file: Tiff, page: Page, samples: Samples, grid: Grid) -> bytes:
    """Return a TIFF with one page, or with one page for each plane that is shown.

    Raises:
        Damaged: strips or tiles are missing.
        DecompressionBomb: the page has too many strips or tiles.
        Truncated: the file ends before a strip or tile.
        UnsupportedVariant: the rows of a tile end within a byte.
    """
    planes, cells = samples.number if samples.is_planar else 1, grid.across * grid.down
    if planes * cells > MAX_PIECES:
        raise DecompressionBomb
    offset_tag, size_tag = (_TILES, _TILE_SIZES) if grid.is_tiled else (_STRIPS, _STRIP_SIZES)
    offsets = tiff_file.read_integers(page.directory, offset_tag, planes * cells)
    sizes = tiff_file.read_integers(page.directory, size_tag, planes * cells)
    if len(offsets) < planes * cells:
        raise Damaged
    common = _describe(tiff_file, page, samples, grid)
    used = samples.used if samples.is_planar else [0]
    parts = [tiff_file.content[8:], bytes(-len(tiff_file.content) % 2)]
    at = first = 8 + sum(map(len, parts))
    for plane in used:
        offsets_here, sizes_here = (values[plane * cells : (plane + 1) * cells] for values in (offsets, sizes))
        _check_ends(len(tiff_file.content), samples, grid, offsets_here, sizes_here)
        if samples.compression == JPEG:
            _check_jpegs(tiff_file.content, grid, offsets_here, sizes_here)
        fields: _Fields = {**common, offset_tag: (_LONG, offsets_here), size_tag: (_LONG, sizes_here)}
        parts.append(_write_directory(tiff_file.byte_order, at, fields, is_last=plane == used[-1]))
        at += len(parts[-1])
    return b"".join((tiff_file.content[:2] + struct.pack(tiff_file.byte_order + "HI", 42, first), *parts))


def _check_ends(length: int, samples: Samples, grid: Grid, offsets: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    """Check that the file does not end before a strip or tile. The bytes after it would be shown instead."""
    row_size = math.ceil(grid.width * (1 if samples.is_planar else samples.number) * samples.bits / 8)
    total = 0
    for index, (offset, size) in enumerate(zip(offsets, sizes, strict=False)):
        if samples.compression == _UNCOMPRESSED:
            # Some programs declare a full last strip, but do not write the rows after the picture.
            size = min(size, row_size * grid.count_rows(index))
        if offset + size > length:
            raise Truncated
        total += size
    # libtiff copies the bytes that strips or tiles share once for each of them.
    check_limit(total, 2 * length, "bytes", DecompressionBomb)


def _check_jpegs(content: bytes, grid: Grid, offsets: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    """Check the end, the scans and the size of each JPEG.

    libtiff visits all pixels once per scan. It ignores a missing end, and leaves pixels black if a JPEG is too small.
    """
    ranges = [(at, at + size) for at, size in zip(offsets, sizes, strict=False)]
    if not all(content.rfind(_END, start, end) >= 0 for start, end in ranges):
        raise Truncated
    scans = [content.count(_SCAN, start, end) for start, end in ranges]
    check_limit(max(scans), MAX_SCANS, "scans", DecompressionBomb)
    check_limit(sum(scans) * grid.width * grid.height, MAX_SCANNED_PIXELS, "pixels in all scans", DecompressionBomb)
    piece_counter = count_pieces()
    for index, (start, end) in enumerate(ranges):
        width, height = read_frame_size(content, start, end, piece_counter)
        if width < grid.width or height < grid.count_visible_rows(index):
            raise Damaged


def _describe(tiff_file: Tiff, page: Page, samples: Samples, grid: Grid) -> _Fields:
    """Return the fields of each page that the decoder gets, except those of its strips or tiles."""
    number, bits, width = 1 if samples.is_planar else samples.number, samples.bits, grid.width
    picture_width = get_first_integer(page.fields.get(_WIDTH))
    if samples.reading is Reading.BYTES:
        if grid.is_tiled and width * number * bits % 8:
            raise UnsupportedVariant
        width = math.ceil(width * number * bits / 8)
        picture_width, number, bits = width * grid.across, 1, 8
    is_float = samples.format == FLOAT and samples.reading is Reading.SAMPLES
    photometric, colours = (RGB, 3) if number > 2 else (BLACK_IS_ZERO, 1)
    if samples.compression == JPEG:
        # libvips decodes the tiles of JPEG itself, and then supports only these numbers of samples.
        if grid.is_tiled and number not in {1, 3, 4}:
            raise UnsupportedVariant
        photometric, colours = (CMYK, 4) if number == 4 else (photometric, colours)
    declared_extra = number - colours
    fields: _Fields = {
        _WIDTH: (_LONG, (picture_width,)),
        _HEIGHT: (_LONG, (grid.picture_height,)),
        _BITS: (_SHORT, (bits,) * number),
        _COMPRESSION: (_SHORT, (samples.compression,)),
        _PHOTOMETRIC: (_SHORT, (YCBCR if samples.reading is Reading.COLOURS else photometric,)),
        _SAMPLES: (_SHORT, (number,)),
        _PREDICTOR: (_SHORT, (samples.predictor,)),
        # Declare transparency, because Pillow then delivers all samples.
        _EXTRA_SAMPLES: (_SHORT, (_TRANSPARENCY, *(0,) * (declared_extra - 1)) if declared_extra else ()),
        _SAMPLE_FORMAT: (_SHORT, (FLOAT if is_float else UNSIGNED,) * number),
        _JPEG_TABLES: (_UNDEFINED, tiff_file.read_bytes(page.directory, _JPEG_TABLES, _MAX_TABLES)),
    }
    options = {_FILL_ORDER: _SHORT, _FAX3_OPTIONS: _LONG, _FAX4_OPTIONS: _LONG}
    fields |= {
        tag: (kind, (get_first_integer(page.fields[tag]),)) for tag, kind in options.items() if tag in page.fields
    }
    tile = {_TILE_WIDTH: (_LONG, (width,)), _TILE_HEIGHT: (_LONG, (grid.height,))}
    strip = {_ROWS_PER_STRIP: (_LONG, (grid.height,))}
    return {**fields, **(tile if grid.is_tiled else strip), **_describe_ycbcr(page, samples)}


def _describe_ycbcr(page: Page, samples: Samples) -> _Fields:
    if samples.reading is not Reading.COLOURS:
        return {}
    if samples.compression == JPEG:
        # Without the tag, libtiff reads the subsampling from the JPEG.
        return {_SUBSAMPLING: (_SHORT, samples.subsampling)} if _SUBSAMPLING in page.fields else {}
    return {
        _SUBSAMPLING: (_SHORT, samples.subsampling),
        _COEFFICIENTS: (_RATIONAL, _to_fractions(samples.coefficients)),
        _REFERENCE: (_RATIONAL, _to_fractions(samples.reference)),
    }


def _to_fractions(numbers: tuple[float, ...]) -> tuple[int, ...]:
    if not all(0 <= number <= _MAX_FRACTION for number in numbers):
        raise Damaged
    return tuple(part for number in numbers for part in (round(number * _DENOMINATOR), _DENOMINATOR))


def _write_directory(byte_order: str, at: int, fields: _Fields, *, is_last: bool) -> bytes:
    """Return the directory at `at`, followed by the values that do not fit into it."""
    fields = {tag: value for tag, value in sorted(fields.items()) if value[1]}
    entries, longer = struct.pack(byte_order + "H", len(fields)), b""
    at += len(entries) + 12 * len(fields) + 4
    for tag, (kind, values) in fields.items():
        packed = (
            values if isinstance(values, bytes) else struct.pack(f"{byte_order}{len(values)}{_FORMATS[kind]}", *values)
        )
        count = len(packed) // _SIZES[kind]
        entries += struct.pack(byte_order + "HHI", tag, kind, count)
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack(byte_order + "I", at + len(longer))
            longer += packed + bytes(len(packed) % 2)
    next_directory = 0 if is_last else at + len(longer)
    return entries + struct.pack(byte_order + "I", next_directory) + longer
