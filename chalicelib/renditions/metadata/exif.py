"""Read the EXIF fields of a photo (CIPA DC-008, EXIF 3.0). The fields are untrusted. Ignore invalid fields."""

import math
import struct
from contextlib import suppress
from typing import NamedTuple

from chalicelib.domain.photos import Exif
from chalicelib.renditions.metadata import xmp
from chalicelib.renditions.text import clean_line, decode_text
from chalicelib.renditions.tiff.structure import Field, Tiff, get_first_integer

type Fields = dict[int, Field]

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_EXPOSURE_TIME, _F_NUMBER, _ISO, _FOCAL_LENGTH, _LENS_MODEL = 0x829A, 0x829D, 0x8827, 0x920A, 0xA434
_APEX_SHUTTER_SPEED, _APEX_APERTURE = 0x9201, 0x9202
_SENSITIVITY_TYPE, _OUTPUT_SENSITIVITY, _EXPOSURE_INDEX, _ISO_SPEED = 0x8830, 0x8831, 0x8832, 0x8833
_SENSITIVITIES = {1: _OUTPUT_SENSITIVITY, 2: _EXPOSURE_INDEX, 3: _ISO_SPEED, 4: _EXPOSURE_INDEX}
"""The sensitivity that the field ISO repeats, by sensitivity type (EXIF 3.0, table 8)."""
_LARGEST_SHORT = 65535
_LARGEST_APEX = 20
_LONGEST_TEXT = 100
_LONGEST_FIELD = 20_000


class Directories(NamedTuple):
    """The fields of an EXIF block."""

    main: Fields
    """The fields of the file."""
    details: Fields
    """The fields of the camera, completed by the fields of the file."""
    gps: Fields
    structure: Tiff

    def read_raw(self, tag: int, limit: int = _LONGEST_FIELD) -> bytes:
        """Return a long field of the file, cut at `limit` bytes. Return no bytes if the field is missing."""
        with suppress(struct.error):
            return self.structure.read_raw(self.structure.first_directory, tag, limit)
        return b""

    @property
    def orientation(self) -> int:
        """Return 1 to 8. 1 is upright. 5 to 8 swap width and height."""
        orientation = get_first_integer(self.main.get(_ORIENTATION))
        return orientation if 1 <= orientation <= 8 else 1


def read_directories(block: bytes) -> Directories:
    """Return the fields in an EXIF block. A directory that is missing or broken is empty."""
    structure = Tiff(block.removeprefix(b"Exif\0\0"))
    main, details, gps = dict[int, Field](), dict[int, Field](), dict[int, Field]()
    with suppress(struct.error):
        main = structure.read_fields(structure.first_directory)
    for fields, pointer in ((details, _EXIF_IFD), (gps, _GPS_IFD)):
        with suppress(struct.error):
            fields |= structure.read_fields(get_first_integer(main[pointer])) if pointer in main else {}
    # Some editors write fields of the camera into the directory of the file.
    return Directories(main, main | details, gps, structure)


def read_settings(directories: Directories, properties: xmp.Properties) -> Exif:
    """Return camera, lens and exposure, without a position."""
    main, details = directories.main, directories.details
    return Exif(
        camera=_parse_camera(main),
        lens=parse_text(details.get(_LENS_MODEL)) or _read_lens(properties),
        iso=_parse_iso(details),
        aperture=parse_number(details.get(_F_NUMBER), above=0, digits=2) or _parse_apex_aperture(details),
        shutter=_parse_shutter(details),
        focal_length=parse_number(details.get(_FOCAL_LENGTH), above=0, digits=2),
    )


def get_text(value: Field | None) -> str:
    """Return the text of a field. Accept bytes too, because some programs write texts as bytes."""
    match value:
        case str():
            return value
        case bytes():
            return decode_text(value)
        case tuple() if value and all(isinstance(number, int) and 0 <= number < 256 for number in value):
            return decode_text(bytes(map(int, value)))
    return ""


def parse_text(value: Field | None) -> str | None:
    """Return a text of one line, or None if it has neither a letter nor a digit."""
    line = clean_line(get_text(value), _LONGEST_TEXT)
    return line if any(map(str.isalnum, line)) else None


def parse_number(value: Field | None, *, above: float = -1e9, digits: int = 7) -> float | None:
    """Return the first number of a field, rounded. Return None if it is not between `above` and a billion."""
    first = value[0] if isinstance(value, tuple) and value else math.nan
    rounded = round(first, digits) if math.isfinite(first) else math.nan
    return rounded if above < rounded < 1e9 else None


def _parse_camera(main: Fields) -> str | None:
    make, model = parse_text(main.get(_MAKE)), parse_text(main.get(_MODEL))
    if not make or not model:
        return make or model
    return model if model.lower().startswith(make.split()[0].lower()) else f"{make} {model}"[:_LONGEST_TEXT]


def _read_lens(properties: xmp.Properties) -> str | None:
    values = (*properties.get("exifEX:LensModel", []), *properties.get("aux:Lens", []))
    return next(filter(None, map(parse_text, values)), None)


def _parse_iso(details: Fields) -> int | None:
    """Return the sensitivity. ISO has 16 bits, so cameras write larger values into fields of 32 bits."""
    iso = _parse_sensitivity(details.get(_ISO))
    if iso and iso != _LARGEST_SHORT:
        return iso
    meant = _SENSITIVITIES.get(get_first_integer(details.get(_SENSITIVITY_TYPE)), _EXPOSURE_INDEX)
    tags = (meant, _EXPOSURE_INDEX, _ISO_SPEED, _OUTPUT_SENSITIVITY)
    return next(filter(None, (_parse_sensitivity(details.get(tag)) for tag in tags)), iso)


def _parse_sensitivity(value: Field | None) -> int | None:
    sensitivity = parse_number(value, above=0)
    return int(sensitivity) if sensitivity else None


def _parse_apex_aperture(details: Fields) -> float | None:
    """Return the f-number of an APEX value (EXIF 3.0, annex C)."""
    apex = _parse_apex(details.get(_APEX_APERTURE))
    return None if apex is None else round(2 ** (apex / 2), 1)


def _parse_apex(value: Field | None) -> float | None:
    apex = parse_number(value)
    return apex if apex is not None and abs(apex) <= _LARGEST_APEX else None


def _parse_shutter(details: Fields) -> str | None:
    seconds = parse_number(details.get(_EXPOSURE_TIME), above=0, digits=9)
    apex = _parse_apex(details.get(_APEX_SHUTTER_SPEED))
    if seconds is None and apex is not None:
        seconds = 2**-apex
    if seconds is None:
        return None
    # Use decimals for 0.3 s and longer, as ExifTool does.
    return f"{round(seconds, 1):g}" if seconds > 0.25 else f"1/{round(1 / seconds)}"
