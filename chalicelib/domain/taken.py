"""The time at which a photo was taken: the local time, its offset from UTC, and the moment in UTC.

The moment follows from the other two. If the offset is unknown, the moment is the local time read as UTC.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.ids import LocalTime, Timestamp, UtcOffset, format_timestamp
from chalicelib.domain.photos import Photo

MAX_OFFSET = timedelta(hours=14)
"""The largest offset from UTC in both directions. No place has used a larger one."""


class Taken(NamedTuple):
    """The time of a photo. All three are None if the time is unknown."""

    local: LocalTime | None = None
    offset: UtcOffset | None = None
    at: Timestamp | None = None


def build_taken(local: datetime, offset: timedelta | None) -> Taken:
    """Return the time of a photo. `local` has no time zone, and `offset` has whole minutes.

    Raises:
        OverflowError: the moment is outside the years 1 to 9999.
    """
    text = None if offset is None else format_offset(offset)
    moment = datetime.fromisoformat(f"{local.isoformat()}{text or '+00:00'}")
    return Taken(LocalTime(local.isoformat(timespec="seconds")), text, format_timestamp(moment))


def format_offset(offset: timedelta) -> UtcOffset:
    """Return an offset as text."""
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return UtcOffset(f"{'-' if offset < timedelta() else '+'}{hours:02}:{minutes:02}")


def build_taken_changes(photo: Photo, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes to a photo for the `taken_local` and `taken_offset` that its owner sent.

    Raises:
        InvalidRequest: the date does not exist, or there is an offset but no local time.
    """
    if not {"taken_local", "taken_offset"} & sent.keys():
        return {}
    local = sent.get("taken_local", photo.taken_local)
    offset = sent.get("taken_offset", None if "taken_local" in sent and local is None else photo.taken_offset)
    if local is None:
        if offset is not None:
            raise InvalidRequest(
                "An offset needs a local time. Send `takenLocal` too.", details={"field": "takenOffset"}
            )
        # The moment of an older photo is known although its local time is not.
        return {"taken_local": None, "taken_offset": None} | ({"taken_at": None} if "taken_local" in sent else {})
    # The local time has no fraction of a second. Keep the fraction of the moment unless the owner changes the time.
    is_unchanged = photo.taken_at is not None and local == photo.taken_local
    fraction = photo.taken_at[-5:-1] if photo.taken_at and is_unchanged else ""
    try:
        moment = format_timestamp(datetime.fromisoformat(f"{local}{fraction}{offset or '+00:00'}"))
    except (ValueError, OverflowError) as e:
        raise InvalidRequest("The date does not exist.", details={"field": "takenLocal"}) from e
    return {
        "taken_local": local,
        "taken_offset": UtcOffset("+00:00") if offset == "-00:00" else offset,
        "taken_at": moment,
    }
