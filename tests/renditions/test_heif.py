"""Compare what the decoders make of a HEIC or AVIF before and after its other items are hidden from them."""

import io
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pi_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, _avif

from chalicelib import renditions
from chalicelib.renditions import Rejection, heif
from tests.support import heif_builder as builder
from tests.support import images, profiles
from tests.support.heif_builder import File, Item, Reference

pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False

BRANDS = {"avif": (b"avif", b"mif1", b"miaf"), "heic": (b"heic", b"mif1", b"miaf")}
ROTATIONS = [(), (builder.box(b"irot", b"\1"),), (builder.box(b"irot", b"\3"), builder.box(b"imir", b"\1"))]
PROFILES = [(), (builder.nclx(12, 13),), (builder.nclx(12, 13), builder.profile(profiles.adobe_rgb()))]
LAYERS = [(), (builder.box(b"a1lx", bytes(7)), builder.box(b"a1op", b"\0")), (builder.box(b"lsel", b"\xff\xff"),)]


def decode_avif(content: bytes) -> tuple[Any, ...]:
    decoder = _avif.AvifDecoder(content, "auto", 1)
    size, _, mode, profile, _, orientation, _ = decoder.get_info()
    return size, mode, profile, orientation, bytes(decoder.get_frame(0)[0])


def decode_heic(content: bytes) -> tuple[Any, ...]:
    picture = pi_heif.open_heif(content)
    return picture.size, picture.mode, picture.info.get("icc_profile"), bytes(picture.data)


DECODERS = {"avif": decode_avif, "heic": decode_heic}


def coded(format: str, seed: int = 0, *properties: bytes, is_grey: bool = False) -> Item:
    item = builder.av1(seed, is_grey=is_grey) if format == "avif" else builder.hevc()
    return replace(item, properties=(*item.properties, *properties))


class Draft:
    """A file to which a test adds items. Numbers count from 1."""

    def __init__(self, format: str) -> None:
        self.format, self.items, self.references = format, list[Item](), list[Reference]()

    def add(self, *items: Item) -> list[int]:
        self.items += items
        return list(range(len(self.items) - len(items) + 1, len(self.items) + 1))

    def refer(self, kind: bytes, item: int, to: Sequence[int]) -> None:
        self.references.append((kind, item, tuple(to)))

    def add_picture(self, tiles: int, *properties: bytes, is_grey: bool = False) -> list[int]:
        """Add a picture, or a grid of tiles. Return the numbers of the picture and its tiles."""
        if tiles == 1:
            return self.add(coded(self.format, 0, *properties, is_grey=is_grey))
        numbers = self.add(builder.grid(1, tiles, *properties, is_in_idat=is_grey))
        numbers += self.add(*(coded(self.format, seed, is_grey=is_grey) for seed in range(tiles)))
        self.refer(b"dimg", numbers[0], numbers[1:])
        return numbers


def add_transparency(draft: Draft, kind: str, picture: list[int]) -> None:
    alpha = builder.auxiliary(builder.ALPHA)
    if kind == "one":
        (number, *_) = draft.add_picture(max(len(picture) - 1, 1), alpha, is_grey=True)
        draft.refer(b"auxl", number, picture[:1])
    elif kind == "each tile":
        for seed, tile in enumerate(picture[1:] or picture):
            draft.refer(b"auxl", draft.add(coded(draft.format, seed, alpha, is_grey=True))[0], [tile])
    if kind == "one" and len(picture) == 1:
        draft.refer(b"prem", picture[0], [number])


def add_other_items(draft: Draft, kinds: Sequence[str], picture: int, tiles: int) -> None:
    """Add items that no rendition needs. Each could confuse the decoder if only half of it were removed."""
    for kind in kinds:
        other = {
            "metadata": Item(b"Exif", b"\0\0\0\6" + images.exif_block()),
            "text": Item(b"mime", b"<x/>"),
            "unsupported": coded(draft.format, 1, builder.auxiliary(builder.GAIN_MAP)),
            "gain map": builder.tone_map(tiles),
        }.get(kind, coded(draft.format, 1, builder.auxiliary(builder.GAIN_MAP)))
        if kind == "gain map":
            gains = draft.add(coded(draft.format, 1))
            draft.refer(b"dimg", draft.add(other)[0], [picture, *gains])
        else:
            (number,) = draft.add(replace(other, kind=b"unci") if kind == "unsupported" else other)
            reference = {"thumbnail": b"thmb", "metadata": b"cdsc", "text": b"cdsc"}.get(kind, b"auxl")
            draft.refer(reference, number, [picture])


@st.composite
def files(draw: st.DrawFn, format: str) -> File:
    draft, tiles = Draft(format), draw(st.sampled_from([1, 1, 2, 3]))
    properties = draw(st.sampled_from(ROTATIONS)) + draw(st.sampled_from(PROFILES))
    layers = draw(st.sampled_from(LAYERS)) if format == "avif" and tiles == 1 else ()
    before = draw(st.booleans())
    if before:
        draft.add(coded(format, 2))
    picture = draft.add_picture(tiles, *layers, *properties)
    add_transparency(draft, draw(st.sampled_from(["none", "one", "each tile"])), picture)
    kinds = draw(st.lists(st.sampled_from(["metadata", "text", "thumbnail", "depth", "unsupported"]), unique=True))
    # libavif requires the gain map last, in a group in front of its picture.
    has_gain_map = draw(st.booleans())
    add_other_items(draft, [*kinds, *["gain map"] * has_gain_map], picture[0], tiles)
    return File(
        tuple(draft.items),
        tuple(draft.references),
        BRANDS[format] + (b"tmap",) * has_gain_map,
        picture[0],
        draw(st.permutations(builder.BOXES)),
        draw(st.sampled_from([1, 70_000])),
        draw(st.booleans()),
        ((b"altr", (len(draft.items), picture[0])),) if has_gain_map else (),
    )


@pytest.mark.parametrize("format", ["avif", "heic"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hidden_items_change_no_pixel(format: str, data: st.DataObject) -> None:
    content = data.draw(files(format)).encode()
    assert DECODERS[format](heif.read(heif.Memory(1, 0), content).content) == DECODERS[format](content)


@pytest.mark.parametrize("format", ["avif", "heic"])
@pytest.mark.parametrize("brands", [(), (b"tmap",)])
def test_picture_is_rendered_if_its_gain_map_is_incomplete(format: str, brands: tuple[bytes, ...]) -> None:
    items = (coded(format), coded(format, 1), builder.tone_map())
    alone = File(items[:1], brands=BRANDS[format]).encode()
    # The group that libavif requires is missing.
    file = File(items, ((b"dimg", 3, (1, 2)),), BRANDS[format] + brands)
    assert renditions.render(file.encode(), f"image/{format}") == renditions.render(alone, f"image/{format}")


@pytest.mark.parametrize("format", ["avif", "heic"])
def test_thumbnail_reference_in_the_wrong_direction_is_ignored(format: str) -> None:
    alone = File((coded(format),), brands=BRANDS[format]).encode()
    file = File((coded(format), coded(format, 1)), ((b"thmb", 1, (2,)),), BRANDS[format])
    assert renditions.render(file.encode(), f"image/{format}") == renditions.render(alone, f"image/{format}")


def test_hidden_picture_may_exceed_the_limits() -> None:
    thumbnail = replace(builder.av1(1), properties=(*builder.av1(1).properties[:1], builder.extent(40_000, 40_000)))
    file = File((builder.av1(), thumbnail), ((b"thmb", 2, (1,)),))
    assert renditions.render(file.encode(), "image/avif").width == builder.WIDTH


def test_picture_without_a_size_is_rejected() -> None:
    picture = replace(builder.hevc(), properties=builder.hevc().properties[:1])
    with pytest.raises(renditions.Damaged):
        renditions.render(File((picture,), brands=BRANDS["heic"]).encode(), "image/heic")


@pytest.mark.parametrize("tiles", [1, 2])
def test_identity_of_a_picture_or_a_grid_is_decoded(tiles: int) -> None:
    draft = Draft("heic")
    (identity,) = draft.add(Item(b"iden", b"", (builder.extent(tiles * builder.WIDTH),)))
    picture = draft.add_picture(tiles)
    draft.refer(b"dimg", identity, picture[:1])
    file = File(tuple(draft.items), tuple(draft.references), BRANDS["heic"])
    expected = decode_heic(replace(file, primary=picture[0]).encode())
    assert decode_heic(heif.read(heif.Memory(1, 0), file.encode()).content) == expected


OVERLAY = Item(b"iovl", bytes(10) + struct.pack(">HH", builder.WIDTH, builder.HEIGHT) + bytes(8), (builder.extent(),))
IDENTITY = replace(OVERLAY, kind=b"iden")


@pytest.mark.parametrize(
    ("items", "references", "code"),
    [
        ((OVERLAY, builder.hevc()), ((b"dimg", 1, (2,)),), "UnsupportedVariant"),
        ((OVERLAY, OVERLAY, builder.hevc()), ((b"dimg", 1, (2,)), (b"dimg", 2, (3,))), "DecompressionBomb"),
        ((IDENTITY, IDENTITY, builder.hevc()), ((b"dimg", 1, (2,)), (b"dimg", 2, (3,))), "DecompressionBomb"),
        ((builder.grid(1, 1), OVERLAY, builder.hevc()), ((b"dimg", 1, (2,)), (b"dimg", 2, (3,))), "DecompressionBomb"),
        ((builder.hevc(), replace(OVERLAY, properties=(builder.auxiliary(builder.ALPHA),)), builder.hevc()),
         ((b"auxl", 2, (1,)), (b"dimg", 2, (3,))), "UnsupportedVariant"),
    ],
)  # fmt: skip
def test_picture_with_layers_is_rejected(items: tuple[Item, ...], references: tuple[Reference, ...], code: str) -> None:
    with pytest.raises(Rejection) as rejected:
        renditions.render(File(items, references, BRANDS["heic"]).encode(), "image/heic")
    assert rejected.value.code == code


def test_premultiplied_transparency_becomes_white() -> None:
    """The decoder stores premultiplied colours. Half of a grey and half of white is a light grey."""
    alpha = replace(builder.hevc(), properties=(*builder.hevc().properties, builder.auxiliary(builder.ALPHA)))
    references = [(b"auxl", 2, (1,)), (b"prem", 1, (2,))]
    file = File((builder.hevc(), alpha), tuple(references), BRANDS["heic"]).encode()
    colours = pi_heif.open_heif(file)
    assert colours.mode == "RGBa"
    pixels = bytes(colours.data)
    rendered = renditions.render(file, "image/heic")
    full = Image.open(io.BytesIO(rendered.renditions["full"].content))
    for x, y in ((10, 10), (80, 10), (10, 50), (80, 50)):
        red, green, blue, opacity = pixels[4 * (y * builder.WIDTH + x) :][:4]
        expected = [min(value + 255 - opacity, 255) for value in (red, green, blue)]
        assert full.getpixel((x, y)) == pytest.approx(expected, abs=12)


def test_heic_that_its_decoder_opens_larger_than_declared_is_refused_before_its_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Opened:
        size, info, premultiplied_alpha, mode = (60_000, 60_000), {"icc_profile": None}, False, "RGB"

        @property
        def data(self) -> bytes:
            raise AssertionError("the pixels were decoded")

    monkeypatch.setattr(pi_heif, "open_heif", lambda _: Opened())
    with pytest.raises(renditions.TooManyPixels):
        renditions.render(images.HEIC, "image/heic")
