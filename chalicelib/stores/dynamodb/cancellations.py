"""`Cancellations` on DynamoDB. The rows of albums, ratings and terms are removed here without those who made them."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, photo_rows, ratings
from chalicelib.stores.dynamodb.calls import Calls, Write
from chalicelib.stores.dynamodb.items import Item, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PAGE = 100
_DUE = "cancelled"
_NAMES = ("0", "~")


class DynamoCancellations:
    """`Cancellations` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._photos, self._accounts, self._terms = settings.photo_table, settings.account_table, settings.term_table
        self._albums, self._entries, self._ratings = settings.album_table, settings.entry_table, settings.rating_table

    def begin(self, user_id: UserId, now: Timestamp, due_at: Timestamp) -> None:
        self._set(user_id, "attribute_not_exists(cancelledAt)", cancelledAt=now, dueShard=_DUE, dueAt=due_at)

    def cancelled_at(self, user_id: UserId) -> Timestamp | None:
        item = self._calls.read(self._accounts, items.account_key(user_id))
        return Timestamp(item["cancelledAt"]["S"]) if item and "dueAt" in item else None

    def postpone(self, user_id: UserId, due_at: Timestamp) -> None:
        self._set(user_id, "attribute_exists(dueAt)", dueAt=due_at)

    def due(self, now: Timestamp, limit: int) -> list[UserId]:
        rows = self._calls.query(self._accounts, "due", ("dueShard", _DUE), ("dueAt", "0", now), limit)
        return [UserId(row["userId"]["S"]) for row in rows]

    def purge_albums(self, user_id: UserId) -> int:
        # Those that were deleted before are in a partition of their own until their photos have left them.
        for owner_key in (user_id, f"{user_id}#deleted"):
            for rows in self._pages(self._albums, "owner", ("ownerKey", owner_key), "albumId"):
                if found := sum(self._purge_album(AlbumId(row["albumId"]["S"])) for row in rows):
                    return found
        return 0

    def purge_photos(self, user_id: UserId) -> int:
        for rows in self._pages(self._photos, "owner", ("userId", user_id), "photoId"):
            found = self._read_photos(rows)
            for photo in found.values():
                self._purge_photo(photo)
            if found:
                return len(found)
        return 0

    def purge_ratings(self, user_id: UserId) -> int:
        for rows in self._pages(self._ratings, "rater", ("userId", user_id), "photoId"):
            keys = [{name: row[name] for name in ("photoId", "userId")} for row in rows]
            given = self._calls.read_all(self._ratings, keys)
            rated = self._read_photos(given)
            for row in given:
                self._calls.transact(self._withdrawal(row, rated.get(PhotoId(row["photoId"]["S"]))))
            if given:
                return len(given)
        return 0

    def purge_records(self, user_id: UserId) -> int:
        rows = self._calls.query(self._accounts, None, ("userId", user_id), ("record", *_NAMES), _PAGE, consistent=True)
        beside = [row for row in rows if row["record"]["S"] != "account"]
        self._delete(self._accounts, [{name: row[name] for name in ("userId", "record")} for row in beside])
        return len(beside)

    def end(self, user_id: UserId, due_at: Timestamp | None) -> None:
        cancelled_at = self.cancelled_at(user_id)
        if cancelled_at is None:
            return
        left = {"userId": user_id, "record": "account", "cancelledAt": cancelled_at}
        expires_at = int(self._clock()) + items.TOMBSTONE_SECONDS
        left |= {"dueShard": _DUE, "dueAt": due_at} if due_at else {"expiresAt": expires_at}  # type: ignore[dict-item]
        put = {"TableName": self._accounts, "Item": items.encode(left)}
        self._calls.transact([{"Put": put | {"ConditionExpression": "attribute_exists(dueAt)"}}])

    def _set(self, user_id: UserId, condition: str, **values: str) -> None:
        """Set these of the account's values, where the condition holds."""
        update = {
            "TableName": self._accounts,
            "Key": items.account_key(user_id),
            "UpdateExpression": f"SET {', '.join(f'{name} = :{name}' for name in values)}",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in values.items()},
        }
        self._calls.transact([{"Update": update}])

    def _pages(self, table: str, index: str, partition: tuple[str, str], sort: str) -> Iterator[list[Item]]:
        """All rows of an index's partition, a page at a time."""
        low = "0"
        while rows := self._calls.query(table, index, partition, (sort, low, "~"), _PAGE):
            yield rows
            low = f"{rows[-1][sort]['S']}0"

    def _read_photos(self, rows: list[Item]) -> dict[PhotoId, Photo]:
        return photo_rows.read(self._calls, self._photos, (PhotoId(row["photoId"]["S"]) for row in rows))

    def _purge_album(self, album_id: AlbumId) -> int:
        found, span = 0, ("record", *_NAMES)
        # Until there are none: with the album's own row gone, nothing else finds a link that was made meanwhile.
        while rows := self._calls.query(self._albums, None, ("albumId", album_id), span, None, consistent=True):
            # The album's own row goes last: its links are found by it.
            rows.sort(key=lambda row: row["record"]["S"] == "album")
            self._delete(self._albums, [{name: row[name] for name in ("albumId", "record")} for row in rows])
            found += len(rows)
        return found

    def _purge_photo(self, photo: Photo) -> None:
        """One step with a photo, which somebody else may have changed: then the next pass takes it."""
        for album_id in photo.albums:
            # The index of albums may not hold it any more: it may have been on its way out before.
            self._purge_album(album_id)
        if photo.status == "erased":
            of_photo = ("photoId", photo.photo_id)
            rows = self._calls.query(self._ratings, None, of_photo, ("userId", *_NAMES), None, consistent=True)
            self._delete(self._ratings, [{name: row[name] for name in ("photoId", "userId")} for row in rows])
        if photo.rating_count:
            # A tombstone takes no rating, so that those that are there can be removed before it.
            tombstone = items.photo_item(photo.tombstone(photo.due_at or photo.uploaded_at), int(self._clock()))
            write: Write = {"Put": {"TableName": self._photos, "Item": tombstone}}
        else:
            key = items.photo_key(photo.photo_id)
            write = {"Delete": {"TableName": self._photos, "Key": key}}
        (changed,) = write.values()
        rated = "ratingCount = :count" if photo.rating_count else "attribute_not_exists(ratingCount)"
        sent = {":revision": photo.revision, **({":count": photo.rating_count} if photo.rating_count else {})}
        changed |= {
            "ConditionExpression": f"revision = :revision AND {rated}",
            "ExpressionAttributeValues": items.encode(sent),
        }
        self._calls.transact([write, *self._derived(photo)])

    def _derived(self, photo: Photo) -> list[Write]:
        """The removal of every row that follows from a photo's own."""
        terms, entries, digest = items.term_items(photo), items.entry_items(photo), items.digest_item(photo)
        found = [(self._terms, ("ownerTerm", "photoId"), row) for row in terms.values()]
        found += [(self._entries, ("albumId", "photoId"), row) for row in entries.values()]
        found += [(self._accounts, ("userId", "record"), digest)] if digest else []
        return [_deletion(table, {name: row[name] for name in names}) for table, names, row in found]

    def _withdrawal(self, row: Item, photo: Photo | None) -> list[Write]:
        """The removal of a rating, and of its part in the sums of a photo that is still there."""
        deletion = _deletion(self._ratings, {name: row[name] for name in ("photoId", "userId")})
        deletion["Delete"] |= {
            "ConditionExpression": "rating = :rating",
            "ExpressionAttributeValues": {":rating": row["rating"]},
        }
        return [deletion, *(ratings.sums(self._photos, photo, int(row["rating"]["N"]), None) if photo else [])]

    def _delete(self, table: str, keys: list[Key]) -> None:
        # As transactions: one that meets another is repeated, where a plain batch would fail.
        for start in range(0, len(keys), _PAGE):
            self._calls.transact([_deletion(table, key) for key in keys[start : start + _PAGE]])


def _deletion(table: str, key: Key) -> Write:
    return {"Delete": {"TableName": table, "Key": key}}
