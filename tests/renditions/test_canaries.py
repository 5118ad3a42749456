import pytest

from chalicelib import renditions
from tests.support import canaries, images

PLANTED = {location: (declared, content) for location, declared, content in canaries.everywhere()}


@pytest.mark.parametrize("location", PLANTED)
def test_renditions_have_no_hidden_data_of_the_photo(location: str) -> None:
    declared, content = PLANTED[location]
    assert b"CANARY" in content
    try:
        rendered = renditions.render(content, declared)
    except renditions.Rejection:
        return
    for name, rendition in rendered.renditions.items():
        assert b"CANARY" not in rendition.content, name


def test_only_headers_with_a_false_length_make_a_photo_invalid() -> None:
    rejected = set[str]()
    for location, (declared, content) in PLANTED.items():
        try:
            renditions.render(content, declared)
        except renditions.Rejection:
            rejected.add(location)
    assert rejected == {"jpeg scan header", "jpeg frame header", "jpeg restart interval"}


def test_segments_that_affect_no_pixel_are_not_copied() -> None:
    plain = images.encoded(images.quadrants(), "JPEG")
    scan = plain.index(b"\xff\xda")
    conditioning = bytes.fromhex("1058 1058 1006 0110 0010 1041 0210 0110 1042 0310 0110 1043")
    for hidden in (b"\xff\xdd\0\4CA\xff\xdd\0\4\0\0", b"\xff\xcc\0\x1a" + conditioning):
        rendered = renditions.render(plain[:scan] + hidden + plain[scan:], "image/jpeg")
        assert hidden not in rendered.renditions["full"].content


def test_scan_of_a_jpeg_without_hidden_data_is_copied_exactly() -> None:
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}, {"optimize": True}):
        for picture in (images.quadrants(), images.quadrants(37, 21, "L")):
            plain = images.encoded(picture, "JPEG", **options)
            copy = renditions.render(plain, "image/jpeg").renditions["full"].content
            scan = plain[plain.index(b"\xff\xda") :]
            assert copy.endswith(scan), options
