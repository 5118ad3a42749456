import pytest

from chalicelib import renditions
from tests.support import canaries, images

PLANTED = {place: (declared, content) for place, declared, content in canaries.everywhere()}


@pytest.mark.parametrize("place", PLANTED)
def test_what_hides_in_a_photo_reaches_nobody_else(place: str) -> None:
    declared, content = PLANTED[place]
    assert b"CANARY" in content
    try:
        rendered = renditions.render(content, declared)
    except renditions.Refused:
        return
    for name, rendition in rendered.renditions.items():
        assert b"CANARY" not in rendition.content, name


def test_only_headers_that_lie_about_their_length_cost_the_photo() -> None:
    refused = set[str]()
    for place, (declared, content) in PLANTED.items():
        try:
            renditions.render(content, declared)
        except renditions.Refused:
            refused.add(place)
    assert refused == {"jpeg scan header", "jpeg frame header", "jpeg restart interval"}


def test_numbers_on_which_no_pixel_depends_are_not_handed_on() -> None:
    plain = images.encoded(images.quadrants(), "JPEG")
    scan = plain.index(b"\xff\xda")
    conditioning = bytes.fromhex("1058 1058 1006 0110 0010 1041 0210 0110 1042 0310 0110 1043")
    for hidden in (b"\xff\xdd\0\4CA\xff\xdd\0\4\0\0", b"\xff\xcc\0\x1a" + conditioning):
        rendered = renditions.render(plain[:scan] + hidden + plain[scan:], "image/jpeg")
        assert hidden not in rendered.renditions["full"].content


def test_a_photo_without_anything_hidden_is_copied_to_the_bit() -> None:
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}, {"optimize": True}):
        for picture in (images.quadrants(), images.quadrants(37, 21, "L")):
            plain = images.encoded(picture, "JPEG", **options)
            copy = renditions.render(plain, "image/jpeg").renditions["full"].content
            scan = plain[plain.index(b"\xff\xda") :]
            assert copy.endswith(scan), options
