"""Compare colours that are named without an ICC profile with those that Chromium 156 shows."""

import io
import struct
import zlib

import pytest
import pyvips
from PIL import Image

from chalicelib import renditions
from chalicelib.renditions.containers import extract_picture
from chalicelib.renditions.decoders import open_picture
from tests.support import heif_builder, images, profiles
from tests.support.colours import Colours
from tests.support.shown_colours import (
    P3_CHROMATICITIES,
    SHOWN,
    SRGB_CHROMATICITIES,
    add_chunks,
    show,
    shows,
)

VIDEO: dict[tuple[int, int], Colours] = {
    (1, 1): [(197, 28, 28), (28, 155, 49), (28, 49, 197), (218, 197, 49)],
    (9, 14): [(246, 0, 6), (0, 163, 5), (0, 48, 207), (235, 195, 0)],
}
SHOWN_P3 = [(220, 0, 18), (0, 164, 35), (28, 58, 209), (225, 200, 0)]
SHOWN_LINEAR_P3 = [(246, 101, 106), (64, 210, 125), (104, 134, 236), (241, 229, 118)]
"""The quadrants with the primaries of Display P3 and a gamma of 2.2 or 1."""


def png(*chunks: tuple[bytes, bytes], icc: bytes | None = None) -> bytes:
    return add_chunks(images.encoded(images.quadrants(), "PNG", icc_profile=icc), *chunks)


def cicp(primaries: int, transfer: int, full_range: int = 1) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer, 0, full_range))


def gama(gamma: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", gamma)


def chrm(*numbers: int) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *numbers)


def avif(*properties: bytes) -> bytes:
    content = images.encoded(images.quadrants(), "AVIF", quality=100, subsampling="4:4:4", speed=8)
    coded = heif_builder.Item(
        b"av01",
        content[content.index(b"mdat") + 4 :],
        (heif_builder.find_box(content, b"av1C"), heif_builder.extent(), *properties),
    )
    return heif_builder.File((coded,)).encode()


@pytest.mark.parametrize(("primaries", "transfer"), [*SHOWN, *VIDEO])
def test_png_with_code_points_looks_as_in_a_browser(primaries: int, transfer: int) -> None:
    expected = {**SHOWN, **VIDEO}[primaries, transfer]
    assert shows(png(cicp(primaries, transfer)), "image/png", expected, tolerance=8)


@pytest.mark.parametrize(("primaries", "transfer"), [*SHOWN, *VIDEO])
def test_avif_with_code_points_looks_as_in_a_browser(primaries: int, transfer: int) -> None:
    expected = SHOWN[primaries, transfer if (primaries, transfer) in SHOWN else 13]
    assert shows(avif(heif_builder.nclx(primaries, transfer)), "image/avif", expected, tolerance=8)


def test_unspecified_code_points_of_avif_are_those_of_srgb() -> None:
    assert shows(avif(heif_builder.nclx(12, 2)), "image/avif", SHOWN[12, 13], tolerance=8)
    assert shows(avif(heif_builder.nclx(2, 16)), "image/avif", SHOWN[1, 16], tolerance=8)
    assert shows(avif(heif_builder.nclx(2, 2)), "image/avif", list(images.QUADRANTS))
    assert shows(avif(heif_builder.nclx(99, 99)), "image/avif", list(images.QUADRANTS))


@pytest.mark.parametrize("tiles", [1, 3])
def test_heic_with_code_points_is_converted(tiles: int) -> None:
    (plain, *_), converted = (show(heic(tiles, *properties), "image/heic") for properties in ((), (P3_IN_HEIC,)))
    nearest = [min(range(4), key=lambda n: distance(images.QUADRANTS[n], colour)) for colour in plain]
    assert sorted(set(nearest)) == [0, 1, 2, 3]
    assert all(
        distance(SHOWN[12, 13][n], colour) < 40
        for colours in converted
        for n, colour in zip(nearest, colours, strict=True)
    )


P3_IN_HEIC = heif_builder.nclx(12, 13)


def heic(tiles: int, *properties: bytes) -> bytes:
    """Return a HEIC, or a grid with the properties only in its tiles."""
    tile = heif_builder.hevc()
    coloured = heif_builder.Item(tile.kind, tile.body, tile.properties + properties)
    items = (coloured,) if tiles == 1 else (heif_builder.grid(tiles, 1), *[coloured] * tiles)
    references = () if tiles == 1 else ((b"dimg", 1, range(2, tiles + 2)),)
    return heif_builder.File(items, references, (b"heic", b"mif1")).encode()


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def test_profile_wins_over_code_points_in_heif_and_loses_in_png() -> None:
    wide = heif_builder.nclx(9, 16)
    for properties in (
        (wide, heif_builder.profile(images.srgb_profile())),
        (heif_builder.profile(images.srgb_profile()), wide),
    ):
        assert shows(avif(*properties), "image/avif", list(images.QUADRANTS))
    assert shows(png(cicp(12, 13), icc=images.srgb_profile()), "image/png", SHOWN[12, 13], tolerance=8)
    assert shows(png(cicp(1, 13), icc=profiles.swapped()), "image/png", list(images.QUADRANTS))


@pytest.mark.parametrize("code_points", [(2, 13), (12, 2), (12, 99), (0, 0)])
def test_unusable_code_points_of_png_are_ignored(code_points: tuple[int, int]) -> None:
    assert shows(png(cicp(*code_points), gama(100_000)), "image/png", SHOWN[1, 8])
    assert shows(png((b"cICP", bytes((12, 13, 1, 1)))), "image/png", list(images.QUADRANTS))
    assert shows(png((b"cICP", bytes((12, 13)))), "image/png", list(images.QUADRANTS))


def test_narrow_range_of_png_is_widened() -> None:
    narrow = images.quadrants().point([round(16 + level * 219 / 255) for level in range(256)] * 3)
    content = images.encoded(narrow, "PNG")
    assert shows(add_chunks(content, cicp(1, 13, 0)), "image/png", list(images.QUADRANTS))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([gama(100_000)], SHOWN[1, 8]),
        ([gama(38_000)], [(192, 21, 21), (21, 147, 41), (21, 41, 192), (215, 192, 41)]),
        ([gama(45_455)], list(images.QUADRANTS)),
        ([gama(45_455), chrm(*SRGB_CHROMATICITIES)], list(images.QUADRANTS)),
        ([gama(45_455), chrm(*P3_CHROMATICITIES)], SHOWN_P3),
        (
            [chrm(*P3_CHROMATICITIES), gama(100_000)],
            [(246, 101, 106), (64, 210, 125), (104, 134, 236), (241, 229, 118)],
        ),
        ([chrm(*P3_CHROMATICITIES)], list(images.QUADRANTS)),
        ([(b"sRGB", b"\0"), gama(100_000), chrm(*P3_CHROMATICITIES)], list(images.QUADRANTS)),
        ([gama(0), chrm(*P3_CHROMATICITIES)], list(images.QUADRANTS)),
        ([gama(100_000), chrm(*[0] * 8)], list(images.QUADRANTS)),
        ([gama(100_000), chrm(31270, 32900, *[30_000] * 6)], list(images.QUADRANTS)),
        ([gama(100_000), (b"cHRM", bytes(9))], list(images.QUADRANTS)),
        ([gama(1)], [(0, 0, 0)] * 4),
        ([gama(2**31)], [(255, 255, 255)] * 4),
    ],
)
def test_gamma_and_primaries_of_png_look_as_in_a_browser(chunks: list[tuple[bytes, bytes]], expected: Colours) -> None:
    assert shows(png(*chunks), "image/png", expected, tolerance=8)


def test_profile_of_png_wins_over_its_gamma() -> None:
    assert shows(png(gama(100_000), icc=images.srgb_profile()), "image/png", list(images.QUADRANTS))
    adobe = images.encoded(
        profiles.under(profiles.adobe_rgb(), images.quadrants()), "PNG", icc_profile=profiles.adobe_rgb()
    )
    assert shows(add_chunks(adobe, (b"sRGB", b"\0")), "image/png", list(images.QUADRANTS), tolerance=14)


def test_colours_after_the_pixels_of_png_are_ignored() -> None:
    content = images.encoded(images.quadrants(), "PNG")
    assert shows(
        content[:-12] + images.encode_chunk(*gama(100_000)) + content[-12:], "image/png", list(images.QUADRANTS)
    )


@pytest.mark.parametrize(("mode", "code"), [("L", 16), ("L", 8), ("P", 8), ("LA", 8), ("RGBA", 16)])
def test_other_modes_follow_the_code_points(mode: str, code: int) -> None:
    image = images.quadrants().quantize(4) if mode == "P" else images.quadrants(mode=mode)
    content, as_rgb = (add_chunks(images.encoded(i, "PNG"), cicp(1, code)) for i in (image, image.convert("RGB")))
    expected = show(as_rgb, "image/png")[0]
    assert expected != show(images.encoded(image, "PNG"), "image/png")[0]
    assert shows(content, "image/png", expected)


@pytest.mark.parametrize("transfer", [8, 16])
def test_16_bits_look_like_8_bits(transfer: int) -> None:
    rows = b"".join(
        b"\0"
        + b"".join(
            struct.pack(">3H", *(value * 257 for value in images.QUADRANTS[2 * (y > 1) + (x > 1)])) for x in range(4)
        )
        for y in range(4)
    )
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    content = b"".join(
        images.encode_chunk(kind, body)
        for kind, body in ((b"IHDR", header), cicp(1, transfer), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )
    rendered = renditions.render(b"\x89PNG\r\n\x1a\n" + content, "image/png")
    full = Image.open(io.BytesIO(rendered.renditions["full"].content))
    for place, expected in zip([(0, 0), (3, 0), (0, 3), (3, 3)], SHOWN[1, transfer], strict=True):
        assert full.getpixel(place) == pytest.approx(expected, abs=30)


@pytest.mark.parametrize("nits", [0, 1, 50, 100, 203])
def test_light_up_to_white_is_halved_in_hdr(nits: float) -> None:
    """Compute PQ and sRGB from their standards (BT.2100, IEC 61966-2-1), independently of the service."""
    power = (nits / 10_000) ** 0.1593017578125
    level = round(255 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)
    light = nits / 203 / 2
    shown = 255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)
    assert grey_of(level, cicp(9, 16)) == pytest.approx(shown, abs=2.5)


def test_brighter_light_approaches_white_in_hdr() -> None:
    levels = [grey_of(level, cicp(9, 16)) for level in range(148, 200, 4)]
    assert levels == sorted(levels)
    assert 180 < levels[0] < 195
    assert levels[-1] == 255
    assert grey_of(255, cicp(9, 16)) == grey_of(255, cicp(9, 18)) == 255


def grey_of(level: int, *chunks: tuple[bytes, bytes]) -> int:
    content = images.encoded(Image.new("RGB", (16, 16), (level, level, level)), "PNG")
    return show(add_chunks(content, *chunks), "image/png")[0][0][1]


def test_photo_in_srgb_needs_no_conversion() -> None:
    photos = {
        "image/avif": images.SMALL["image/avif"](),
        "image/heic": images.HEIC,
        "image/png": png((b"sRGB", b"\0"), gama(45_455), chrm(*SRGB_CHROMATICITIES)),
        "image/jpeg": images.encoded(images.quadrants(), "JPEG", exif=dcf(1, b"R98\0")),
    }
    for declared, content in photos.items():
        assert open_picture(extract_picture(content, declared), declared).colour_space is None, declared


def dcf(space: int, index: bytes) -> bytes:
    """Return an EXIF block with a colour space and the index of a DCF file."""
    header = b"Exif\0\0II*\0" + struct.pack("<I", 8)
    main = struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    details = (
        struct.pack("<H", 2) + struct.pack("<HHIHH", 0xA001, 3, 1, space, 0) + struct.pack("<HHII", 0xA005, 4, 1, 56)
    )
    return header + main + details + bytes(4) + struct.pack("<HHHI", 1, 1, 2, 4) + index + bytes(4)


@pytest.mark.parametrize(("space", "index"), [(0xFFFF, b"R03\0"), (2, b"R98\0")])
def test_adobe_rgb_of_a_camera_becomes_srgb_in_every_rendition(space: int, index: bytes) -> None:
    stored = profiles.under(profiles.adobe_rgb(), images.quadrants())
    content = images.encoded(stored, "JPEG", quality=95, subsampling=0, exif=dcf(space, index))
    assert not shows(
        images.encoded(stored, "JPEG", quality=95, subsampling=0), "image/jpeg", list(images.QUADRANTS), 14
    )
    assert shows(content, "image/jpeg", list(images.QUADRANTS), tolerance=14)


@pytest.mark.parametrize(("space", "index"), [(0xFFFF, b"R98\0"), (1, b"R03\0"), (0xFFFF, b""), (3, b"R03\0")])
def test_other_jpegs_are_srgb(space: int, index: bytes) -> None:
    content = images.encoded(images.quadrants(), "JPEG", quality=95, subsampling=0, exif=dcf(space, index))
    assert shows(content, "image/jpeg", list(images.QUADRANTS))


def test_profile_of_a_jpeg_wins_over_its_exif() -> None:
    content = images.encoded(
        images.quadrants(), "JPEG", quality=95, subsampling=0, exif=dcf(2, b"R03\0"), icc_profile=images.srgb_profile()
    )
    assert shows(content, "image/jpeg", list(images.QUADRANTS))


@pytest.mark.parametrize("bits", [8, 16])
def test_transparent_colours_are_converted_before_white_is_mixed_in(bits: int) -> None:
    linear = [tuple((value + 255) // 2 for value in colour) for colour in SHOWN[1, 8]]
    half = images.quadrants(mode="RGBA")
    half.putalpha(128)
    content = images.encoded(half, "PNG")
    if bits == 16:
        opened = pyvips.Image.new_from_buffer(content, "")
        content = (opened.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16").pngsave_buffer(bitdepth=16)
    assert shows(add_chunks(content, gama(100_000)), "image/png", linear)
