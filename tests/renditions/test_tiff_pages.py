import io
import struct
from collections.abc import Mapping
from dataclasses import replace

import pytest
from PIL import Image

from chalicelib import renditions
from tests.support import images, profiles, tiff
from tests.support.colours import find_difference, read_quadrants
from tests.support.tiff import HEIGHT, WIDTH, Page, Values, page, write

REDUCED, DOCUMENT_PAGE, MASK = {254: (1,)}, {254: (2,)}, {254: (4,)}
OLD_FULL, OLD_REDUCED, RAW = {255: (1,)}, {255: (2,)}, {262: (32803,), 277: (1,), 258: (8,)}
MAKE, ORIENTATION, PROFILE, EXIF = 271, 274, 34675, 34665


def photo(tags: Mapping[int, Values] | None = None) -> Page:
    return page(tiff.quadrants().tobytes(), tags=tags)


def other(width: int, height: int, tags: Mapping[int, Values] | None = None) -> Page:
    """Return a black picture."""
    return page(bytes(3 * width * height), tags={256: (width,), 257: (height,), 278: (height,), **(tags or {})})


def parent(page: Page, *children: Page) -> Page:
    return replace(page, children=list(children))


SHOWN = {
    "first of two": [photo(), other(WIDTH, HEIGHT)],
    "first of a document": [photo(DOCUMENT_PAGE), other(64, 48, DOCUMENT_PAGE)],
    "after a thumbnail": [other(16, 12, REDUCED), photo()],
    "after a thumbnail by the old tag": [other(16, 12, OLD_REDUCED), photo(OLD_FULL)],
    "after a mask": [other(WIDTH, HEIGHT, MASK), photo()],
    "after a mask by its colours": [other(WIDTH, HEIGHT, {262: (4,)}), photo()],
    "below a thumbnail": [parent(other(16, 12, REDUCED), photo())],
    "below a thumbnail without a tag": [parent(other(16, 12), photo())],
    "second below a thumbnail": [parent(other(16, 12, REDUCED), other(20, 15, REDUCED), photo())],
    "above smaller pictures": [parent(photo(), other(16, 12), other(64, 48, REDUCED))],
    "largest of a reduced chain": [photo(REDUCED), other(16, 12, REDUCED)],
    "largest except masks": [other(16, 12, REDUCED), photo(REDUCED), other(64, 48, MASK)],
    "preview as large as raw data": [parent(other(16, 12, REDUCED), other(WIDTH, HEIGHT, RAW), photo(REDUCED))],
    "after a directory of metadata": [Page([], {MAKE: b"Canon"}), photo()],
}


@pytest.mark.parametrize("pages", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("is_big", [False, True], ids=["TIFF", "BigTIFF"])
def test_full_picture_is_shown_at_any_position(pages: list[Page], is_big: bool) -> None:
    for byte_order in "<>":
        rendered = renditions.render(write(*pages, byte_order=byte_order, is_big=is_big), "image/tiff")
        assert (rendered.width, rendered.height) == (WIDTH, HEIGHT)
        assert find_difference(read_quadrants(rendered), [*images.QUADRANTS]) <= 10


@pytest.mark.parametrize(
    "pages",
    [
        [parent(photo(REDUCED), other(64, 48, RAW))],
        [other(64, 48, {262: (34892,)}), photo(REDUCED)],
        [photo(MASK)],
    ],
    ids=["sensor data", "raw data", "mask"],
)
def test_raw_file_with_a_small_preview_is_rejected_as_unsupported(pages: list[Page]) -> None:
    with pytest.raises(renditions.UnsupportedVariant):
        renditions.render(write(*pages), "image/tiff")


def test_thumbnail_is_not_shown_if_the_picture_is_cut_off() -> None:
    content = write(other(16, 12, REDUCED), photo())
    (first,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, first)
    at = first + 2 + 12 * count
    beyond = content[:at] + struct.pack("<I", len(content) + 100) + content[at + 4 :]
    with pytest.raises(renditions.Truncated):
        renditions.render(beyond, "image/tiff")


def test_chain_of_directories_that_loops_is_read_once() -> None:
    content = write(other(16, 12, REDUCED), other(16, 12, REDUCED))
    (first,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, first)
    (second,) = struct.unpack_from("<I", content, first + 2 + 12 * count)
    at = second + 2 + 12 * count
    looping = content[:at] + struct.pack("<I", first) + content[at + 4 :]
    assert renditions.render(looping, "image/tiff").width == 16


def test_directory_below_itself_is_read_once() -> None:
    content = write(parent(photo(), other(16, 12)))
    (first,) = struct.unpack_from("<I", content, 4)
    at = content.index(struct.pack("<HHI", 330, 4, 1), first) + 8
    looping = content[:at] + struct.pack("<I", first) + content[at + 4 :]
    assert renditions.render(looping, "image/tiff").width == WIDTH


@pytest.mark.parametrize("tags", [{}, {317: (2,), 259: (5,)}, {258: (12,) * 3}], ids=["whole", "LZW", "12 bits"])
def test_strip_after_the_end_of_the_file_is_rejected_as_truncated(tags: Mapping[int, Values]) -> None:
    content = write(photo(tags))
    (first,) = struct.unpack_from("<I", content, 4)
    at = content.index(struct.pack("<HHI", 273, 3, 1), first)
    moved = content[: at + 8] + struct.pack("<I", len(content) - 1000) + content[at + 12 :]
    with pytest.raises(renditions.Truncated):
        renditions.render(moved, "image/tiff")


def test_missing_strips_are_rejected_as_damaged() -> None:
    with pytest.raises(renditions.Damaged):
        renditions.render(write(photo({278: (8,)})), "image/tiff")


def test_too_many_strips_are_rejected_as_a_bomb() -> None:
    many = other(1, 30_000, {278: (1,), 277: (9,), 258: (8,) * 9, 284: (2,)})
    with pytest.raises(renditions.DecompressionBomb):
        renditions.render(write(many), "image/tiff")


def test_memory_of_tiles_counts_beyond_the_picture() -> None:
    content = write(Page([bytes(100)], {**photo().fields, 322: (30_000,), 323: (30_000,)}))
    with pytest.raises(renditions.TooManyPixels):
        renditions.render(content, "image/tiff")


def test_metadata_of_the_first_page_belongs_to_the_picture_after_it() -> None:
    first = other(16, 12, {**REDUCED, MAKE: b"Canon\0", ORIENTATION: (6,)})
    content = write(first, photo({ORIENTATION: (3,)})).replace(struct.pack("<HH", MAKE, 7), struct.pack("<HH", MAKE, 2))
    rendered = renditions.render(content, "image/tiff")
    assert rendered.exif.camera == "Canon"
    assert find_difference(read_quadrants(rendered), [*images.QUADRANTS[::-1]]) <= 10


@pytest.mark.parametrize("is_big", [False, True])
def test_orientation_of_a_directory_belongs_to_the_picture_below_it(is_big: bool) -> None:
    content = write(parent(other(16, 12, {**REDUCED, ORIENTATION: (3,)}), photo()), is_big=is_big)
    rendered = renditions.render(content, "image/tiff")
    assert find_difference(read_quadrants(rendered), [*images.QUADRANTS[::-1]]) <= 10


def test_orientation_of_another_page_is_ignored() -> None:
    rendered = renditions.render(write(other(16, 12, {**REDUCED, ORIENTATION: (6,)}), photo()), "image/tiff")
    assert (rendered.width, rendered.height) == (WIDTH, HEIGHT)


def test_profile_of_a_directory_belongs_to_the_picture_below_it() -> None:
    profile = profiles.swapped()
    stored = page(profiles.under(profile, tiff.quadrants()).convert("RGB").tobytes())
    content = write(parent(other(16, 12, {**REDUCED, PROFILE: profile}), stored))
    assert find_difference(read_quadrants(renditions.render(content, "image/tiff")), [*images.QUADRANTS]) <= 14


def test_old_style_jpeg_is_downloadable_without_its_metadata() -> None:
    jpeg = images.encoded(tiff.quadrants(), "JPEG", quality=95, **images.metadata())
    rendered = renditions.render(write(page(jpeg, photometric=6, tags={259: (6,)})), "image/tiff")
    full = rendered.renditions["full"].content
    assert b"CANARY" not in full
    assert Image.open(io.BytesIO(full)).tobytes() == Image.open(io.BytesIO(jpeg)).tobytes()
