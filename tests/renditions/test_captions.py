"""Title, description and keywords inside a file: their sources, encodings and limits."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.renditions import Captions, render, text
from chalicelib.renditions.metadata import iptc, png_texts
from tests.support import images
from tests.support import metadata_blocks as blocks
from tests.support.metadata_blocks import exif, xmp_list

XMP = blocks.xmp(
    elements=xmp_list("dc:title", "Alt", "Harbour", language="x-default")
    + xmp_list("dc:description", "Alt", "By night &\nby day")
    + xmp_list("dc:subject", "Bag", "sea", "storm", "sea")
)
IPTC = blocks.iptc((5, b"Hafen"), (120, b"Bei Nacht"), (25, b"Meer"), (25, b"Sturm"))
WINDOWS = [
    (0x9C9B, blocks.BYTE, "Кай\0".encode("utf-16-le"), 8),
    (0x9C9C, blocks.BYTE, "Ночь\0".encode("utf-16-le"), 10),
    (0x9C9E, blocks.BYTE, "море; шторм;\0".encode("utf-16-le"), 26),
]
FROM_XMP = Captions("Harbour", "By night &\nby day", ("sea", "storm"))
FROM_IPTC = Captions("Hafen", "Bei Nacht", ("Meer", "Sturm"))
FROM_EXIF = Captions("Кай", "Ночь", ("море", "шторм"))


@pytest.mark.parametrize(
    ("files", "captions"),
    [
        ({"xmp": XMP}, FROM_XMP),
        ({"iptc": IPTC}, FROM_IPTC),
        ({"exif": exif(main=WINDOWS)}, FROM_EXIF),
        ({"xmp": XMP, "iptc": IPTC, "exif": exif(main=WINDOWS)}, FROM_XMP),
        ({"iptc": IPTC, "exif": exif(main=WINDOWS)}, FROM_IPTC),
        ({"xmp": blocks.xmp({"dc:title": "Harbour"}), "iptc": IPTC}, FROM_IPTC._replace(title="Harbour")),
        ({"iptc": blocks.iptc((105, b"Headline"))}, Captions("Headline")),
        ({"exif": exif(main=[blocks.text(0x010E, "Kai für alle".encode("latin-1"))])}, Captions("", "Kai für alle")),
        ({"exif": exif(main=[blocks.text(0x010E, "x" * 1000)])}, Captions("", "x" * 1000)),
        ({}, Captions()),
    ],
)
def test_captions_come_from_xmp_then_iptc_then_exif(files: dict[str, bytes], captions: Captions) -> None:
    assert blocks.render_jpeg(**files).captions == captions


@pytest.mark.parametrize(
    "description",
    ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "DCIM\\100MEDIA\\DJI_0001.JPG", "default", "Exif_JPEG_PICTURE"],
)
def test_description_that_a_camera_writes_into_every_photo_is_skipped(description: str) -> None:
    assert blocks.render_jpeg(exif=exif(main=[blocks.text(0x010E, description)])).captions == Captions()


@pytest.mark.parametrize(
    ("value", "is_utf8", "title"),
    [
        ("Häfen".encode(), True, "Häfen"),
        ("Häfen".encode(), False, "Häfen"),
        ("Häfen".encode("latin-1"), False, "Häfen"),
        ("Häfen".encode()[:2], True, "H"),
    ],
)
def test_iptc_declares_its_encoding_or_leaves_it_open(value: bytes, is_utf8: bool, title: str) -> None:
    assert blocks.render_jpeg(iptc=blocks.iptc((5, value), is_utf8=is_utf8)).captions.title == title


def test_captions_are_cleaned_and_cut_at_the_limits_of_the_api() -> None:
    family = "\U0001f469\u200d\U0001f467\u202e"
    packet = blocks.xmp(
        elements=xmp_list("dc:title", "Alt", "  a\tb  " + "c" * 196 + family)
        + xmp_list("dc:description", "Alt", "x\u0007" + "y" * 3000)
        + xmp_list("dc:subject", "Bag", "", "  ", "y" * 49 + "e\u0301y", *map(str, range(40)))
    )
    title, description, keywords = blocks.render_jpeg(xmp=packet).captions
    assert title == "a b" + " " + "c" * 196
    assert (len(title), len(description)) == (200, 2000)
    assert description.startswith("x yy")
    assert keywords[0] == "y" * 49 + "\u00e9"
    assert len(keywords) == 32


def test_joined_characters_stay_joined_and_invisible_marks_are_removed() -> None:
    value = "\U0001f469\u200d\U0001f467 \u202eabc\u00ad\u3000d"
    assert text.clean_line(value, 100) == "\U0001f469\u200d\U0001f467 abc d"


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("ab cd", 3, "ab"),
        ("abe\u0301", 3, "ab"),
        ("ab\U0001f469\u200d\U0001f467", 3, "ab"),
        ("ab\U0001f469\u200d\U0001f467", 4, "ab"),
        ("a\u0301\u0301\u0301", 2, "a\u0301"),
    ],
)
def test_text_is_cut_between_characters(value: str, limit: int, expected: str) -> None:
    assert text.cut(value, limit) == expected


def test_tiff_has_captions_in_its_fields() -> None:
    content = images.encoded(images.quadrants(), "TIFF", tiffinfo={33723: IPTC})
    assert render(content, "image/tiff").captions == FROM_IPTC
    content = images.encoded(images.quadrants(), "TIFF", tiffinfo={34377: blocks.resources(IPTC)})
    assert render(content, "image/tiff").captions == FROM_IPTC


@pytest.mark.parametrize(
    ("chunks", "captions"),
    [
        (
            [blocks.png_text("Title", b"Caf\xe9"), blocks.png_compressed_text("Description", b"x")],
            Captions("Café", "x"),
        ),
        ([blocks.png_text("Raw profile type iptc", blocks.png_raw_profile("iptc", blocks.resources(IPTC)))], FROM_IPTC),
        ([blocks.png_international_text("XML:com.adobe.xmp", XMP)], FROM_XMP),
        ([blocks.png_text("Title", b"first"), blocks.png_text("Title", b"second")], Captions("first")),
        ([(b"zTXt", b"Title\0\0broken"), (b"tEXt", b"Title"), (b"iTXt", b"Title\0")], Captions()),
    ],
)
def test_png_has_captions_in_its_chunks(chunks: list[tuple[bytes, bytes]], captions: Captions) -> None:
    assert render(images.png(*chunks), "image/png").captions == captions


def test_compressed_text_is_cut() -> None:
    chunk = blocks.png_compressed_text("Title", b"x" * 50_000_000)
    assert len(png_texts.read_metadata([chunk], b"")["texts"]["Title"]) == 10_000


def test_long_value_of_iptc_has_the_length_of_its_length() -> None:
    block = b"\x1c\2\x78" + struct.pack(">HI", 0x8004, 5) + b"Night"
    assert iptc.read(block) == {120: ["Night"]}


IPTC_BLOCKS = (blocks.resources(IPTC), IPTC)


@given(st.sampled_from(IPTC_BLOCKS), st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=4)), max_size=5))
def test_no_iptc_block_raises_an_error(block: bytes, changes: list[tuple[int, bytes]]) -> None:
    changed = bytearray(block)
    for at, replacement in changes:
        changed[at : at + len(replacement)] = replacement
    assert all(isinstance(number, int) for number in iptc.read(bytes(changed)))


@given(st.sampled_from([b"tEXt", b"zTXt", b"iTXt"]), st.sampled_from(["Title", "Raw profile type exif"]), st.binary())
def test_no_png_text_raises_an_error(kind: bytes, keyword: str, body: bytes) -> None:
    metadata = png_texts.read_metadata([(kind, keyword.encode() + b"\0" + body)], b"")
    assert metadata["iptc"] == b"" or keyword != "Title"
