"""Storage contract of the order `taken`. The rules in `protocols` apply."""

from typing import Protocol

from chalicelib.domain.albums import Entry
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.domain.timeline import TakenRange


class TimelineStore(Protocol):
    """Photos in the order of `Photo.taken_key`, and their number in each month.

    Both change with the photo or not at all. Photos that an earlier release stored are missing until they are changed
    or reindexed.
    """

    def list_photos(self, owner: UserId, limit: int, part: TakenRange) -> list[Photo]:
        """Return up to `limit` listed photos of a user from a part of the order, newest first."""

    def list_entries(self, album_id: AlbumId, limit: int, part: TakenRange, *, include_private: bool) -> list[Entry]:
        """Return up to `limit` photos of an album from a part of the order, newest first.

        Include private photos only if `include_private`. The sort key of an entry is the `taken_key` of the photo.
        """

    def count_by_month(self, owner: UserId) -> dict[str, int]:
        """Return the number of a user's listed photos by the month of their local time, such as `2026-08`.

        The counts are positive, and reflect every acknowledged write.
        """

    def list_all_ids(self, owner: UserId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        """Return up to `limit` ids of the user's photos, tombstones included, that follow `after`, oldest first."""

    def reindex(self, photo: Photo) -> bool:
        """List and count a photo that an earlier release has changed last. Repeated calls change nothing.

        Return False and change nothing if another writer has changed the photo since it was read.
        """
