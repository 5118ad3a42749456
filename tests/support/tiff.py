"""Write TIFF files with any tags (TIFF 6.0, section 2)."""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image

from tests.support import images

WIDTH, HEIGHT = 32, 24
"""The size of `quadrants`."""

type Values = tuple[int, ...] | bytes

_SHORT, _LONG, _UNDEFINED, _LONG8 = 3, 4, 7, 16
_FORMATS = {_SHORT: "H", _LONG: "I", _LONG8: "Q"}


@dataclass(frozen=True)
class Page:
    """A directory with its strips or tiles, and its sub-directories."""

    cells: list[bytes]
    fields: Mapping[int, Values]
    children: list["Page"] = field(default_factory=list)


def quadrants(mode: str = "RGB") -> Image.Image:
    """Return the four colours in the size of the pages here."""
    return images.quadrants(WIDTH, HEIGHT, mode)


def page(
    pixels: bytes, *, number: int = 3, bits: int = 8, photometric: int = 2, tags: Mapping[int, Values] | None = None
) -> Page:
    """Return a page of one strip with `number` samples per pixel. `tags` adds or replaces fields."""
    fields = {
        256: (WIDTH,),
        257: (HEIGHT,),
        258: (bits,) * number,
        259: (1,),
        262: (photometric,),
        277: (number,),
        278: (HEIGHT,),
    }
    return Page([pixels], {**fields, **(tags or {})})


def write(*pages: Page, byte_order: str = "<", is_big: bool = False) -> bytes:
    """Return a TIFF or BigTIFF with a chain of pages."""
    magic = b"II" if byte_order == "<" else b"MM"
    offset, header_size = ("Q", 16) if is_big else ("I", 8)
    writer = _Writer(byte_order, offset, bytearray(header_size))
    first = writer.write_chain(pages)
    header = struct.pack(byte_order + "HHHQ", 43, 8, 0, first) if is_big else struct.pack(byte_order + "HI", 42, first)
    return magic + header + bytes(writer.content[header_size:])


@dataclass
class _Writer:
    byte_order: str
    offset: str
    content: bytearray

    def write_chain(self, pages: Iterable[Page], next_page: int = 0) -> int:
        for page in reversed(list(pages)):
            next_page = self._write_page(page, next_page)
        return next_page

    def _write_page(self, page: Page, next_page: int) -> int:
        is_tiled = 322 in page.fields
        offsets = [self._append(cell) for cell in page.cells]
        fields = dict(page.fields)
        if offsets:
            fields[324 if is_tiled else 273] = tuple(offsets)
            fields[325 if is_tiled else 279] = tuple(map(len, page.cells))
        if page.children:
            fields[330] = tuple(self._write_page(child, 0) for child in page.children)
        entries = [self._pack_entry(tag, values) for tag, values in sorted(fields.items())]
        count = struct.pack(self.byte_order + ("Q" if self.offset == "Q" else "H"), len(entries))
        return self._append(count + b"".join(entries) + struct.pack(self.byte_order + self.offset, next_page))

    def _pack_entry(self, tag: int, values: Values) -> bytes:
        kind = _UNDEFINED if isinstance(values, bytes) else _LONG if max(values) > 65_535 or tag == 330 else _SHORT
        packed = (
            values
            if isinstance(values, bytes)
            else struct.pack(f"{self.byte_order}{len(values)}{_FORMATS[kind]}", *values)
        )
        inline = struct.calcsize("<" + self.offset)
        value = (
            packed.ljust(inline, b"\0")
            if len(packed) <= inline
            else struct.pack(self.byte_order + self.offset, self._append(packed))
        )
        return struct.pack(self.byte_order + "HH" + self.offset, tag, kind, len(values)) + value

    def _append(self, data: bytes) -> int:
        at = len(self.content)
        self.content += data + bytes(len(data) % 2)
        return at


def pack(image: Image.Image, form: str, *, byte_order: str = "<") -> bytes:
    """Return the samples of an image in a format of struct, stretched to its range. Floats are from 0 to 1."""
    values = image.tobytes()
    if form in "efd":
        numbers: Sequence[float] = [value / 255 for value in values]
    else:
        bits = 8 * struct.calcsize(form)
        lowest = -(1 << bits - 1) if form.islower() else 0
        numbers = [value * ((1 << bits) - 1) // 255 + lowest for value in values]
    return struct.pack(f"{byte_order}{len(numbers)}{form}", *numbers)


def pack_bits(values: bytes, bits: int, per_row: int, *, is_index: bool = False) -> bytes:
    """Return bytes as numbers of `bits` bits, highest bit first. Each row starts with a new byte."""
    rows = []
    for at in range(0, len(values), per_row):
        numbers = [value if is_index else round(value * ((1 << bits) - 1) / 255) for value in values[at : at + per_row]]
        row = "".join(format(number, f"0{bits}b") for number in numbers)
        row += "0" * (-len(row) % 8)
        rows.append(int(row, 2).to_bytes(len(row) // 8))
    return b"".join(rows)


def split_tiles(image: Image.Image, side: int = 16) -> list[Image.Image]:
    """Return the tiles of an image. Those at the edges are filled with black."""
    corners = [(left, top) for top in range(0, HEIGHT, side) for left in range(0, WIDTH, side)]
    return [image.crop((left, top, left + side, top + side)) for left, top in corners]


def encode_ycbcr(across: int, down: int) -> bytes:
    """Return the quadrants as YCbCr whose colours are subsampled (TIFF 6.0, section 21)."""
    luma, *chroma = quadrants("YCbCr").split()
    small = [band.resize((WIDTH // across, HEIGHT // down)).tobytes() for band in chroma]
    units = []
    for index in range(WIDTH // across * (HEIGHT // down)):
        top, left = divmod(index, WIDTH // across)
        box = (left * across, top * down, (left + 1) * across, (top + 1) * down)
        units.append(luma.crop(box).tobytes() + bytes(band[index] for band in small))
    return b"".join(units)


def deflate(*pages: Page) -> list[Page]:
    """Compress the strips or tiles of pages."""
    return [Page([*map(zlib.compress, page.cells)], {**page.fields, 259: (8,)}, page.children) for page in pages]
