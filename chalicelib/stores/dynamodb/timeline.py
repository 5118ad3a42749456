"""The order `taken` on DynamoDB. `items` builds its keys, and `months` counts the photos."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.domain.albums import Entry
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.domain.timeline import TakenRange
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, months, photo_rows
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write, build_update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoTimelineStore:
    """`TimelineStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._photos, self._accounts, self._entries = (
            settings.photo_table,
            settings.account_table,
            settings.entry_table,
        )

    def list_photos(self, owner: UserId, limit: int, part: TakenRange) -> list[Photo]:
        rows = self._query(self._photos, ("ownerKey", owner), "owner-taken", limit, part)
        return [items.decode_photo(row) for row in rows]

    def list_entries(self, album_id: AlbumId, limit: int, part: TakenRange, *, include_private: bool) -> list[Entry]:
        # Private photos are in a partition of their own, so that no other query can find them.
        lists = [items.build_taken_list(album_id, is_private=False)]
        lists += [items.build_taken_list(album_id, is_private=True)] if include_private else []
        rows = [row for name in lists for row in self._query(self._entries, ("takenList", name), "taken", limit, part)]
        rows.sort(key=lambda row: row["takenKey"]["S"], reverse=True)
        return [Entry(photo_id=PhotoId(row["photoId"]["S"]), sort_key=row["takenKey"]["S"]) for row in rows[:limit]]

    def count_by_month(self, owner: UserId) -> dict[str, int]:
        return months.read(self._calls, self._accounts, owner)

    def list_all_ids(self, owner: UserId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        return photo_rows.list_owned_ids(self._calls, self._photos, owner, limit, after or "")

    def reindex(self, photo: Photo) -> bool:
        target = photo.with_(revision=photo.revision + 1, outdated_taken_key=None)
        entry_puts = self._build_outdated_entries(target)
        if photo.outdated_taken_key is None and not entry_puts:
            return True
        now = int(self._clock())
        old, new = items.encode_photo(photo, now), items.encode_photo(target, now)
        key = items.build_photo_key(photo.photo_id)
        update = build_update(self._photos, key, old, new, revision=photo.revision)
        return not self._calls.transact([update, *entry_puts, *months.build_writes(self._accounts, photo, target)])

    def _build_outdated_entries(self, photo: Photo) -> list[Write]:
        """Return the writes of the photo's entries that an earlier release wrote last."""
        entries = items.encode_entries(photo)
        keys = [{name: row[name] for name in ("albumId", "photoId")} for row in entries.values()]
        stored = self._calls.read_all(self._entries, keys) if keys else []
        outdated = [row["albumId"]["S"] for row in stored if row != entries[AlbumId(row["albumId"]["S"])]]
        return [{"Put": {"TableName": self._entries, "Item": entries[AlbumId(album_id)]}} for album_id in outdated]

    def _query(
        self, table: str, partition: tuple[str, str], index: str, limit: int, part: TakenRange
    ) -> list[items.Item]:
        low = part.since or "0"
        # No key equals a bound, because a key is longer than a time.
        high = min(part.until or "~", items.get_key_below(part.after) if part.after else "~")
        if low > high:
            return []
        return self._calls.query(KeyRange(table, partition, ("takenKey", low, high), index), limit, forward=False)
