"""Build HEIF and AVIF files from coded pictures: grids, transparency, gain maps, thumbnails, and unusual boxes."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from PIL import Image

from tests.support import images

type Reference = tuple[bytes, int, Sequence[int]]
"""A kind, an item, and the items to which the first one refers."""

ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
GAIN_MAP = b"urn:com:apple:photo:2020:aux:hdrgainmap\0"
BOXES = ("pitm", "iloc", "iinf", "iref", "iprp", "idat", "grpl")
"""The boxes of `meta` in the usual order."""
WIDTH, HEIGHT = 96, 64


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a file."""

    kind: bytes
    body: bytes
    properties: tuple[bytes, ...] = ()
    is_in_idat: bool = False


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Return a box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def extent(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return the property for a size."""
    return full_box(b"ispe", 0, 0, struct.pack(">II", width, height))


def nclx(primaries: int = 1, transfer: int = 13, matrix: int = 6) -> bytes:
    """Return the property for code points of colours, with full range."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 0x80))


def profile(content: bytes) -> bytes:
    """Return the property for an ICC profile."""
    return box(b"colr", b"prof", content)


def auxiliary(urn: bytes) -> bytes:
    """Return the property for the purpose of an auxiliary picture."""
    return full_box(b"auxC", 0, 0, urn)


@cache
def av1(seed: int = 0, *, is_grey: bool = False) -> Item:
    """Return a picture coded with AV1, with its configuration and size. Other seeds have other pixels."""
    image = images.quadrants(WIDTH, HEIGHT).rotate(90 * seed)
    if is_grey:
        image = Image.linear_gradient("L").resize((WIDTH, HEIGHT)).rotate(90 * seed)
    content = images.encoded(image, "AVIF", quality=80, speed=10)
    return Item(b"av01", content[content.index(b"mdat") + 4 :], (find_box(content, b"av1C"), extent(), _pixels(3)))


@cache
def hevc() -> Item:
    """Return a picture coded with HEVC, with its configuration and size."""
    start = images.HEIC.index(b"mdat") + 4
    return Item(b"hvc1", images.HEIC[start : start + 160], (find_box(images.HEIC, b"hvcC"), extent(), _pixels(3)))


def find_box(content: bytes, kind: bytes) -> bytes:
    """Return the first box of a kind."""
    at = content.index(kind) - 4
    return content[at : at + int.from_bytes(content[at : at + 4])]


def _pixels(channels: int) -> bytes:
    return full_box(b"pixi", 0, 0, bytes((channels, *[8] * channels)))


def grid(rows: int, columns: int, *properties: bytes, is_in_idat: bool = False) -> Item:
    """Return a grid of pictures."""
    width, height = columns * WIDTH, rows * HEIGHT
    body = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    return Item(b"grid", body, (extent(width, height), _pixels(3), *properties), is_in_idat)


def tone_map(columns: int = 1) -> Item:
    """Return the derivation of a gain map, for a picture of this width in tiles (ISO 21496-1, annex C)."""
    fractions = struct.pack(">8I", 0, 1, 2, 1, 0, 1, 2, 1) + struct.pack(">6I", 1, 1, 0, 1, 0, 1)
    return Item(b"tmap", struct.pack(">BHHB", 0, 0, 0, 0x40) + fractions, (extent(columns * WIDTH), _pixels(3), nclx()))


@dataclass(frozen=True, slots=True)
class File:
    """A file with one picture and other items. The number of an item is its place in `items`, from 1."""

    items: tuple[Item, ...]
    references: tuple[Reference, ...] = ()
    brands: tuple[bytes, ...] = (b"avif", b"mif1", b"miaf")
    primary: int = 1
    order: Sequence[str] = BOXES
    first_number: int = 1
    """The number of the first item. Numbers over 65,535 need larger fields."""
    is_split: bool = False
    """True if the properties of the items are in two boxes."""
    groups: tuple[tuple[bytes, tuple[int, ...]], ...] = field(default=())

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        ftyp = box(b"ftyp", self.brands[0], bytes(4), *self.brands)
        at = len(ftyp) + len(self._encode_meta(0)) + 8
        return ftyp + self._encode_meta(at) + box(b"mdat", *(item.body for item in self.items if not item.is_in_idat))

    @property
    def _is_wide(self) -> bool:
        return self.first_number > 0xFFFF - len(self.items)

    def _number(self, place: int) -> bytes:
        return self._numbers((place,))

    def _numbers(self, places: Sequence[int]) -> bytes:
        numbers = places if self.first_number == 1 else [self.first_number + place - 1 for place in places]
        return struct.pack(f">{len(numbers)}{'I' if self._is_wide else 'H'}", *numbers)

    def _encode_meta(self, at: int) -> bytes:
        boxes = {
            "pitm": full_box(b"pitm", self._is_wide, 0, self._number(self.primary)),
            "iloc": self._encode_locations(at),
            "iinf": self._encode_types(),
            "iref": self._encode_references(),
            "iprp": self._encode_properties(),
            "idat": box(b"idat", *(item.body for item in self.items if item.is_in_idat)),
            "grpl": box(b"grpl", *(self._encode_group(*group) for group in self.groups)),
        }
        handler = full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13))
        # libavif rejects empty boxes.
        return full_box(b"meta", 0, 0, handler, *(boxes[name] for name in self.order if len(boxes[name]) > 8))

    def _encode_locations(self, at: int) -> bytes:
        entries, idat_at = list[bytes](), 0
        for place, item in enumerate(self.items, 1):
            start = idat_at if item.is_in_idat else at
            entries.append(self._number(place) + struct.pack(">HHHII", item.is_in_idat, 0, 1, start, len(item.body)))
            idat_at, at = (idat_at + len(item.body), at) if item.is_in_idat else (idat_at, at + len(item.body))
        count = struct.pack(">I" if self._is_wide else ">H", len(self.items))
        return full_box(b"iloc", 2 if self._is_wide else 1, 0, b"\x44\0", count, *entries)

    def _encode_types(self) -> bytes:
        version = 3 if self._is_wide else 2
        infos = [
            full_box(b"infe", version, 0, self._number(place), bytes(2), item.kind, bytes(1 + (item.kind == b"mime")))
            for place, item in enumerate(self.items, 1)
        ]
        return full_box(b"iinf", 0, 0, struct.pack(">H", len(infos)), *infos)

    def _encode_references(self) -> bytes:
        boxes = [
            box(kind, self._number(item), struct.pack(">H", len(to)), self._numbers(to))
            for kind, item, to in self.references
        ]
        return full_box(b"iref", self._is_wide, 0, *boxes)

    def _encode_properties(self) -> bytes:
        properties = list(dict.fromkeys(body for item in self.items for body in item.properties))
        places = range(1, len(self.items) + 1)
        parts = [places[::2], places[1::2]] if self.is_split else [places]
        boxes = [
            # Two boxes need different flags. Flag 1 is for numbers of two bytes.
            full_box(b"ipma", self._is_wide, flags, struct.pack(">I", len(part)))
            + b"".join(self._encode_associations(place, properties, flags) for place in part)
            for flags, part in enumerate(parts)
        ]
        sized = [struct.pack(">I", len(body)) + body[4:] for body in boxes]
        return box(b"iprp", box(b"ipco", *properties), *sized)

    def _encode_associations(self, place: int, properties: list[bytes], flags: int) -> bytes:
        own = self.items[place - 1].properties
        form, essential = (">H", 0x8000) if flags else (">B", 0x80)
        numbers = [
            struct.pack(form, properties.index(body) + 1 | essential * (body[4:8] in _ESSENTIAL)) for body in own
        ]
        return self._number(place) + bytes((len(own),)) + b"".join(numbers)

    def _encode_group(self, kind: bytes, places: tuple[int, ...]) -> bytes:
        numbers = [self.first_number + place - 1 for place in places]
        return full_box(kind, 0, 0, struct.pack(f">II{len(numbers)}I", 900, len(numbers), *numbers))


_ESSENTIAL = (b"av1C", b"hvcC", b"irot", b"imir", b"a1op", b"lsel")
