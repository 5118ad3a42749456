import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import renditions
from chalicelib.renditions.coded_picture import CodedPicture
from chalicelib.renditions.metadata import Metadata, read_metadata
from tests.support import images
from tests.support.metadata_blocks import Entry, exif, fractions, long, short, text, xmp


def read(block: bytes, packet: bytes = b"") -> Metadata:
    return read_metadata(CodedPicture(b"", 1, 1, exif=block, xmp=packet))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_camera_settings_and_position_are_read(format: str) -> None:
    rendered = renditions.render(images.photo(64, 48, format=format), f"image/{format.lower()}")
    settings = rendered.exif
    assert rendered.taken_at == "2024-07-01T10:30:45.250Z"
    assert (settings.camera, settings.lens, settings.iso) == ("Canon EOS R5", "RF35mm F1.8 MACRO", 400)
    assert (settings.aperture, settings.shutter, settings.focal_length) == (2.8, "1/250", 35.0)
    assert (settings.latitude, settings.longitude, settings.altitude) == (
        images.LATITUDE,
        images.LONGITUDE,
        images.ALTITUDE,
    )


@pytest.mark.parametrize(
    ("details", "taken_at"),
    [
        ({0x9011: None}, "2024-07-01T12:30:45.250Z"),
        ({0x9011: "-05:30", 0x9291: None}, "2024-07-01T18:00:45.000Z"),
        ({0x9011: "+99:99"}, "2024-07-01T12:30:45.250Z"),
        ({0x9003: "0000:00:00 00:00:00"}, None),
        ({0x9003: "2024:02:31 12:00:00"}, None),
        ({0x9003: "9999:12:31 23:59:59", 0x9011: "-14:00"}, None),
        ({0x9003: None}, None),
    ],
)
def test_taken_at_is_in_utc_or_none(details: dict[int, str | None], taken_at: str | None) -> None:
    photo = images.encoded(images.quadrants(), "JPEG", exif=images.exif_block(details=details))
    assert renditions.render(photo, "image/jpeg").taken_at == taken_at


@pytest.mark.parametrize(
    ("seconds", "shutter"),
    [(1 / 8000, "1/8000"), (0.004, "1/250"), (0.25, "1/4"), (0.4, "0.4"), (2.5, "2.5"), (30.0, "30"), (0.0, None)],
)
def test_shutter_speed_has_the_notation_of_photographers(seconds: float, shutter: str | None) -> None:
    assert read(images.exif_block(details={0x829A: seconds})).exif.shutter == shutter


@pytest.mark.parametrize("latitude", [(0, 0), (91, 1), (4_000_000_000, 1)])
def test_impossible_position_is_none(latitude: tuple[int, int]) -> None:
    block = images.exif_block().replace(struct.pack(">II", 52, 1), struct.pack(">II", *latitude))
    settings = read(block).exif
    assert (settings.latitude, settings.longitude, settings.altitude) == (None, None, None)
    assert settings.camera == "Canon EOS R5"


@given(st.lists(st.tuples(st.integers(0, 800), st.binary(min_size=1, max_size=8)), max_size=12))
def test_corrupt_exif_block_causes_no_error(changes: list[tuple[int, bytes]]) -> None:
    block = bytearray(images.exif_block())
    for offset, replacement in changes:
        block[offset : offset + len(replacement)] = replacement
    facts = read(bytes(block))
    numbers = (facts.exif.aperture, facts.exif.focal_length, facts.exif.latitude, facts.exif.altitude)
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert 1 <= facts.orientation <= 8


@pytest.mark.parametrize(
    ("camera", "iso"),
    [
        ([short(0x8827, 400)], 400),
        ([short(0x8827, 400, 800)], 400),
        ([short(0x8827, 65535), short(0x8830, 2), long(0x8832, 102400)], 102400),
        ([short(0x8827, 65535), short(0x8830, 3), long(0x8833, 204800), long(0x8832, 102400)], 204800),
        ([short(0x8827, 65535), short(0x8830, 1), long(0x8831, 80000), long(0x8832, 102400)], 80000),
        ([short(0x8827, 65535), long(0x8832, 102400)], 102400),
        ([short(0x8827, 65535), short(0x8830, 1), long(0x8833, 102400)], 102400),
        ([short(0x8827, 65535)], 65535),
        ([short(0x8827, 0), long(0x8832, 3200)], 3200),
        ([long(0x8832, 3200)], 3200),
        ([long(0x8827, 409600)], 409600),
        ([short(0x8827, 400), long(0x8832, 3200)], 400),
        ([short(0x8827, 0)], None),
    ],
)
def test_iso_over_16_bits_is_read_from_the_other_sensitivities(camera: list[Entry], iso: int | None) -> None:
    assert read(exif(camera=camera)).exif.iso == iso


@pytest.mark.parametrize(
    ("camera", "shutter", "aperture"),
    [
        ([fractions(0x9201, (7965784, 10**6), signed=True), fractions(0x9202, (297, 100))], "1/250", 2.8),
        ([fractions(0x829A, (0, 1)), fractions(0x9201, (8, 1), signed=True)], "1/256", None),
        ([fractions(0x829A, (0, 0)), fractions(0x9201, (-1, 1), signed=True)], "2", None),
        ([fractions(0x829A, (1, 60)), fractions(0x9201, (8, 1), signed=True)], "1/60", None),
        ([fractions(0x829D, (0, 1)), fractions(0x9202, (4, 1))], None, 4.0),
        ([fractions(0x829D, (0, 0)), fractions(0x9202, (3, 1))], None, 2.8),
        ([fractions(0x829D, (18, 10)), fractions(0x9202, (4, 1))], None, 1.8),
        ([fractions(0x9201, (0, 0)), fractions(0x9202, (0, 0))], None, None),
        ([fractions(0x9201, (-1000, 1), signed=True), fractions(0x9202, (4_000_000_000, 1))], None, None),
    ],
)
def test_apex_values_replace_missing_exposure(camera: list[Entry], shutter: str | None, aperture: float | None) -> None:
    settings = read(exif(camera=camera)).exif
    assert (settings.shutter, settings.aperture) == (shutter, aperture)


def test_focal_length_of_zero_is_unknown() -> None:
    assert read(exif(camera=[fractions(0x920A, (0, 1))])).exif.focal_length is None


@pytest.mark.parametrize(
    ("value", "camera"),
    [
        ("Kamera für alles".encode(), "Kamera für alles"),
        ("Kamera für alles".encode("latin-1"), "Kamera für alles"),
        (b"Caf\xe9", "Café"),
        ("Caméra™ “X”".encode("cp1252"), "Caméra™ “X”"),
        ("デジタルカメラ".encode("cp932"), "デジタルカメラ"),
        (b"X\x81\x8d", "X"),
        ("X\ufffd100".encode(), "X 100"),
        (b"X100\0\xff\xfe", "X100"),
        (b"  X   100 \0", "X 100"),
        (b"ab" * 100, "ab" * 50),
        (b"a" + "é".encode() * 200, "a" + "é" * 99),
        (b"----\0", None),
        (b"\0\0\0\0", None),
    ],
)
def test_camera_name_in_any_encoding_is_readable(value: bytes, camera: str | None) -> None:
    assert read(exif(main=[text(0x0110, value)])).exif.camera == camera


@pytest.mark.parametrize("kind", [1, 7, 129])
def test_text_of_another_type_is_read(kind: int) -> None:
    assert read(exif(main=[text(0x0110, "Caméra", kind)])).exif.camera == "Caméra"


@pytest.mark.parametrize(
    ("value", "attributes", "lens"),
    [
        ("RF35mm", {"aux:Lens": "EF50mm"}, "RF35mm"),
        ("    ", {"aux:Lens": "EF50mm"}, "EF50mm"),
        ("----", {"exifEX:LensModel": "EF85mm", "aux:Lens": "EF50mm"}, "EF85mm"),
        ("", {"aux:Lens": "---"}, None),
        ("", {}, None),
    ],
)
def test_lens_is_read_from_xmp_if_exif_has_none(value: str, attributes: dict[str, str], lens: str | None) -> None:
    assert read(exif(camera=[text(0xA434, value)]), xmp(attributes)).exif.lens == lens
