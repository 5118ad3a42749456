"""The position of a photo, in all forms in which programs write it."""

import pytest

from chalicelib.domain.photos import Exif
from tests.support import metadata_blocks as blocks
from tests.support.metadata_blocks import Entry, exif, fractions, text, xmp

LATITUDE = ((33, 1), (51, 1), (3133, 100))
LONGITUDE = ((151, 1), (12, 1), (4000, 100))
SYDNEY, OPPOSITE = (-33.8587028, 151.2111111), (-33.8587028, -151.2111111)
NONE = (None, None)


def place(
    latitude: tuple[tuple[int, int], ...] = LATITUDE,
    longitude: tuple[tuple[int, int], ...] = LONGITUDE,
    south: str | bytes = "S",
    west: str | bytes = "W",
) -> list[Entry]:
    """Return the fields of a position. The default is south and west."""
    return [text(1, south), fractions(2, *latitude), text(3, west), fractions(4, *longitude)]


def read_position(**files: bytes) -> Exif:
    return blocks.render_jpeg(**files).exif


@pytest.mark.parametrize(
    ("gps", "position"),
    [
        (place(), OPPOSITE),
        (place(west="E"), SYDNEY),
        (place(south="s", west="w"), OPPOSITE),
        (place(south="South", west="West"), OPPOSITE),
        (place(south=" S", west=" w "), OPPOSITE),
        (place(south=b"S", west=b"W"), OPPOSITE),
        (place(south="N", west="E"), (33.8587028, 151.2111111)),
        (place(south="", west=""), (33.8587028, 151.2111111)),
        ([(1, blocks.BYTE, b"S\0", 2), *place()[1:]], OPPOSITE),
        ([(1, blocks.UNDEFINED, b"S\0", 2), *place()[1:]], OPPOSITE),
        (place(((33, 1), (515222, 10000)), ((151, 1), (126667, 10000))), (-33.8587033, -151.2111117)),
        (place(((338587028, 10**7),), ((1512111111, 10**7),)), OPPOSITE),
        (place(((33, 1), (515222, 10000), (0, 0)), ((151, 1), (126667, 10000), (0, 0))), (-33.8587033, -151.2111117)),
        (place(((33, 1), (515222, 10000), (0, 1)), ((151, 1), (126667, 10000), (0, 1))), (-33.8587033, -151.2111117)),
        ([text(2, "33 deg 51' 31.33\" S"), text(4, "151 deg 12' 40.00\" W")], OPPOSITE),
        ([text(2, "-33.8587028"), text(4, "151.2111111")], SYDNEY),
        (
            [
                fractions(2, (-33, 1), (51, 1), (3133, 100), signed=True),
                fractions(4, (151, 1), (12, 1), (40, 1), signed=True),
            ],
            SYDNEY,
        ),
        (place(((0, 1), (0, 1), (0, 1))), (0.0, -151.2111111)),
        (place(((0, 1),) * 3, ((0, 1),) * 3), NONE),
        (place(((0, 1),) * 3, ((0, 1),) * 3, "N", "E"), NONE),
        (place(((0, 0),) * 3, ((0, 0),) * 3), NONE),
        (place(((91, 1), (0, 1), (0, 1))), NONE),
        (place(LATITUDE, ((180, 1), (0, 1), (1, 1))), NONE),
        (place(((33, 1), (0, 0), (3133, 100))), NONE),
        (place(((33, 1), (51, 1), (31, 1), (0, 1))), NONE),
        (place()[:2], NONE),
        ([text(2, ""), text(4, "")], NONE),
    ],
)
def test_position_is_read_in_all_forms_or_not_at_all(
    gps: list[Entry], position: tuple[float | None, float | None]
) -> None:
    settings = read_position(exif=exif(gps=gps))
    assert (settings.latitude, settings.longitude) == position


@pytest.mark.parametrize(
    ("latitude", "longitude", "position"),
    [
        ("33,51.522167S", "151,12.666667E", SYDNEY),
        ("33,51,31.33S", "151,12,40E", SYDNEY),
        ("33.8587028S", "151.2111111E", SYDNEY),
        ("-33.8587028", "151.2111111", SYDNEY),
        ("33,51.522167s", "151,12.666667e", SYDNEY),
        ("0,0.0N", "0,0.0E", NONE),
        ("97,51.5S", "151,12.6E", NONE),
        ("S", "E", NONE),
        ("nowhere", "", NONE),
    ],
)
def test_xmp_has_a_position_if_exif_has_none(
    latitude: str, longitude: str, position: tuple[float | None, float | None]
) -> None:
    packet = xmp({"exif:GPSLatitude": latitude, "exif:GPSLongitude": longitude})
    settings = read_position(xmp=packet)
    assert (settings.latitude, settings.longitude) == (
        position if position == NONE else tuple(pytest.approx(degrees, abs=1e-6) for degrees in position)
    )


def test_position_in_xmp_is_not_used_if_exif_has_zeros_or_another_position() -> None:
    packet = xmp({"exif:GPSLatitude": "1,0.0N", "exif:GPSLongitude": "2,0.0E"})
    zeros = place(((0, 1),) * 3, ((0, 1),) * 3)
    assert read_position(exif=exif(gps=zeros), xmp=packet).latitude is None
    assert read_position(exif=exif(gps=place()), xmp=packet).latitude == SYDNEY[0]
    assert read_position(exif=exif(gps=place(((91, 1),) * 3)), xmp=packet).latitude == 1


@pytest.mark.parametrize(
    ("value", "reference", "altitude"),
    [
        (fractions(6, (345, 10)), b"\0", 34.5),
        (fractions(6, (345, 10)), b"\1", -34.5),
        (fractions(6, (345, 10)), b"\2", 34.5),
        (fractions(6, (345, 10)), b"\3", -34.5),
        (fractions(6, (0, 0)), b"\0", None),
        (fractions(6, (0, 1)), b"\1", 0),
    ],
)
def test_altitude_has_the_sign_of_its_reference(value: Entry, reference: bytes, altitude: float | None) -> None:
    settings = read_position(exif=exif(gps=[*place(), (5, blocks.BYTE, reference, 1), value]))
    assert settings.altitude == altitude


def test_altitude_is_read_from_xmp() -> None:
    attributes = {"exif:GPSLatitude": "1,0.0N", "exif:GPSLongitude": "2,0.0E", "exif:GPSAltitudeRef": "1"}
    for text_value, altitude in (("345/10", -34.5), ("34.5", -34.5), ("1/0", None), ("high", None)):
        assert read_position(xmp=xmp(attributes | {"exif:GPSAltitude": text_value})).altitude == altitude
