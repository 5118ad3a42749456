"""The time of a photo: the choice between all dates in a file, and the offset that belongs to it."""

from collections.abc import Callable

import pytest

from chalicelib.domain.taken import Taken
from chalicelib.renditions import render
from tests.support import images
from tests.support import metadata_blocks as blocks
from tests.support.metadata_blocks import Entry, exif, text, xmp

ORIGINAL, DIGITIZED, MODIFIED = 0x9003, 0x9004, 0x0132
OFFSET, OFFSET_ORIGINAL, OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
DATE, OTHER = "2021:06:07 08:05:09", "2001:01:01 01:01:01"
LOCAL = "2021-06-07T08:05:09"
IN_UTC = (LOCAL, None, f"{LOCAL}.000Z")
PLUS_2 = (LOCAL, "+02:00", "2021-06-07T06:05:09.000Z")
UNKNOWN = (None, None, None)
NOON_UTC = (blocks.fractions(7, (6, 1), (5, 1), (9, 1)), text(29, "2021:06:07"))


def read_taken(**files: bytes) -> Taken:
    return blocks.render_jpeg(**files).taken


@pytest.mark.parametrize(
    ("camera", "taken"),
    [
        ([text(ORIGINAL, DATE), text(OFFSET_ORIGINAL, "+02:00")], PLUS_2),
        ([text(ORIGINAL, DATE), text(OFFSET, "+02:00")], PLUS_2),
        ([text(ORIGINAL, DATE), text(OFFSET_DIGITIZED, "+02:00")], PLUS_2),
        ([text(ORIGINAL, DATE), text(OFFSET_ORIGINAL, "+02:00"), text(OFFSET, "-05:00")], PLUS_2),
        ([text(ORIGINAL, DATE), text(OFFSET_ORIGINAL, "   :  "), text(OFFSET, "+02:00")], PLUS_2),
        ([text(ORIGINAL, DATE + "+02:00"), text(OFFSET_ORIGINAL, "-05:00")], PLUS_2),
        ([text(ORIGINAL, DATE)], IN_UTC),
        ([text(DIGITIZED, DATE), text(OFFSET_DIGITIZED, "+02:00")], PLUS_2),
        ([text(DIGITIZED, DATE), text(OFFSET_ORIGINAL, "+02:00")], PLUS_2),
        ([text(ORIGINAL, "0000:00:00 00:00:00"), text(DIGITIZED, DATE)], IN_UTC),
        ([text(ORIGINAL, "    :  :     :  :  "), text(DIGITIZED, DATE)], IN_UTC),
        ([text(ORIGINAL, "2021:13:07 08:05:09"), text(DIGITIZED, DATE)], IN_UTC),
        ([text(ORIGINAL, "1904:01:01 00:00:00"), text(DIGITIZED, DATE)], IN_UTC),
        ([text(ORIGINAL, DATE), text(DIGITIZED, OTHER)], IN_UTC),
        ([text(ORIGINAL, "2021:06:07"), text(DIGITIZED, DATE)], IN_UTC),
        ([text(ORIGINAL, DATE.encode(), blocks.UNDEFINED)], IN_UTC),
        ([text(ORIGINAL, DATE.encode(), blocks.BYTE)], IN_UTC),
        ([text(ORIGINAL, DATE), text(0x9290, "25")], (LOCAL, None, f"{LOCAL}.250Z")),
        ([text(DIGITIZED, DATE), text(0x9292, "5"), text(0x9291, "7")], (LOCAL, None, f"{LOCAL}.500Z")),
        ([text(ORIGINAL, "9999:12:31 23:59:59"), text(OFFSET_ORIGINAL, "-14:00")], UNKNOWN),
    ],
)
def test_first_possible_date_in_exif_is_used_with_its_offset(camera: list[Entry], taken: Taken) -> None:
    assert read_taken(exif=exif(camera=camera)) == taken


@pytest.mark.parametrize(
    ("main", "taken"),
    [([text(ORIGINAL, DATE)], IN_UTC), ([text(DIGITIZED, DATE), text(OFFSET, "+02:00")], PLUS_2)],
)
def test_date_in_the_wrong_directory_is_used(main: list[Entry], taken: Taken) -> None:
    assert read_taken(exif=exif(main=main)) == taken


def test_time_of_the_last_change_is_not_used() -> None:
    assert read_taken(exif=exif(main=[text(MODIFIED, DATE)])) == UNKNOWN


@pytest.mark.parametrize(
    ("attributes", "taken"),
    [
        ({"exif:DateTimeOriginal": f"{LOCAL}+02:00"}, PLUS_2),
        ({"photoshop:DateCreated": LOCAL}, IN_UTC),
        ({"photoshop:DateCreated": "2021-06-07T08:05"}, ("2021-06-07T08:05:00", None, "2021-06-07T08:05:00.000Z")),
        ({"photoshop:DateCreated": "2021-06-07", "xmp:CreateDate": LOCAL}, IN_UTC),
        ({"photoshop:DateCreated": "2021", "xmp:CreateDate": LOCAL}, IN_UTC),
        ({"xmp:CreateDate": f"{LOCAL}.00+02:00"}, PLUS_2),
        ({"exif:DateTimeDigitized": LOCAL}, IN_UTC),
        ({"xmp:CreateDate": "2001-01-01T01:01:01", "exif:DateTimeOriginal": LOCAL}, IN_UTC),
        ({"xmp:ModifyDate": LOCAL, "xmp:MetadataDate": LOCAL}, UNKNOWN),
    ],
)
def test_xmp_has_a_date_if_exif_has_none(attributes: dict[str, str], taken: Taken) -> None:
    assert read_taken(xmp=xmp(attributes)) == taken


def test_original_date_precedes_xmp_and_xmp_precedes_the_digitized_date() -> None:
    packet = xmp({"exif:DateTimeOriginal": LOCAL})
    assert read_taken(exif=exif(camera=[text(DIGITIZED, OTHER)]), xmp=packet).local == LOCAL
    assert read_taken(exif=exif(camera=[text(ORIGINAL, OTHER)]), xmp=packet).local == "2001-01-01T01:01:01"


def test_offset_of_another_date_with_the_same_local_time_is_used() -> None:
    block = exif(camera=[text(ORIGINAL, DATE)])
    assert read_taken(exif=block, xmp=xmp({"exif:DateTimeOriginal": f"{LOCAL}+02:00"})) == PLUS_2
    assert read_taken(exif=block, xmp=xmp({"xmp:CreateDate": "2022-06-07T08:05:09+02:00"})) == IN_UTC


@pytest.mark.parametrize(
    ("local", "taken"),
    [
        (DATE, PLUS_2),
        ("2021:06:07 08:05:40", ("2021-06-07T08:05:40", "+02:00", "2021-06-07T06:05:40.000Z")),
        ("2021:06:07 11:50:09", ("2021-06-07T11:50:09", None, "2021-06-07T11:50:09.000Z")),
        ("2021:06:09 08:05:09", ("2021-06-09T08:05:09", None, "2021-06-09T08:05:09.000Z")),
    ],
)
def test_satellite_time_shows_the_offset_if_it_fits(local: str, taken: Taken) -> None:
    assert read_taken(exif=exif(camera=[text(ORIGINAL, local)], gps=NOON_UTC)) == taken


def test_satellite_time_is_used_if_there_is_no_other_date() -> None:
    assert read_taken(exif=exif(gps=NOON_UTC)) == ("2021-06-07T06:05:09", "+00:00", "2021-06-07T06:05:09.000Z")
    assert read_taken(exif=exif(gps=NOON_UTC[1:])) == UNKNOWN


def test_date_in_iptc_is_used_after_all_others() -> None:
    block = blocks.iptc((55, b"20210607"), (60, b"080509+0200"))
    assert read_taken(iptc=block) == PLUS_2
    assert read_taken(iptc=block, exif=exif(camera=[text(DIGITIZED, OTHER)])).local == "2001-01-01T01:01:01"


RAW = b"Exif\0\0" + exif(camera=[text(ORIGINAL, DATE)])
PACKET = xmp({"exif:DateTimeOriginal": f"{LOCAL}+02:00"})
CHUNKS = [
    (blocks.png_text("Raw profile type APP1", blocks.png_raw_profile("exif", RAW)), IN_UTC),
    (blocks.png_text("Raw profile type exif", blocks.png_raw_profile("exif", RAW[6:])), IN_UTC),
    (blocks.png_compressed_text("Raw profile type exif", blocks.png_raw_profile("exif", RAW)), IN_UTC),
    (blocks.png_compressed_text("Raw profile type xmp", blocks.png_raw_profile("xmp", PACKET)), PLUS_2),
    (blocks.png_international_text("XML:com.adobe.xmp", PACKET), PLUS_2),
    (blocks.png_international_text("XML:com.adobe.xmp", PACKET, compressed=True), PLUS_2),
    (blocks.png_text("Creation Time", b"Mon, 7 Jun 2021 08:05:09 +0200"), PLUS_2),
    (blocks.png_text("Creation Time", DATE.encode()), IN_UTC),
    (blocks.png_international_text("Creation Time", b"2021-06-07T08:05:09+02:00"), PLUS_2),
    (blocks.png_text("exif:DateTimeOriginal", DATE.encode()), IN_UTC),
    (blocks.png_compressed_text("exif:DateTimeOriginal", DATE.encode()), IN_UTC),
    (blocks.png_text("date:create", b"2021-06-07T08:05:09+00:00"), UNKNOWN),
    (blocks.png_text("Raw profile type exif", b"\nexif\n 12\n4578zz\n"), UNKNOWN),
    ((b"tIME", b"\x07\xe5\6\7\x08\5\x09"), UNKNOWN),
    ((b"eXIf", RAW), IN_UTC),
]


@pytest.mark.parametrize(("chunk", "taken"), CHUNKS)
def test_png_has_dates_in_its_chunks(chunk: tuple[bytes, bytes], taken: Taken) -> None:
    assert render(images.png(chunk), "image/png").taken == taken


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF", "AVIF"])
def test_xmp_is_read_from_all_formats(format: str) -> None:
    options = {"tiffinfo": {700: PACKET}} if format == "TIFF" else {"xmp": PACKET}
    content = images.encoded(images.quadrants(), format, **options)
    assert render(content, f"image/{format.lower()}").taken == PLUS_2


def _as_description(value: str) -> bytes:
    return xmp(elements=f"<exif:DateTimeOriginal>{value}</exif:DateTimeOriginal>")


@pytest.mark.parametrize("build", [lambda value: xmp({"exif:DateTimeOriginal": value}), _as_description])
def test_attributes_and_elements_of_xmp_are_equivalent(build: Callable[[str], bytes]) -> None:
    assert read_taken(xmp=build(f"{LOCAL}+02:00")) == PLUS_2
