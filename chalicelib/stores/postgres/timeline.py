"""The order `taken` on PostgreSQL. `months` counts the photos."""

from collections.abc import Callable

from chalicelib.domain.albums import Entry
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.domain.timeline import TakenRange
from chalicelib.stores.postgres import months
from chalicelib.stores.postgres.albums import choose_entries
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.photo_lists import build_page, list_owned_ids
from chalicelib.stores.postgres.rows import LAST_CHARACTER, decode_photo

_IN_RANGE = "taken_key >= %s AND taken_key < %s"


class PostgresTimelineStore:
    """`TimelineStore` on a database. No earlier release has written to it, so all photos are listed and counted."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def list_photos(self, owner: UserId, limit: int, part: TakenRange) -> list[Photo]:
        statement = build_page(f" AND {_IN_RANGE}", "l.taken_key DESC")
        rows = self._database.read(statement, build_name("owner", owner), *_get_bounds(part), limit)
        return [*map(decode_photo, rows)]

    def list_entries(self, album_id: AlbumId, limit: int, part: TakenRange, *, include_private: bool) -> list[Entry]:
        rows = self._database.read(
            f"SELECT photo_id, taken_key FROM {choose_entries(include_private)} "
            f"WHERE album_id = %s AND {_IN_RANGE} ORDER BY taken_key DESC LIMIT %s",
            *(album_id, *_get_bounds(part), limit),
        )
        return [Entry(photo_id=photo_id, sort_key=taken_key) for photo_id, taken_key in rows]

    def count_by_month(self, owner: UserId) -> dict[str, int]:
        return months.read(self._database, owner)

    def list_all_ids(self, owner: UserId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        return list_owned_ids(self._database, owner, limit, after or "", self._clock())

    def reindex(self, photo: Photo) -> bool:
        statement = "SELECT 1 FROM photos WHERE photo_id = %s AND revision = %s"
        return bool(self._database.read(statement, photo.photo_id, photo.revision))


def _get_bounds(part: TakenRange) -> tuple[str, str]:
    """Return the lowest key of a part of the order, and the key at which the part ends."""
    # No key equals a time, because a key is longer.
    return part.since or "", min(part.until or LAST_CHARACTER, part.after or LAST_CHARACTER)
