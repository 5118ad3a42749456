import struct

import pytest

from chalicelib import renditions
from tests.support import images, tiff, tiff_variants
from tests.support.colours import find_difference, find_quadrants, read_quadrants

TOLERANCE = 10


def show(content: bytes) -> list[tuple[int, ...]]:
    rendered = renditions.render(content, "image/tiff")
    assert (rendered.width, rendered.height) == (tiff.WIDTH, tiff.HEIGHT)
    return read_quadrants(rendered)


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in tiff_variants.in_colour()])
def test_variant_in_colour_shows_its_colours(content: bytes) -> None:
    assert find_difference(show(content), [*images.QUADRANTS]) <= TOLERANCE


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in tiff_variants.in_grey()])
def test_variant_in_grey_shows_its_greys(content: bytes) -> None:
    assert find_difference(show(content), find_quadrants(tiff.quadrants("L"))) <= TOLERANCE


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in tiff_variants.in_cmyk()])
def test_variant_in_cmyk_shows_its_colours(content: bytes) -> None:
    assert find_difference(show(content), [*images.QUADRANTS]) <= TOLERANCE


@pytest.mark.parametrize(
    ("mode", "content"), [pytest.param(mode, c, id=name) for name, mode, c in tiff_variants.half_transparent()]
)
def test_transparency_is_shown_on_white(mode: str, content: bytes) -> None:
    opaque = find_quadrants(tiff.quadrants(mode))
    on_white = [tuple(round((value * 128 + 255 * 127) / 255) for value in colour) for colour in opaque]
    assert find_difference(show(content), on_white) <= TOLERANCE


@pytest.mark.parametrize("content", [pytest.param(content, id=name) for name, content in tiff_variants.rejected()])
def test_unknown_variant_is_rejected_as_unsupported(content: bytes) -> None:
    with pytest.raises(renditions.UnsupportedVariant):
        renditions.render(content, "image/tiff")


@pytest.mark.parametrize("white", [255, 65_535, 1000])
def test_floats_of_integer_values_are_scaled_to_their_range(white: int) -> None:
    values = [value * white / 255 for value in tiff.quadrants("L").tobytes()]
    values[0] = white
    pixels = struct.pack(f"<{len(values)}f", *values)
    content = tiff.write(tiff.page(pixels, number=1, bits=32, photometric=1, tags={339: (3,)}))
    assert find_difference(show(content), find_quadrants(tiff.quadrants("L"))) <= TOLERANCE


def test_bright_lights_in_floats_do_not_darken_the_photo() -> None:
    values = [value / 255 for value in tiff.quadrants("L").tobytes()]
    values[0] = 50
    content = tiff.page(struct.pack(f"<{len(values)}f", *values), number=1, bits=32, photometric=1, tags={339: (3,)})
    assert find_difference(show(tiff.write(content)), find_quadrants(tiff.quadrants("L"))) <= TOLERANCE


@pytest.mark.parametrize(
    "tags",
    [
        {277: (2,)},
        {278: (0,)},
        {322: (0,), 323: (16,)},
        {262: (3,), 277: (1,), 320: (0,) * 9},
        {262: (6,), 530: (3, 1)},
        {262: (6,), 530: (1, 1), 532: (5, 5, 5, 5, 5, 5)},
        {262: (6,), 530: (2, 2), 532: (70_000, 255, 128, 255, 128, 255)},
    ],
    ids=[
        "too few samples",
        "no rows",
        "empty tiles",
        "short palette",
        "odd subsampling",
        "no range",
        "range too large",
    ],
)
def test_contradictory_tags_are_rejected_as_damaged(tags: dict[int, tuple[int, ...]]) -> None:
    with pytest.raises(renditions.Damaged):
        renditions.render(tiff.write(tiff.page(tiff.quadrants().tobytes(), tags=tags)), "image/tiff")


def test_fax_is_shown_in_black_and_white() -> None:
    image = tiff.quadrants("L").point(lambda value: 255 * (value > 100)).convert("1")
    for compression in ("group3", "group4", "tiff_ccitt"):
        assert (
            find_difference(show(images.encoded(image, "TIFF", compression=compression)), find_quadrants(image)) <= 10
        )


def test_rows_that_end_within_a_group_of_bytes_are_shown() -> None:
    image = tiff.quadrants("L").crop((0, 0, 31, 24))
    pixels = tiff.pack_bits(image.tobytes(), 10, 31)
    content = tiff.write(tiff.page(pixels, number=1, bits=10, photometric=1, tags={256: (31,)}))
    rendered = renditions.render(content, "image/tiff")
    assert rendered.width == 31
    assert find_difference(read_quadrants(rendered), find_quadrants(image)) <= TOLERANCE


def test_declared_size_of_a_strip_may_be_too_large() -> None:
    stored = tiff.page(tiff.quadrants().tobytes(), tags={278: (2545,)})
    right, wrong = struct.pack("<HHII", 279, 3, 1, 3 * 32 * 24), struct.pack("<HHII", 279, 4, 1, 35_711_440)
    content = images.replace_first(tiff.write(stored), right, wrong)
    assert find_difference(show(content), find_quadrants(tiff.quadrants())) <= TOLERANCE


type Cells = tuple[list[tuple[int, int]], dict[int, tuple[int, ...]]]
"""The sizes of the JPEGs of a TIFF, and its tags."""

SMALL_JPEGS: dict[str, Cells] = {
    "too narrow": ([(16, 24)], {}),
    "too short": ([(32, 16)], {}),
    "too narrow in one strip": ([(32, 8), (16, 8), (32, 8)], {278: (8,)}),
    "too short in the last strip": ([(32, 16), (32, 4)], {278: (16,)}),
    "too narrow in a tile": ([(16, 16), (8, 16), (16, 16), (16, 16)], {322: (16,), 323: (16,)}),
    "cropped to the width of the picture": ([(24, 24), (8, 24)], {322: (24,), 323: (24,)}),
    "of no size": ([], {}),
}


@pytest.mark.parametrize("name", SMALL_JPEGS)
def test_jpeg_smaller_than_its_strip_or_tile_is_damaged(name: str) -> None:
    sizes, tags = SMALL_JPEGS[name]
    with pytest.raises(renditions.Damaged):
        renditions.render(jpeg_cells(sizes, tags), "image/tiff")


LARGE_JPEGS: dict[str, Cells] = {
    "as large as its strip": ([(32, 24)], {}),
    "full in the last strip": ([(32, 16), (32, 16)], {278: (16,)}),
    "cropped in the last strip": ([(32, 16), (32, 8)], {278: (16,)}),
    "cropped to the height of the picture": ([(32, 16), (32, 8)], {322: (32,), 323: (16,)}),
    "of full tiles": ([(16, 16)] * 4, {322: (16,), 323: (16,)}),
}


@pytest.mark.parametrize("name", LARGE_JPEGS)
def test_jpeg_that_covers_its_strip_or_tile_is_shown(name: str) -> None:
    sizes, tags = LARGE_JPEGS[name]
    assert renditions.render(jpeg_cells(sizes, tags), "image/tiff").width == tiff.WIDTH


def jpeg_cells(sizes: list[tuple[int, int]], tags: dict[int, tuple[int, ...]]) -> bytes:
    """Return a TIFF of JPEGs in these sizes, or of one JPEG without a frame."""
    jpegs = [images.encoded(tiff.quadrants().resize(size), "JPEG", subsampling=0) for size in sizes]
    fields = tiff.page(b"", photometric=6, tags={259: (7,), 530: (1, 1), **tags}).fields
    return tiff.write(tiff.Page(jpegs or [b"\xff\xd8\xff\xd9"], fields))
