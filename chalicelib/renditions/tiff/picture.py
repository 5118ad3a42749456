"""Extract the picture of a TIFF: one page, with new directories that describe only its samples."""

import math
import struct
from dataclasses import replace

from chalicelib.renditions import jpeg
from chalicelib.renditions.coded_picture import MAX_PROFILE_BYTES, CodedPicture, check_size
from chalicelib.renditions.rejections import Damaged, UnsupportedVariant
from chalicelib.renditions.tiff.pages import Page, choose_page
from chalicelib.renditions.tiff.samples import LABS, OLD_JPEG, read_samples
from chalicelib.renditions.tiff.structure import Tiff, get_first_integer
from chalicelib.renditions.tiff.writer import Grid, write_picture

_WIDTH, _HEIGHT, _COMPRESSION, _STRIPS, _ORIENTATION, _ROWS_PER_STRIP = 256, 257, 259, 273, 274, 278
_COLOR_MAP, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _OLD_JPEG, _PROFILE = 320, 322, 323, 324, 513, 34675


def _read_old_jpeg(tiff_file: Tiff, page: Page) -> CodedPicture:
    """Return a JPEG file that is stored as the only strip (TIFF 6.0, section 22, which TIFF Technical Note 2 replaced).

    Cameras store previews in this way.
    """
    start = tiff_file.read_integers(page.directory, _OLD_JPEG, 1) or tiff_file.read_integers(page.directory, _STRIPS, 2)
    if len(start) != 1 or tiff_file.content[start[0] :][:3] != b"\xff\xd8\xff":
        raise UnsupportedVariant
    picture = jpeg.read(tiff_file.content[start[0] :])
    if get_first_integer(page.fields.get(_WIDTH), picture.width) != picture.width:
        raise UnsupportedVariant
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
    check_size(width, height, len(content))
    samples = read_samples(page.fields)
    grid = _read_grid(page, width, height)
    # The decoder holds whole tiles, which can be larger than the picture.
    check_size(width, height, len(content), memory_per_pixel=samples.memory_per_pixel * grid.area / (width * height))
    profiles = (tiff_file.read_bytes(at, _PROFILE, MAX_PROFILE_BYTES) for at in (page.directory, page.parent))
    return CodedPicture(
        write_picture(tiff_file, page, samples, grid),
        width,
        height,
        exif=_write_metadata(tiff_file, page),
        # The pixels of Lab are converted to sRGB without a profile.
        profile=b"" if samples.photometric in LABS else next(filter(None, profiles), b""),
        memory_per_pixel=samples.memory_per_pixel,
        samples=samples,
        palette=tiff_file.read_integers(page.directory, _COLOR_MAP, 3 << samples.bits) if samples.bits <= 16 else (),
    )


def _read_grid(page: Page, width: int, height: int) -> Grid:
    is_tiled = _TILES in page.fields
    tags = (_TILE_WIDTH, _TILE_HEIGHT) if is_tiled else (0, _ROWS_PER_STRIP)
    cell_width = get_first_integer(page.fields.get(tags[0]), width)
    cell_height = get_first_integer(page.fields.get(tags[1]), height)
    if cell_width < 1 or cell_height < 1:
        raise Damaged
    if not is_tiled:
        cell_height = min(cell_height, height)
    across, down = math.ceil(width / cell_width), math.ceil(height / cell_height)
    return Grid(cell_width, cell_height, across, down, is_tiled, height)


def _write_metadata(tiff_file: Tiff, page: Page) -> bytes:
    """Return a TIFF whose first directory has the metadata of the page, completed by its parent and the first page."""
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
