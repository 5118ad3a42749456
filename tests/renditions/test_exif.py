import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import renditions
from chalicelib.renditions import exif
from tests.support import images


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
    assert exif.read(images.exif_block(details={0x829A: seconds})).exif.shutter == shutter


@pytest.mark.parametrize("latitude", [(0, 0), (91, 1), (4_000_000_000, 1)])
def test_impossible_position_is_none(latitude: tuple[int, int]) -> None:
    block = images.exif_block().replace(struct.pack(">II", 52, 1), struct.pack(">II", *latitude))
    settings = exif.read(block).exif
    assert (settings.latitude, settings.longitude, settings.altitude) == (None, None, None)
    assert settings.camera == "Canon EOS R5"


@given(st.lists(st.tuples(st.integers(0, 800), st.binary(min_size=1, max_size=8)), max_size=12))
def test_corrupt_exif_block_causes_no_error(changes: list[tuple[int, bytes]]) -> None:
    block = bytearray(images.exif_block())
    for offset, replacement in changes:
        block[offset : offset + len(replacement)] = replacement
    facts = exif.read(bytes(block))
    numbers = (facts.exif.aperture, facts.exif.focal_length, facts.exif.latitude, facts.exif.altitude)
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert 1 <= facts.orientation <= 8
