"""Write copied photos to DynamoDB, each with its derived rows in one transaction."""

from collections.abc import Callable, Iterable

from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.copies import PhotoCopy
from chalicelib.stores.dynamodb import items, months, photo_rows, term_rows
from chalicelib.stores.dynamodb.calls import Calls, Write
from chalicelib.stores.dynamodb.items import Item, Key

_MAX_WRITES = 100
"""The largest transaction. AWS contract DDB-2."""


class CopiedPhotos:
    """The photos of a copy. No other process may write to the tables."""

    def __init__(self, settings: Settings, calls: Calls, clock: Callable[[], float]) -> None:
        self._settings, self._calls, self._clock = settings, calls, clock

    def read(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Photo]:
        """Return the photos that exist, as their rows are now."""
        return photo_rows.read(self._calls, self._settings.photo_table, photo_ids)

    def replace(self, before: Photo | None, photo: Photo, after: PhotoCopy | None) -> None:
        """Replace the rows of `before` with those of `after`. None means no photo. `photo` is one of the two.

        Raises:
            Busy: another process has changed the photo.
        """
        writes = self._build_writes(before, photo, after)
        if len(writes) > _MAX_WRITES and before and after:
            # If the process is killed between both transactions, the next run of the copy adds the photo.
            self.replace(before, photo, None)
            self.replace(None, photo, after)
        elif self._calls.transact(writes):
            raise Busy("Another process writes to the target.")

    def _build_writes(self, before: Photo | None, photo: Photo, after: PhotoCopy | None) -> list[Write]:
        old, new = self._encode_derived_rows(before), self._encode_derived_rows(after.photo if after else None)
        writes = [self._build_own_write(before, photo, after)]
        for row_id, (key, row) in {**old, **new}.items():
            if row_id not in new:
                writes.append({"Delete": {"TableName": row_id[0], "Key": key}})
            elif old.get(row_id) != (key, row):
                writes.append({"Put": {"TableName": row_id[0], "Item": row}})
        nothing = photo.with_(status="erased", outdated_taken_key=None)
        counted = (before or nothing, after.photo if after else nothing)
        return writes + months.build_writes(self._settings.account_table, *counted)

    def _encode_derived_rows(self, photo: Photo | None) -> dict[tuple[str, ...], tuple[Key, Item]]:
        """Return the rows that are written with a photo, except its month, with their primary keys."""
        if photo is None:
            return {}
        rows = [(self._settings.term_table, term_rows.KEY, row) for row in term_rows.encode_terms(photo).values()]
        entries = items.encode_entries(photo).values()
        rows += [(self._settings.entry_table, ("albumId", "photoId"), row) for row in entries]
        if digest := items.encode_digest(photo):
            rows.append((self._settings.account_table, ("userId", "record"), digest))
        return {
            (table, *(row[name]["S"] for name in names)): ({name: row[name] for name in names}, row)
            for table, names, row in rows
        }

    def _build_own_write(self, before: Photo | None, photo: Photo, after: PhotoCopy | None) -> Write:
        if before:
            condition, values = "revision = :revision", {":revision": before.revision}
        else:
            # An expired tombstone does not exist.
            condition, values = "attribute_not_exists(photoId) OR expiresAt <= :now", {":now": int(self._clock())}
        target = {
            "TableName": self._settings.photo_table,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": items.encode(values),
        }
        if after is None:
            return {"Delete": target | {"Key": items.build_photo_key(photo.photo_id)}}
        return {"Put": target | {"Item": _encode(after)}}


def _encode(copy: PhotoCopy) -> items.Item:
    item = items.encode_photo(copy.photo)
    times = {"sweepAt": copy.sweep_at, "expiresAt": copy.expires_at}
    return item | items.encode({name: value for name, value in times.items() if value is not None})
