"""Ids and times. An id contains its creation time, so a photo's id contains the upload time."""

import re
from datetime import UTC, datetime, timedelta
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", str)
PhotoId = NewType("PhotoId", str)
AlbumId = NewType("AlbumId", str)
LinkId = NewType("LinkId", str)
Timestamp = NewType("Timestamp", str)
"""ISO 8601 in UTC with milliseconds and `Z`, so that text order is time order."""
LocalTime = NewType("LocalTime", str)
"""ISO 8601 to the second, without an offset: the clock at the place of a photo."""
UtcOffset = NewType("UtcOffset", str)
"""The offset of a local time from UTC, such as `+02:00`. At most 14 hours."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)

# A UUIDv7 is 48 bits of Unix milliseconds, then random bits around the fixed version and variant (RFC 9562, section
# 5.7). These are the masks of the fixed and of the random bits.
_UUID7_FIXED = (0x7 << 76) | (0b10 << 62)
_UUID7_RANDOM = (0xFFF << 64) | ((1 << 62) - 1)


def format_timestamp(moment: datetime) -> Timestamp:
    """Return `moment` as text."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return Timestamp(f"{utc.isoformat(timespec='milliseconds')}Z")


def create_photo_id(now: datetime, entropy: int) -> PhotoId:
    """Return a UUIDv7 of this millisecond. Its random bits are 74 bits of `entropy`."""
    return PhotoId(_create_uuid7(now, entropy))


def create_album_id(now: datetime, entropy: int) -> AlbumId:
    """Return a UUIDv7 as `create_photo_id` does. Albums sorted by id are in the order of their creation."""
    return AlbumId(_create_uuid7(now, entropy))


def create_link_id(now: datetime, entropy: int) -> LinkId:
    """Return a UUIDv7 as `create_photo_id` does. The id of a share link is no secret."""
    return LinkId(_create_uuid7(now, entropy))


def get_first_photo_id(moment: datetime) -> PhotoId:
    """Return the lowest id of an upload at `moment` or later. Use it to bound a range of ids by a time."""
    return PhotoId(str(UUID(int=(to_unix_milliseconds(moment) << 80) | _UUID7_FIXED)))


def is_photo_id(text: str) -> bool:
    """Return whether `text` is a lower-case UUIDv7 whose time is before the year 10000."""
    return _UUID7.fullmatch(text) is not None and UUID(text).int >> 80 <= _LAST_MILLISECOND


def is_album_id(text: str) -> bool:
    """Return whether `text` has the format of an album's id, which is the format of a photo's id."""
    return is_photo_id(text)


def get_upload_time(photo_id: PhotoId) -> Timestamp:
    """Return the time that the id contains."""
    return format_timestamp(_EPOCH + timedelta(milliseconds=UUID(photo_id).int >> 80))


def to_unix_milliseconds(moment: datetime) -> int:
    """Return Unix milliseconds, or 0 for a time before 1970."""
    return max((moment - _EPOCH) // timedelta(milliseconds=1), 0)


def _create_uuid7(now: datetime, entropy: int) -> str:
    return str(UUID(int=(to_unix_milliseconds(now) << 80) | _UUID7_FIXED | (entropy & _UUID7_RANDOM)))
