"""Ids and times, as the contract writes them: a photo's id holds the time of its upload."""

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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)

# A time-ordered id is 48 bits of Unix milliseconds, then random bits around the version and variant
# (RFC 9562, section 5.7); these are the fixed bits, and the random ones in between.
_UUID7_FIXED = (0x7 << 76) | (0b10 << 62)
_UUID7_RANDOM = (0xFFF << 64) | ((1 << 62) - 1)


def timestamp(moment: datetime) -> Timestamp:
    """`moment` as the contract writes times."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return Timestamp(f"{utc.isoformat(timespec='milliseconds')}Z")


def new_photo_id(now: datetime, entropy: int) -> PhotoId:
    """A UUIDv7 of this millisecond; `entropy` gives its random bits (74 of at least 128)."""
    return PhotoId(_uuid7(now, entropy))


def new_album_id(now: datetime, entropy: int) -> AlbumId:
    """An album's id, made as a photo's is: albums sort by it in the order of their making."""
    return AlbumId(_uuid7(now, entropy))


def new_link_id(now: datetime, entropy: int) -> LinkId:
    """A share link's id, made as a photo's is. It is no secret."""
    return LinkId(_uuid7(now, entropy))


def first_photo_id(moment: datetime) -> PhotoId:
    """The lowest id that an upload at `moment` or later can have: times become bounds on ids."""
    return PhotoId(str(UUID(int=(milliseconds(moment) << 80) | _UUID7_FIXED)))


def is_photo_id(text: str) -> bool:
    """Whether `text` is a UUIDv7 in lower case, so an id that this service can have made."""
    return _UUID7.fullmatch(text) is not None and UUID(text).int >> 80 <= _LAST_MILLISECOND


def is_album_id(text: str) -> bool:
    """Whether `text` can be an album's id; photos' have the same form."""
    return is_photo_id(text)


def uploaded_at(photo_id: PhotoId) -> Timestamp:
    """The time inside the id: the row's sort key follows from its partition key."""
    return timestamp(_EPOCH + timedelta(milliseconds=UUID(photo_id).int >> 80))


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds; 0 for whatever was before them."""
    return max((moment - _EPOCH) // timedelta(milliseconds=1), 0)


def _uuid7(now: datetime, entropy: int) -> str:
    return str(UUID(int=(milliseconds(now) << 80) | _UUID7_FIXED | (entropy & _UUID7_RANDOM)))
