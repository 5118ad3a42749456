"""Read the EXIF metadata of a photo (CIPA DC-008, EXIF 3.0). It is untrusted, and invalid fields are ignored."""

import math
import re
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from chalicelib.domain.ids import Timestamp, format_timestamp
from chalicelib.domain.photos import Exif
from chalicelib.renditions.tiff import Field, Tiff, get_first_integer

type _Fields = dict[int, Field]

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_EXPOSURE_TIME, _F_NUMBER, _ISO, _FOCAL_LENGTH, _LENS_MODEL = 0x829A, 0x829D, 0x8827, 0x920A, 0xA434
_TAKEN, _TAKEN_OFFSET, _TAKEN_FRACTION = 0x9003, 0x9011, 0x9291
_LATITUDE, _LONGITUDE, _ALTITUDE = 2, 4, 6

_MOMENT = re.compile(r"([1-9]\d{3})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata in a photo's EXIF."""

    exif: Exif = field(default_factory=Exif)
    taken_at: Timestamp | None = None
    orientation: int = 1
    """1 to 8. 1 is upright. 5 to 8 swap width and height."""


def read(block: bytes) -> Metadata:
    """Return the metadata in an EXIF block, without invalid values."""
    main, details, position = _read_directories(block)
    orientation = get_first_integer(main.get(_ORIENTATION))
    return Metadata(
        exif=Exif(
            camera=_parse_camera(main),
            lens=_parse_text(details.get(_LENS_MODEL)),
            iso=_parse_iso(details.get(_ISO)),
            aperture=_parse_number(details.get(_F_NUMBER), above=0, digits=2),
            shutter=_parse_shutter(details.get(_EXPOSURE_TIME)),
            focal_length=_parse_number(details.get(_FOCAL_LENGTH), above=0, digits=2),
            **_parse_position(position),
        ),
        taken_at=_parse_taken_at(details),
        orientation=orientation if 1 <= orientation <= 8 else 1,
    )


def _read_directories(block: bytes) -> tuple[_Fields, _Fields, _Fields]:
    """Return the main directory, the camera's directory, and the GPS directory."""
    structure = Tiff(block.removeprefix(b"Exif\0\0"))
    directories: list[_Fields] = [{}, {}, {}]
    with suppress(struct.error):
        main = directories[0] = structure.read_fields(structure.first_directory)
        for index, pointer in ((1, _EXIF_IFD), (2, _GPS_IFD)):
            with suppress(struct.error):
                directories[index] = structure.read_fields(get_first_integer(main[pointer])) if pointer in main else {}
    return directories[0], directories[1], directories[2]


def _parse_text(value: Field | None) -> str | None:
    if not isinstance(value, str):
        return None
    printable = "".join(c for c in value.partition("\0")[0] if c.isprintable())
    return " ".join(printable.split())[:_LONGEST_TEXT] or None


def _parse_camera(main: _Fields) -> str | None:
    make, model = _parse_text(main.get(_MAKE)), _parse_text(main.get(_MODEL))
    if not make or not model:
        return make or model
    return model if model.lower().startswith(make.split()[0].lower()) else f"{make} {model}"[:_LONGEST_TEXT]


def _parse_number(value: Field | None, *, above: float = -1e9, digits: int = 7) -> float | None:
    """Return the first number of a field, rounded, if it is finite and between `above` and a billion, or else None."""
    first = value[0] if isinstance(value, tuple) and value else math.nan
    rounded = round(first, digits) if math.isfinite(first) else math.nan
    return rounded if above < rounded < 1e9 else None


def _parse_iso(value: Field | None) -> int | None:
    iso = _parse_number(value, above=0)
    return int(iso) if iso else None


def _parse_shutter(value: Field | None) -> str | None:
    seconds = _parse_number(value, above=0, digits=9)
    if seconds is None:
        return None
    # Use decimals for 0.3 s and longer, as ExifTool does.
    return f"{round(seconds, 1):g}" if seconds > 0.25 else f"1/{round(1 / seconds)}"


def _parse_position(gps: _Fields) -> dict[str, float | None]:
    latitude = _parse_degrees(gps.get(_LATITUDE), gps.get(_LATITUDE - 1), "S", 90)
    longitude = _parse_degrees(gps.get(_LONGITUDE), gps.get(_LONGITUDE - 1), "W", 180)
    if latitude is None or longitude is None:
        return {}
    altitude = _parse_number(gps.get(_ALTITUDE), digits=2)
    is_below_sea_level = gps.get(_ALTITUDE - 1) in (b"\1", (1,))
    return {
        "latitude": latitude,
        "longitude": longitude,
        "altitude": -altitude if altitude and is_below_sea_level else altitude,
    }


def _parse_degrees(value: Field | None, reference: Field | None, negative: str, limit: int) -> float | None:
    """Return degrees, minutes and seconds as one number, or None if they are invalid."""
    if not isinstance(value, tuple) or len(value) != 3 or not all(map(math.isfinite, value)):
        return None
    degrees = value[0] + value[1] / 60 + value[2] / 3600
    signed_degrees = round(-degrees if _parse_text(reference) == negative else degrees, 7)
    return signed_degrees if abs(signed_degrees) <= limit else None


def _parse_taken_at(details: _Fields) -> Timestamp | None:
    moment = _MOMENT.match(_parse_text(details.get(_TAKEN)) or "")
    if not moment:
        return None
    year, month, day, hour, minute, second = map(int, moment.groups())
    fraction = re.match(r"\d{1,6}", _parse_text(details.get(_TAKEN_FRACTION)) or "", re.ASCII)
    microsecond = int(fraction[0].ljust(6, "0")) if fraction else 0
    zone = _parse_zone(_OFFSET.fullmatch(_parse_text(details.get(_TAKEN_OFFSET)) or ""))
    with suppress(ValueError, OverflowError):
        return format_timestamp(datetime(year, month, day, hour, minute, second, microsecond, zone))
    return None


def _parse_zone(offset: re.Match[str] | None) -> timezone:
    """Return the camera's time zone, or UTC if the offset is missing or invalid."""
    with suppress(ValueError):
        if offset:
            difference = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            return timezone(difference if offset[1] == "+" else -difference)
    return UTC
