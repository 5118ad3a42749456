"""Choose the time at which a photo was taken from all dates in its metadata.

The dates of taking the picture come first, then those of its creation, then those of its digitization.
EXIF's DateTime and the file times of PNG are times of the last change. They are not used, as in ExifTool and Immich.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.domain.taken import MAX_OFFSET, Taken, build_taken
from chalicelib.renditions.metadata import xmp
from chalicelib.renditions.metadata.dates import Reading, parse_date, parse_offset
from chalicelib.renditions.metadata.exif import Directories, Fields, get_text

_ORIGINAL, _DIGITIZED = 0x9003, 0x9004
_FRACTIONS = {_ORIGINAL: (0x9291, 0x9290), _DIGITIZED: (0x9292, 0x9290)}
_OFFSETS = {_ORIGINAL: (0x9011, 0x9012, 0x9010), _DIGITIZED: (0x9012, 0x9011, 0x9010)}
"""The fields with the offset of a date. The date's own field is first."""
_GPS_TIME, _GPS_DATE = 7, 29
_XMP_DATES = ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate")
_PNG_DATES = ("exif:DateTimeOriginal", "Creation Time", "exif:DateTimeDigitized")
_OFFSET_STEP, _OFFSET_TOLERANCE = timedelta(minutes=30), timedelta(minutes=1)


def choose_taken(
    directories: Directories, properties: xmp.Properties, texts: Mapping[str, str], iptc_date: str
) -> Taken:
    """Return the time of the photo. All its fields are None if no date is possible."""
    gps_moment = _read_gps_moment(directories.gps)
    readings = list(_iterate_readings(directories.details, properties, texts, iptc_date))
    if gps_moment:
        readings.append(Reading(gps_moment, timedelta()))
    if not readings:
        return Taken()
    chosen = _find_time(readings)
    offset = chosen.offset
    if offset is None:
        offset = _find_offset(chosen, readings, directories.details)
    if offset is None and gps_moment and chosen.has_time:
        offset = _infer_offset(chosen.local, gps_moment)
    with suppress(OverflowError):
        return build_taken(chosen.local, offset)
    return Taken()


def _iterate_readings(
    details: Fields, properties: xmp.Properties, texts: Mapping[str, str], iptc_date: str
) -> Iterator[Reading]:
    candidates = [
        _read_exif_date(details, _ORIGINAL),
        *(parse_date(value) for name in _XMP_DATES for value in properties.get(name, [])[:1]),
        _read_exif_date(details, _DIGITIZED),
        *(parse_date(value) for value in properties.get("exif:DateTimeDigitized", [])[:1]),
        *(parse_date(texts.get(keyword, "")) for keyword in _PNG_DATES),
        parse_date(iptc_date),
    ]
    yield from filter(None, candidates)


def _read_exif_date(details: Fields, tag: int) -> Reading | None:
    fraction = next(filter(None, (get_text(details.get(field)) for field in _FRACTIONS[tag])), "")
    reading = parse_date(get_text(details.get(tag)), fraction)
    if reading is None or reading.offset is not None:
        return reading
    return reading._replace(offset=_read_offset(details, tag))


def _read_offset(details: Fields, tag: int) -> timedelta | None:
    offsets = (parse_offset(get_text(details.get(field))) for field in _OFFSETS[tag])
    return next((offset for offset in offsets if offset is not None), None)


def _find_time(readings: list[Reading]) -> Reading:
    """Return the first date. If it has no time of day, return another date of the same day with a time."""
    first = readings[0]
    same_day = (reading for reading in readings if reading.has_time and reading.local.date() == first.local.date())
    return first if first.has_time else next(same_day, first)


def _find_offset(chosen: Reading, readings: list[Reading], details: Fields) -> timedelta | None:
    """Return the offset of another date with the same local time, or else an offset in EXIF."""
    local = chosen.local.replace(microsecond=0)
    offsets = (reading.offset for reading in readings if reading.local.replace(microsecond=0) == local)
    return next((offset for offset in offsets if offset is not None), _read_offset(details, _ORIGINAL))


def _read_gps_moment(gps: Fields) -> datetime | None:
    """Return the moment of the position in UTC, without a time zone."""
    reading, clock = parse_date(get_text(gps.get(_GPS_DATE))), gps.get(_GPS_TIME)
    if reading is None or not isinstance(clock, tuple) or len(clock) != 3:
        return None
    with suppress(ValueError, OverflowError):
        hours, minutes, seconds = clock
        if 0 <= hours <= 24 and 0 <= minutes < 60 and 0 <= seconds < 61:
            midnight = reading.local.replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight + timedelta(hours=hours % 24, minutes=minutes, seconds=int(seconds))
    return None


def _infer_offset(local: datetime, gps_moment: datetime) -> timedelta | None:
    """Return the difference to the time of the satellites if it is nearly a whole number of half hours.

    A position can be older than its photo, so other differences prove nothing.
    """
    difference = local.replace(microsecond=0) - gps_moment
    steps = round(difference / _OFFSET_STEP)
    offset = steps * _OFFSET_STEP
    is_plausible = abs(difference - offset) <= _OFFSET_TOLERANCE and abs(offset) <= MAX_OFFSET
    return offset if is_plausible else None
