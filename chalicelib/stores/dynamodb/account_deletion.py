"""Deletion of accounts on DynamoDB: delete an account's rows from every table, one batch per call."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.photos import TOMBSTONE_SECONDS, Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, photo_rows, ratings, term_rows
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write
from chalicelib.stores.dynamodb.items import Item, Key, PlainItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The largest transaction. AWS contract DDB-2.
_PAGE = 100
_DUE = "cancelled"
_ALL_KEYS = ("0", "~")


class DynamoAccountDeletionStore:
    """`AccountDeletionStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls, self._clock = Calls(dynamodb, clock), clock
        self._photos, self._accounts, self._terms = settings.photo_table, settings.account_table, settings.term_table
        self._albums, self._entries, self._ratings = settings.album_table, settings.entry_table, settings.rating_table

    def cancel_account(self, user_id: UserId, now: Timestamp, due_at: Timestamp) -> None:
        self._update_account(user_id, "attribute_not_exists(cancelledAt)", cancelledAt=now, dueShard=_DUE, dueAt=due_at)

    def get_cancellation_time(self, user_id: UserId) -> Timestamp | None:
        item = self._calls.read(self._accounts, items.build_account_key(user_id))
        return Timestamp(item["cancelledAt"]["S"]) if item and "dueAt" in item else None

    def postpone(self, user_id: UserId, due_at: Timestamp) -> None:
        self._update_account(user_id, "attribute_exists(dueAt)", dueAt=due_at)

    def list_due(self, now: Timestamp, limit: int) -> list[UserId]:
        keys = KeyRange(self._accounts, ("dueShard", _DUE), ("dueAt", "0", now), "due")
        return [UserId(row["userId"]["S"]) for row in self._calls.query(keys, limit)]

    def purge_albums(self, user_id: UserId) -> int:
        # A deleted album is in a separate partition until its last photo has left.
        for owner_key in (user_id, f"{user_id}#deleted"):
            for rows in self._iterate_pages(self._albums, "owner", ("ownerKey", owner_key), "albumId"):
                if deleted := sum(self._purge_album(AlbumId(row["albumId"]["S"])) for row in rows):
                    return deleted
        return 0

    def purge_photos(self, user_id: UserId) -> int:
        for rows in self._iterate_pages(self._photos, "owner", ("userId", user_id), "photoId"):
            photos = self._read_photos(rows)
            for photo in photos.values():
                self._purge_photo(photo)
            if photos:
                return len(photos)
        return 0

    def purge_ratings(self, user_id: UserId) -> int:
        for rows in self._iterate_pages(self._ratings, "rater", ("userId", user_id), "photoId"):
            keys = [{name: row[name] for name in ("photoId", "userId")} for row in rows]
            rating_rows = self._calls.read_all(self._ratings, keys)
            photos = self._read_photos(rating_rows)
            for row in rating_rows:
                self._calls.transact(self._build_rating_deletes(row, photos.get(PhotoId(row["photoId"]["S"]))))
            if rating_rows:
                return len(rating_rows)
        return 0

    def purge_records(self, user_id: UserId) -> int:
        keys = KeyRange(self._accounts, ("userId", user_id), ("record", *_ALL_KEYS))
        rows = self._calls.query(keys, _PAGE, consistent=True)
        others = [row for row in rows if row["record"]["S"] != "account"]
        self._delete(self._accounts, [{name: row[name] for name in ("userId", "record")} for row in others])
        return len(others)

    def finish_purge_run(self, user_id: UserId, due_at: Timestamp | None) -> None:
        cancelled_at = self.get_cancellation_time(user_id)
        if cancelled_at is None:
            return
        marker: PlainItem = {"userId": user_id, "record": "account", "cancelledAt": cancelled_at}
        expires_at = int(self._clock()) + TOMBSTONE_SECONDS
        marker |= {"dueShard": _DUE, "dueAt": due_at} if due_at else {"expiresAt": expires_at}
        put = {"TableName": self._accounts, "Item": items.encode(marker)}
        self._calls.transact([{"Put": put | {"ConditionExpression": "attribute_exists(dueAt)"}}])

    def _update_account(self, user_id: UserId, condition: str, **values: str) -> None:
        """Set values of the account if the condition is true."""
        update = {
            "TableName": self._accounts,
            "Key": items.build_account_key(user_id),
            "UpdateExpression": f"SET {', '.join(f'{name} = :{name}' for name in values)}",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in values.items()},
        }
        self._calls.transact([{"Update": update}])

    def _iterate_pages(self, table: str, index: str, partition: tuple[str, str], sort: str) -> Iterator[list[Item]]:
        """Yield all rows of an index's partition, a page at a time."""
        low = "0"
        while rows := self._calls.query(KeyRange(table, partition, (sort, low, "~"), index), _PAGE):
            yield rows
            low = f"{rows[-1][sort]['S']}0"

    def _read_photos(self, rows: list[Item]) -> dict[PhotoId, Photo]:
        return photo_rows.read(self._calls, self._photos, (PhotoId(row["photoId"]["S"]) for row in rows))

    def _purge_album(self, album_id: AlbumId) -> int:
        deleted, keys = 0, KeyRange(self._albums, ("albumId", album_id), ("record", *_ALL_KEYS))
        # Repeat until no row is left. A client may add a link meanwhile, and only the album's row leads to it.
        while rows := self._calls.query(keys, None, consistent=True):
            # Delete the album's own row last, because a later purge finds the links by that row.
            rows.sort(key=lambda row: row["record"]["S"] == "album")
            self._delete(self._albums, [{name: row[name] for name in ("albumId", "record")} for row in rows])
            deleted += len(rows)
        return deleted

    def _purge_photo(self, photo: Photo) -> None:
        """Purge a photo unless another writer has changed it. The next purge handles a changed photo."""
        for album_id in photo.memberships:
            # An album whose deletion was under way may be missing from the index of albums.
            self._purge_album(album_id)
        if photo.status == "erased":
            keys = KeyRange(self._ratings, ("photoId", photo.photo_id), ("userId", *_ALL_KEYS))
            rows = self._calls.query(keys, None, consistent=True)
            self._delete(self._ratings, [{name: row[name] for name in ("photoId", "userId")} for row in rows])
        if photo.rating_count:
            # Replace the photo with a tombstone first. A tombstone gets no new ratings, so the next purge can delete
            # the current ratings and then the tombstone.
            tombstone = items.encode_photo(photo.to_tombstone(photo.due_at or photo.uploaded_at), int(self._clock()))
            write: Write = {"Put": {"TableName": self._photos, "Item": tombstone}}
        else:
            write = _build_delete(self._photos, items.build_photo_key(photo.photo_id))
        (target,) = write.values()
        count_condition = "ratingCount = :count" if photo.rating_count else "attribute_not_exists(ratingCount)"
        values = {":revision": photo.revision, **({":count": photo.rating_count} if photo.rating_count else {})}
        target |= {
            "ConditionExpression": f"revision = :revision AND {count_condition}",
            "ExpressionAttributeValues": items.encode(values),
        }
        self._calls.transact([write, *self._build_derived_deletes(photo)])

    def _build_derived_deletes(self, photo: Photo) -> list[Write]:
        """Return the deletions of every row that is derived from a photo."""
        terms, entries, digest = term_rows.encode_terms(photo), items.encode_entries(photo), items.encode_digest(photo)
        rows = [(self._terms, term_rows.KEY, row) for row in terms.values()]
        rows += [(self._entries, ("albumId", "photoId"), row) for row in entries.values()]
        rows += [(self._accounts, ("userId", "record"), digest)] if digest else []
        return [_build_delete(table, {name: row[name] for name in names}) for table, names, row in rows]

    def _build_rating_deletes(self, row: Item, photo: Photo | None) -> list[Write]:
        """Return the writes that delete a rating and, if its photo still exists, subtract it from the photo's sums."""
        deletion = _build_delete(self._ratings, {name: row[name] for name in ("photoId", "userId")})
        deletion["Delete"] |= {
            "ConditionExpression": "rating = :rating",
            "ExpressionAttributeValues": {":rating": row["rating"]},
        }
        return [
            deletion,
            *(ratings.build_sum_writes(self._photos, photo, int(row["rating"]["N"]), None) if photo else []),
        ]

    def _delete(self, table: str, keys: list[Key]) -> None:
        # Transactions are retried after a conflict with another one. A plain batch would fail.
        for start in range(0, len(keys), _PAGE):
            self._calls.transact([_build_delete(table, key) for key in keys[start : start + _PAGE]])


def _build_delete(table: str, key: Key) -> Write:
    return {"Delete": {"TableName": table, "Key": key}}
