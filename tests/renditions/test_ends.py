import pytest

from chalicelib import renditions
from tests.support import ends, images


def render(content: bytes) -> renditions.Rendered:
    return renditions.render(content, renditions.sniff(content) or "")


@pytest.mark.parametrize("name", ends.complete())
def test_photo_with_all_pixels_is_rendered_like_the_whole_file(name: str) -> None:
    whole, changed = ends.complete()[name]
    expected, actual = render(whole), render(changed)
    assert (actual.width, actual.height) == (expected.width, expected.height)
    assert actual.renditions["1024"].content == expected.renditions["1024"].content


@pytest.mark.parametrize("name", ends.cut())
def test_photo_with_missing_pixels_is_truncated(name: str) -> None:
    with pytest.raises(renditions.Truncated):
        render(ends.cut()[name])


def test_bytes_before_a_jpeg_are_no_photo() -> None:
    # Neither browsers nor Pillow nor ImageMagick show such a file.
    with pytest.raises(renditions.NotAnImage):
        renditions.render(b"\0" + images.SMALL["image/jpeg"](), "image/jpeg")


def test_stray_bytes_in_a_scan_are_ignored() -> None:
    jpeg = images.encoded(ends.picture(), "JPEG", restart_marker_blocks=10)
    restart = jpeg.index(b"\xff\xd1")
    rendered = render(jpeg[:restart] + bytes(5) + jpeg[restart:])
    assert rendered.renditions["1024"].content == render(jpeg).renditions["1024"].content


def test_small_loss_inside_a_photo_with_stray_bytes_is_accepted() -> None:
    # Browsers, Pillow and ImageMagick show such photos.
    jpeg = images.encoded(ends.picture(), "JPEG", restart_marker_blocks=10)
    first, third = jpeg.index(b"\xff\xd0"), jpeg.index(b"\xff\xd2")
    rendered = render(jpeg[:first] + bytes(100) + jpeg[first : third - 2] + jpeg[third:])
    assert rendered.width == ends.picture().width


def test_progressive_jpeg_that_ends_after_a_scan_is_rendered() -> None:
    jpeg = images.encoded(ends.picture(), "JPEG", progressive=True)
    assert render(jpeg[: jpeg.rindex(b"\xff\xda")] + b"\xff\xd9").width == ends.picture().width


def test_corrupt_pixels_are_damaged_instead_of_truncated() -> None:
    png = images.encoded(ends.picture(), "PNG")
    middle = len(png) // 2
    with pytest.raises(renditions.Damaged):
        render(png[:middle] + b"\xff" * 60 + png[middle + 60 :])


@pytest.mark.parametrize("hidden", [b"CANARY", b"CANARY" * 400])
def test_bytes_after_the_last_pixel_are_not_in_the_copy_for_others(hidden: bytes) -> None:
    jpeg = images.encoded(images.quadrants(640, 480), "JPEG")
    assert render(jpeg).renditions["full"].content == jpeg
    assert b"CANARY" not in render(jpeg[:-2] + hidden + jpeg[-2:]).renditions["full"].content
