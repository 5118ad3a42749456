"""The same four colours in the variants of TIFF that the service shows, and variants that it rejects."""

import lzma
from collections.abc import Iterator

import pyvips
from PIL import Image, ImageChops, ImageCms

from tests.support import images, tiff
from tests.support.tiff import HEIGHT, WIDTH, Page, page, write

_EXTRA, _FORMAT, _PLANAR, _TILE_WIDTH, _TILE_HEIGHT = 338, 339, 284, 322, 323
_UNSPECIFIED, _PREMULTIPLIED, _TRANSPARENCY = 0, 1, 2
_TILED = {_TILE_WIDTH: (16,), _TILE_HEIGHT: (16,)}
_SAMPLE_FORMATS = {**dict.fromkeys("BHIQ", 1), **dict.fromkeys("bhiq", 2), **dict.fromkeys("efd", 3)}
_SIZES = {"B": 8, "b": 8, "H": 16, "h": 16, "e": 16, "I": 32, "i": 32, "f": 32, "Q": 64, "q": 64, "d": 64}


def numbers(form: str, mode: str = "RGB", photometric: int = 2, byte_order: str = "<") -> Page:
    """Return the quadrants with samples in a format of struct."""
    image = tiff.quadrants(mode)
    count = len(image.getbands())
    tags = {_FORMAT: (_SAMPLE_FORMATS[form],) * count}
    pixels = tiff.pack(image, form, byte_order=byte_order)
    return page(pixels, number=count, bits=_SIZES[form], photometric=photometric, tags=tags)


def in_colour() -> Iterator[tuple[str, bytes]]:
    """Yield the quadrants in RGB."""
    for form in "bhiqBHIQefd":
        yield f"samples {form}", write(numbers(form))
        yield (
            f"samples {form}, deflate, big-endian",
            write(*tiff.deflate(numbers(form, byte_order=">")), byte_order=">"),
        )
    yield "BigTIFF of floats", write(numbers("f"), is_big=True)
    yield "big-endian BigTIFF", write(numbers("H", byte_order=">"), byte_order=">", is_big=True)
    yield from _odd_bits()
    yield from _planes()
    yield from _channels()
    yield from _palettes()
    yield from _ycbcr()
    yield from _lab()
    yield from _compressions()


def _odd_bits() -> Iterator[tuple[str, bytes]]:
    pixels = tiff.quadrants().tobytes()
    for bits in (5, 7, 10, 12, 14, 20):
        packed = page(tiff.pack_bits(pixels, bits, 3 * WIDTH), bits=bits)
        yield f"{bits} bits", write(packed)
        yield f"{bits} bits, LZMA", write(Page([*map(lzma.compress, packed.cells)], {**packed.fields, 259: (34925,)}))
    tiles = [tiff.pack_bits(tile.tobytes(), 12, 48) for tile in tiff.split_tiles(tiff.quadrants())]
    yield "12 bits, tiled", write(Page(tiles, {**page(b"", bits=12).fields, **_TILED}))


def _planes() -> Iterator[tuple[str, bytes]]:
    bands = tiff.quadrants().split()
    planar = {_PLANAR: (2,)}
    fields = page(b"", tags=planar).fields
    yield "planes", write(Page([band.tobytes() for band in bands], fields))
    packed = [tiff.pack_bits(band.tobytes(), 12, WIDTH) for band in bands]
    yield "planes of 12 bits", write(Page(packed, page(b"", bits=12, tags=planar).fields))
    tiles = [tile.tobytes() for band in bands for tile in tiff.split_tiles(band)]
    yield "planes of tiles", write(*tiff.deflate(Page(tiles, {**fields, **_TILED})))
    strips = [band.crop((0, top, WIDTH, top + 8)).tobytes() for band in bands for top in range(0, HEIGHT, 8)]
    yield "planes of strips", write(Page(strips, {**fields, 278: (8,)}))
    unused = [bytes(WIDTH * HEIGHT), tiff.quadrants("L").tobytes()]
    extra = page(b"", number=5, tags={**planar, _EXTRA: (_UNSPECIFIED,) * 2}).fields
    yield "planes with two channels", write(Page([band.tobytes() for band in bands] + unused, extra))


def with_channels(mode: str, photometric: int, kinds: dict[int, int], *, form: str = "B") -> bytes:
    """Return the quadrants with further channels, by their kind in ExtraSamples and their value."""
    bands = [*tiff.quadrants(mode).split(), *(Image.new("L", (WIDTH, HEIGHT), value) for value in kinds.values())]
    pixels = bytes(value for pixel in zip(*(band.tobytes() for band in bands), strict=True) for value in pixel)
    stored = tiff.pack(Image.frombytes("L", (len(pixels), 1), pixels), form)
    tags = {_EXTRA: tuple(kinds), _FORMAT: (_SAMPLE_FORMATS[form],) * len(bands)}
    return write(page(stored, number=len(bands), bits=_SIZES[form], photometric=photometric, tags=tags))


def _channels() -> Iterator[tuple[str, bytes]]:
    for form in "BHf":
        yield f"a channel of nothing, {form}", with_channels("RGB", 2, {_UNSPECIFIED: 0}, form=form)
    yield "a channel before transparency", with_channels("RGB", 2, {_UNSPECIFIED: 0, _TRANSPARENCY: 255})
    yield "a channel after transparency", with_channels("RGB", 2, {_TRANSPARENCY: 255, _UNSPECIFIED: 0})
    pixels = with_channels("RGB", 2, {_UNSPECIFIED: 0})
    yield "a channel that no tag describes", pixels.replace(b"\x52\x01\3\0", b"\x52\x81\3\0")


def _palettes() -> Iterator[tuple[str, bytes]]:
    indexes = Image.new("L", (WIDTH, HEIGHT))
    for index in range(4):
        left, top = WIDTH // 2 * (index % 2), HEIGHT // 2 * (index // 2)
        indexes.paste(index, (left, top, left + WIDTH // 2, top + HEIGHT // 2))
    for bits in (2, 3, 4, 8, 16):
        pixels = tiff.pack_bits(indexes.tobytes(), bits, WIDTH, is_index=True)
        colours = [*images.QUADRANTS, *[(0, 0, 0)] * ((1 << bits) - 4)]
        for scale in (257, 1):
            palette = tuple(colour[band] * scale for band in range(3) for colour in colours)
            content = page(pixels, number=1, bits=bits, photometric=3, tags={320: palette})
            # tiff.pack_bits writes 16 bits with the highest byte first.
            yield f"palette of {bits} bits, factor {scale}", write(content, byte_order=">")


def _ycbcr() -> Iterator[tuple[str, bytes]]:
    for across, down in ((1, 1), (2, 1), (1, 2), (2, 2), (4, 2)):
        stored = page(tiff.encode_ycbcr(across, down), photometric=6, tags={530: (across, down)})
        yield f"YCbCr {across}:{down}", write(stored)
        yield f"YCbCr {across}:{down}, deflate", write(*tiff.deflate(stored))
    image = tiff.quadrants("YCbCr")
    yield "YCbCr of 16 bits", write(page(tiff.pack(image, "H"), bits=16, photometric=6, tags={530: (1, 1)}))
    planes = [band.tobytes() for band in image.split()]
    yield "YCbCr in planes", write(Page(planes, page(b"", photometric=6, tags={530: (1, 1), _PLANAR: (2,)}).fields))
    limited = bytes(
        round(16 + value * 219 / 255) if index % 3 == 0 else round(128 + (value - 128) * 224 / 255)
        for index, value in enumerate(image.tobytes())
    )
    range_tag = {530: (1, 1), 532: (16, 235, 128, 240, 128, 240)}
    yield "YCbCr of limited range", write(page(limited, photometric=6, tags=range_tag))


def _lab() -> Iterator[tuple[str, bytes]]:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB", 5000)
    stored = ImageCms.profileToProfile(tiff.quadrants(), *profiles, outputMode="LAB")
    assert stored
    signed = stored.tobytes()
    offset = bytes(value ^ 128 if index % 3 else value for index, value in enumerate(signed))
    yield "CIELab", write(page(signed, photometric=8))
    yield "ICCLab", write(page(offset, photometric=9))
    wide = b"".join(bytes((v, v if index % 3 == 0 else 0)) for index, v in enumerate(signed))
    yield "CIELab of 16 bits", write(page(wide, bits=16, photometric=8), byte_order=">")
    wide = b"".join(bytes((v, 0)) for v in offset)
    yield "ICCLab of 16 bits", write(page(wide, bits=16, photometric=9), byte_order=">")
    itu = bytes(_to_itu(value, index % 3) for index, value in enumerate(offset))
    yield "ITULab", write(page(itu, photometric=10))


def _to_itu(value: int, band: int) -> int:
    """Return a value of ICCLab in the ranges of ITU-T T.42: -85 to 85, and -75 to 125."""
    span, zero = ((255, 0), (170, 128), (200, 96))[band]
    return max(0, round((value - 128) * 255 / span + zero)) if band else value


def _compressions() -> Iterator[tuple[str, bytes]]:
    image = tiff.quadrants()
    for compression in ("lzma", "zstd", "tiff_lzw", "packbits"):
        yield compression, images.encoded(image, "TIFF", compression=compression)
    for compression in ("lzma", "zstd", "tiff_lzw"):
        for mode in ("RGB", "RGBA"):
            content = images.encoded(tiff.quadrants(mode), "TIFF", compression=compression, tiffinfo={317: 2})
            yield f"{compression} of {mode} with a predictor", content
    opened = pyvips.Image.new_from_buffer(images.encoded(image, "PNG"), "")
    yield "WebP", opened.tiffsave_buffer(compression="webp", lossless=True)
    jpeg = images.encoded(image, "JPEG", quality=95, subsampling=0)
    yield "JPEG of YCbCr", write(page(jpeg, photometric=6, tags={259: (7,), 530: (1, 1)}))
    yield "JPEG of YCbCr without a tag", write(page(jpeg, photometric=6, tags={259: (7,)}))
    planes = [images.encoded(band, "JPEG", quality=95) for band in image.split()]
    tiles = [images.encoded(tile, "JPEG", quality=95, subsampling=0) for tile in tiff.split_tiles(image)]
    yield "tiles of JPEG", write(Page(tiles, page(b"", photometric=6, tags={259: (7,), 530: (1, 1), **_TILED}).fields))
    with_channel = Image.merge("CMYK", [*image.split(), Image.new("L", image.size)])
    tiles = [_encode_four_samples(tile) for tile in tiff.split_tiles(with_channel)]
    unspecified = page(b"", number=4, tags={259: (7,), _EXTRA: (_UNSPECIFIED,), **_TILED}).fields
    yield "tiles of JPEG with a channel", write(Page(tiles, unspecified))
    yield "planes of JPEG", write(Page(planes, page(b"", tags={259: (7,), _PLANAR: (2,)}).fields))
    yield "old-style JPEG", write(page(jpeg, photometric=6, tags={259: (6,)}))
    reversed_bits = bytes(int(f"{value:08b}"[::-1], 2) for value in image.tobytes())
    yield "a predictor without compression", write(page(image.tobytes(), tags={317: (2,)}))
    yield "the lowest bit first", write(page(reversed_bits, tags={266: (2,)}))


def in_grey() -> Iterator[tuple[str, bytes]]:
    """Yield the quadrants in grey."""
    image = tiff.quadrants("L")
    negative = image.point(lambda value: 255 - value)
    for bits in (4, 6, 8, 12):
        for photometric, stored in ((1, image), (0, negative)):
            pixels = tiff.pack_bits(stored.tobytes(), bits, WIDTH)
            yield (
                f"{bits} bits, photometric {photometric}",
                write(page(pixels, number=1, bits=bits, photometric=photometric)),
            )
    for form in "hHIfd":
        yield f"samples {form}", write(numbers(form, "L", 1))
        tags = {_FORMAT: (_SAMPLE_FORMATS[form],)}
        inverted = page(tiff.pack(negative, form), number=1, bits=_SIZES[form], photometric=0, tags=tags)
        yield f"samples {form}, white is zero", write(inverted)
    yield "a channel of nothing", with_channels("L", 1, {_UNSPECIFIED: 0})


def in_cmyk() -> Iterator[tuple[str, bytes]]:
    """Yield the quadrants in CMYK."""
    for form in "BHf":
        yield f"samples {form}", write(numbers(form, "CMYK", 5))
        yield f"a channel of nothing, {form}", with_channels("CMYK", 5, {_UNSPECIFIED: 0}, form=form)
    bands = [band.tobytes() for band in tiff.quadrants("CMYK").split()]
    for name, tags in (("strips", {278: (8,)}), ("tiles", _TILED)):
        image = tiff.quadrants("CMYK")
        cells = tiff.split_tiles(image) if name == "tiles" else [image.crop((0, y, WIDTH, y + 8)) for y in (0, 8, 16)]
        jpegs = [_encode_four_samples(cell) for cell in cells]
        yield f"{name} of JPEG", write(Page(jpegs, page(b"", number=4, photometric=5, tags={259: (7,), **tags}).fields))
    yield "planes", write(Page(bands, page(b"", number=4, photometric=5, tags={_PLANAR: (2,)}).fields))


def half_transparent() -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the mode and the bytes of the quadrants with a transparency of one half."""
    for form in "BHf":
        yield f"RGB {form}", "RGB", with_channels("RGB", 2, {_TRANSPARENCY: 128}, form=form)
    yield "grey", "L", with_channels("L", 1, {_TRANSPARENCY: 128})
    yield "after a channel", "RGB", with_channels("RGB", 2, {_UNSPECIFIED: 255, _TRANSPARENCY: 128})
    for mode, photometric in (("RGB", 2), ("L", 1)):
        dark = tiff.quadrants(mode).point(lambda value: round(value * 128 / 255))
        bands = [*dark.split(), Image.new("L", dark.size, 128)]
        pixels = bytes(value for pixel in zip(*(band.tobytes() for band in bands), strict=True) for value in pixel)
        tags = {_EXTRA: (_PREMULTIPLIED,)}
        yield f"premultiplied {mode}", mode, write(page(pixels, number=len(bands), photometric=photometric, tags=tags))


def _encode_four_samples(image: Image.Image) -> bytes:
    # Pillow inverts the samples of CMYK.
    return images.encoded(ImageChops.invert(image), "JPEG", quality=95)


def rejected() -> Iterator[tuple[str, bytes]]:
    """Yield files that are intact, but whose colours the service does not know."""
    rgb, grey = tiff.quadrants().tobytes(), tiff.quadrants("L").tobytes()
    for name, photometric in (("sensor", 32803), ("raw", 34892), ("LogLuv", 32845), ("unknown", 77)):
        yield f"photometric {name}", write(page(rgb, photometric=photometric))
    for compression in (34887, 34712, 33003, 50002, 52546, 34661, 99):
        yield f"compression {compression}", write(page(rgb, tags={259: (compression,)}))
    yield "old-style JPEG in parts", write(page(rgb, photometric=6, tags={259: (6,)}))
    yield "complex numbers", write(page(bytes(8 * len(grey)), number=1, bits=64, photometric=1, tags={_FORMAT: (6,)}))
    yield "floats of 24 bits", write(page(rgb, number=1, bits=24, photometric=1, tags={_FORMAT: (3,)}))
    yield (
        "infinite floats",
        write(page(b"\0\0\x80\x7f" * len(grey), number=1, bits=32, photometric=1, tags={_FORMAT: (3,)})),
    )
    yield "different bits", write(page(rgb, tags={258: (5, 6, 5)}))
    yield "other inks", write(page(rgb + grey, number=4, photometric=5, tags={332: (2,)}))
    pairs = page(b"", number=2, photometric=1, tags={259: (7,), _EXTRA: (_TRANSPARENCY,), **_TILED}).fields
    yield "tiles of JPEG with two channels", write(Page([images.encoded(tiff.quadrants(), "JPEG")] * 4, pairs))
    yield "JPEG of 12 bits", write(page(rgb, bits=12, tags={259: (7,)}))
    yield "12 bits with a predictor", write(page(rgb + rgb, bits=12, tags={259: (5,), 317: (2,)}))
    yield "fax of 8 bits", write(page(grey, number=1, photometric=1, tags={259: (4,)}))
    yield "an unknown predictor", write(page(rgb, tags={259: (5,), 317: (9,)}))
    half_bytes = page(grey, number=1, bits=12, photometric=1, tags={_TILE_WIDTH: (33,), _TILE_HEIGHT: (24,)})
    yield "tiles whose rows end within a byte", write(half_bytes)
    yield "subsampled YCbCr of 16 bits", write(page(rgb, bits=16, photometric=6))
    yield "only a mask", write(page(grey, number=1, photometric=4, tags={254: (4,)}))


def everything() -> Iterator[tuple[str, bytes]]:
    """Yield all variants."""
    for variants in (in_colour, in_grey, in_cmyk, rejected):
        yield from variants()
    yield from ((name, content) for name, _, content in half_transparent())
