"""Read the position of a photo from the GPS fields of EXIF, or else from XMP."""

import math
import re

from chalicelib.domain.photos import Exif
from chalicelib.renditions.metadata import xmp
from chalicelib.renditions.metadata.exif import Fields, get_text, parse_number
from chalicelib.renditions.tiff.structure import Field

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE = 1, 2, 3, 4, 5, 6
_BELOW_SEA_LEVEL = (b"\1", (1,), b"\3", (3,), "1", "3")
"""The references of a negative altitude: below the sea, and since EXIF 3.0 below the ellipsoid."""
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,12})?")
_FRACTION = re.compile(r"(-?\d{1,12})(?:/(\d{1,12})|(\.\d{1,12}))?")
_SOUTH_OR_WEST = {90: "S", 180: "W"}
_LONGEST_TEXT = 100


def with_position(settings: Exif, gps: Fields, properties: xmp.Properties) -> Exif:
    """Return the settings with the position of the photo, if it has a possible position.

    Zeros in both coordinates mean that a program removed the position, so XMP is not used then.
    """
    latitude = _parse_degrees(gps.get(_LATITUDE), gps.get(_LATITUDE_REF), 90)
    longitude = _parse_degrees(gps.get(_LONGITUDE), gps.get(_LONGITUDE_REF), 180)
    altitude = _parse_altitude(gps.get(_ALTITUDE), gps.get(_ALTITUDE_REF))
    if latitude is None or longitude is None:
        latitude = _parse_degrees(_get(properties, "exif:GPSLatitude"), _get(properties, "exif:GPSLatitudeRef"), 90)
        longitude = _parse_degrees(_get(properties, "exif:GPSLongitude"), _get(properties, "exif:GPSLongitudeRef"), 180)
        altitude = _parse_altitude(
            _parse_fraction(_get(properties, "exif:GPSAltitude")), _get(properties, "exif:GPSAltitudeRef")
        )
    if latitude is None or longitude is None or latitude == longitude == 0:
        return settings
    return settings.with_(latitude=latitude, longitude=longitude, altitude=altitude)


def _get(properties: xmp.Properties, name: str) -> str:
    return next(iter(properties.get(name, [])), "")


def _parse_altitude(value: Field | None, reference: Field | None) -> float | None:
    altitude = parse_number(value, digits=2)
    return -altitude if altitude and reference in _BELOW_SEA_LEVEL else altitude


def _parse_fraction(text: str) -> tuple[float, ...]:
    match = _FRACTION.fullmatch(text.strip())
    if not match or (match[2] and not int(match[2])):
        return ()
    return (int(match[1]) / int(match[2]),) if match[2] else (float(match[0]),)


def _parse_degrees(value: Field | None, reference: Field | None, limit: int) -> float | None:
    """Return signed degrees, or None if they are missing or impossible.

    Accept one to three parts: degrees, minutes and seconds. The last part may have a fraction.
    A text may contain the hemisphere: `33,51.5S` as in XMP.
    """
    hemisphere = get_text(reference).strip("\0 \t").upper()[:1]
    parts = value if isinstance(value, tuple) else ()
    is_negative = bool(parts) and parts[0] < 0
    if isinstance(value, str | bytes):
        text = get_text(value)[:_LONGEST_TEXT].strip("\0 ").upper()
        parts = tuple(map(float, _NUMBER.findall(text)))
        is_negative = text.startswith("-")
        hemisphere = hemisphere or text[-1:]
    # Some cameras write 0/0 for parts that they do not use.
    while len(parts) > 1 and math.isnan(parts[-1]):
        parts = parts[:-1]
    if not 1 <= len(parts) <= 3 or not all(map(math.isfinite, parts)):
        return None
    degrees = sum(abs(part) / 60**index for index, part in enumerate(parts))
    is_negative = is_negative or hemisphere in {_SOUTH_OR_WEST[limit], "-"}
    # Add 0 to remove the sign of a negative zero.
    return round(-degrees if is_negative else degrees, 7) + 0.0 if degrees <= limit else None
