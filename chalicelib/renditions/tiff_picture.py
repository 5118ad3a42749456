"""Extract the picture of a TIFF: one page, with new directories that describe only its samples."""

import math
import struct
from dataclasses import dataclass, replace

from chalicelib.renditions import jpeg
from chalicelib.renditions.coded_picture import (
    MAX_DECODER_BYTES,
    MAX_PIECES,
    MAX_PROFILE_BYTES,
    CodedPicture,
    check_size,
)
from chalicelib.renditions.rejections import Damaged, DecompressionBomb, TooManyPixels, UnsupportedVariant
from chalicelib.renditions.tiff import Tiff, get_first_integer
from chalicelib.renditions.tiff_pages import Page, choose_page
from chalicelib.renditions.tiff_samples import (
    BLACK_IS_ZERO,
    FLOAT,
    LABS,
    OLD_JPEG,
    RGB,
    UNSIGNED,
    YCBCR,
    Reading,
    Samples,
    read_samples,
)

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _ORIENTATION = 256, 257, 258, 259, 262, 266, 274
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
_COLOR_MAP, _JPEG_TABLES, _COEFFICIENTS, _SUBSAMPLING, _REFERENCE, _PROFILE = 320, 347, 529, 530, 532, 34675
_OLD_JPEG = 513

_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_FORMATS = {_SHORT: "H", _LONG: "I"}
_MAX_TABLES = 65_536

type _Value = tuple[int, tuple[int, ...] | bytes]


@dataclass(frozen=True, slots=True)
class _Grid:
    """The strips or tiles of a page."""

    width: int
    """The pixels of a strip or tile. The height too."""
    height: int
    across: int
    down: int
    is_tiled: bool

    @property
    def area(self) -> int:
        """Return the pixels of all strips or tiles. The last ones may be larger than the rest of the picture."""
        return self.width * self.across * self.height * self.down


def _read_old_jpeg(tiff_file: Tiff, page: Page) -> CodedPicture:
    """Return a JPEG file that is stored as the only strip (TIFF 6.0, section 22, which TIFF Technical Note 2 replaced).

    Cameras store previews in this way.
    """
    start = tiff_file.read_integers(page.directory, _OLD_JPEG, 1) or tiff_file.read_integers(page.directory, _STRIPS, 2)
    if len(start) != 1 or tiff_file.content[start[0] :][:3] != b"\xff\xd8\xff":
        raise UnsupportedVariant
    picture = jpeg.read(tiff_file.content[start[0] :])
    return replace(picture, exif=_write_metadata(tiff_file, page))


def read(content: bytes) -> CodedPicture:
    """Return the picture of a TIFF. Its content is a TIFF with one page, or one page for each plane.

    Raises:
        Rejection: the file is rejected. The subclass is the reason.
        struct.error: the file is truncated.
    """
    tiff_file = Tiff(content)
    page = choose_page(tiff_file)
    if get_first_integer(page.fields.get(_COMPRESSION)) == OLD_JPEG:
        return _read_old_jpeg(tiff_file, page)
    width, height = get_first_integer(page.fields.get(_WIDTH)), get_first_integer(page.fields.get(_HEIGHT))
    check_size(width, height)
    samples = read_samples(page.fields)
    check_size(width, height, memory_per_pixel=samples.memory_per_pixel)
    grid = _read_grid(page, width, height)
    if grid.area * samples.memory_per_pixel > MAX_DECODER_BYTES:
        raise TooManyPixels
    profiles = (tiff_file.read_bytes(at, _PROFILE, MAX_PROFILE_BYTES) for at in (page.directory, page.parent))
    return CodedPicture(
        _write_picture(tiff_file, page, samples, grid),
        width,
        height,
        _write_metadata(tiff_file, page),
        # The pixels of Lab are converted to sRGB without a profile.
        b"" if samples.photometric in LABS else next(filter(None, profiles), b""),
        memory_per_pixel=samples.memory_per_pixel,
        samples=samples,
        palette=tiff_file.read_integers(page.directory, _COLOR_MAP, 3 << samples.bits) if samples.bits <= 16 else (),
    )


def _read_grid(page: Page, width: int, height: int) -> _Grid:
    is_tiled = _TILES in page.fields
    tags = (_TILE_WIDTH, _TILE_HEIGHT) if is_tiled else (0, _ROWS_PER_STRIP)
    cell_width = get_first_integer(page.fields.get(tags[0]), width)
    cell_height = get_first_integer(page.fields.get(tags[1]), height)
    if cell_width < 1 or cell_height < 1:
        raise Damaged
    if not is_tiled:
        cell_height = min(cell_height, height)
    return _Grid(cell_width, cell_height, math.ceil(width / cell_width), math.ceil(height / cell_height), is_tiled)


def _write_picture(tiff_file: Tiff, page: Page, samples: Samples, grid: _Grid) -> bytes:
    planes, cells = samples.number if samples.is_planar else 1, grid.across * grid.down
    if planes * cells > MAX_PIECES:
        raise DecompressionBomb
    offset_tag, size_tag = (_TILES, _TILE_SIZES) if grid.is_tiled else (_STRIPS, _STRIP_SIZES)
    offsets = tiff_file.read_integers(page.directory, offset_tag, planes * cells)
    sizes = tiff_file.read_integers(page.directory, size_tag, planes * cells)
    if not offsets:
        raise Damaged
    common = _describe(tiff_file, page, samples, grid)
    parts = [tiff_file.content[8:], bytes(-len(tiff_file.content) % 2)]
    at = first = 8 + sum(map(len, parts))
    used = samples.used if samples.is_planar else [0]
    for plane in used:
        fields = {
            **common,
            offset_tag: (_LONG, offsets[plane * cells : (plane + 1) * cells]),
            size_tag: (_LONG, sizes[plane * cells : (plane + 1) * cells]),
        }
        parts.append(_write_directory(tiff_file.byte_order, at, fields, is_last=plane == used[-1]))
        at += len(parts[-1])
    magic = tiff_file.content[:2] + struct.pack(tiff_file.byte_order + "HI", 42, first)
    return b"".join((magic, *parts))


def _describe(tiff_file: Tiff, page: Page, samples: Samples, grid: _Grid) -> dict[int, _Value]:
    """Return the fields of each page that the decoder gets, except those of its strips or tiles."""
    number, bits, width = 1 if samples.is_planar else samples.number, samples.bits, grid.width
    picture_width = get_first_integer(page.fields.get(_WIDTH))
    if samples.reading is Reading.BYTES:
        if grid.is_tiled and width * number * bits % 8:
            raise UnsupportedVariant
        width = math.ceil(width * number * bits / 8)
        picture_width, number, bits = width * grid.across, 1, 8
    is_float = samples.format == FLOAT and samples.reading is Reading.SAMPLES
    photometric = RGB if number > 2 else BLACK_IS_ZERO
    shorts = {
        _COMPRESSION: (samples.compression,),
        _PHOTOMETRIC: (YCBCR if samples.reading is Reading.COLOURS else photometric,),
        _FILL_ORDER: (get_first_integer(page.fields.get(_FILL_ORDER), 1),),
        _SAMPLES: (number,),
        _BITS: (bits,) * number,
        _SAMPLE_FORMAT: (FLOAT if is_float else UNSIGNED,) * number,
        _PREDICTOR: (samples.predictor,),
        # Declare transparency, because Pillow then delivers all samples.
        _EXTRA_SAMPLES: (2,) + (0,) * (number - 4) if number > 3 else (2,) if number == 2 else (),
    }
    longs = {
        _WIDTH: (picture_width,),
        _HEIGHT: (get_first_integer(page.fields.get(_HEIGHT)),),
        **(
            {_TILE_WIDTH: (width,), _TILE_HEIGHT: (grid.height,)}
            if grid.is_tiled
            else {_ROWS_PER_STRIP: (grid.height,)}
        ),
        **{tag: (get_first_integer(page.fields[tag]),) for tag in (_FAX3_OPTIONS, _FAX4_OPTIONS) if tag in page.fields},
    }
    raw = {
        tag: (kind, tiff_file.read_bytes(page.directory, tag, _MAX_TABLES))
        for tag, kind in {
            _JPEG_TABLES: _UNDEFINED,
            _COEFFICIENTS: _RATIONAL,
            _SUBSAMPLING: _SHORT,
            _REFERENCE: _RATIONAL,
        }.items()
        if tag == _JPEG_TABLES or samples.reading is Reading.COLOURS
    }
    fields: dict[int, _Value] = {tag: (_SHORT, values) for tag, values in shorts.items()}
    return fields | {tag: (_LONG, values) for tag, values in longs.items()} | raw


def _write_directory(byte_order: str, at: int, fields: dict[int, _Value], *, is_last: bool) -> bytes:
    """Return the directory at `at`, followed by the values that do not fit into it."""
    fields = {tag: value for tag, value in sorted(fields.items()) if value[1]}
    entries, longer = struct.pack(byte_order + "H", len(fields)), b""
    at += len(entries) + 12 * len(fields) + 4
    for tag, (kind, values) in fields.items():
        packed = (
            values if isinstance(values, bytes) else struct.pack(f"{byte_order}{len(values)}{_FORMATS[kind]}", *values)
        )
        count = len(packed) // {_SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}[kind]
        entries += struct.pack(byte_order + "HHI", tag, kind, count)
        if len(packed) <= 4:
            entries += packed.ljust(4, b"\0")
        else:
            entries += struct.pack(byte_order + "I", at + len(longer))
            longer += packed + bytes(len(packed) % 2)
    next_directory = 0 if is_last else at + len(longer)
    return entries + struct.pack(byte_order + "I", next_directory) + longer


def _write_metadata(tiff_file: Tiff, page: Page) -> bytes:
    """Return a TIFF whose first directory has the metadata of the page, or of the first page if the page has none."""
    first = tiff_file.first_directory
    if page.directory == first:
        return tiff_file.content
    entries = dict[int, bytes]()
    for directory in dict.fromkeys((page.directory, page.parent, first)):
        for entry in tiff_file.list_entries(directory):
            (tag,) = struct.unpack_from(tiff_file.byte_order + "H", tiff_file.content, entry)
            # Another page of the chain may be stored in another orientation.
            if tag != _ORIENTATION or directory in {page.directory, page.parent}:
                entries.setdefault(tag, tiff_file.content[entry : entry + (20 if tiff_file.is_big else 12)])
    header_size, count_format = (16, "Q") if tiff_file.is_big else (8, "H")
    offset = struct.pack(tiff_file.byte_order + tiff_file.offset_format, len(tiff_file.content))
    return b"".join(
        (
            tiff_file.content[: header_size - len(offset)],
            offset,
            tiff_file.content[header_size:],
            struct.pack(tiff_file.byte_order + count_format, len(entries)),
            *(entry for _, entry in sorted(entries.items())),
            bytes(len(offset)),
        )
    )
