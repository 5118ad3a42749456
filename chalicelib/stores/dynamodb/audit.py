"""Repairs of rows, for the reconciliation. Each repair fails if a row has changed since it was read."""

from collections.abc import Callable, Mapping
from itertools import batched
from typing import TYPE_CHECKING

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import PhotoId, Timestamp, UserId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.albums import encode_album
from chalicelib.stores.dynamodb.audited_rows import (
    ALBUM_KEYS,
    COUNTS,
    PHOTO_KEYS,
    TABLES,
    DynamoRowReader,
    locate_album,
    locate_photo,
)
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.dynamodb.raw_rows import MAX_REPLACEMENTS, DynamoRawRows, RawKey, Replacement
from chalicelib.stores.row_audit import (
    CountName,
    DerivedRow,
    RowId,
    StoredAccount,
    StoredAlbum,
    StoredLink,
    StoredPhoto,
    StoredRating,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAudit(DynamoRowReader):
    """`RowAudit` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._rows = DynamoRawRows(settings, dynamodb, clock)
        super().__init__(self._rows)

    def rewrite_photo(
        self, photo_id: PhotoId, stored: StoredPhoto | None, after: Photo | None, rows: Mapping[RowId, DerivedRow]
    ) -> bool:
        written: Item | None = None
        replacements = []
        if stored and after:
            written = _merge(stored, after)
            replacements.append(Replacement("photo_table", stored.row, written))
        expected = self.build_rows(after) if after else {}
        # Rows that are expected but not in `rows` may exist, because they can survive the loss of their photo's row.
        found = {**rows, **self.read_rows(row_id for row_id in expected if row_id not in rows)}
        for row_id in {**found, **expected}:
            before, wanted = ((row.row if row else None) for row in (found.get(row_id), expected.get(row_id)))
            if before != wanted:
                replacements.append(Replacement(TABLES[row_id.kind], before, wanted))
        first, *others = batched(replacements, MAX_REPLACEMENTS)
        unchanged: tuple[RawKey, Item | None] = (locate_photo(photo_id), written)
        return self._rows.replace(*first, unless_changed=[] if written else [unchanged]) and all(
            self._rows.replace(*batch, unless_changed=[unchanged]) for batch in others
        )

    def delete_rating(self, rating: StoredRating, stored: StoredPhoto | None) -> bool:
        unchanged: tuple[RawKey, Item | None] = (locate_photo(rating.photo_id), stored.row if stored else None)
        return self._rows.replace(Replacement("rating_table", rating.row, None), unless_changed=[unchanged])

    def set_counts(
        self, user_id: UserId, stored: StoredAccount | None, counts: Mapping[CountName, int], now: Timestamp
    ) -> bool:
        row = stored.row if stored else None
        before = row or {**items.build_account_key(user_id), "createdAt": {"S": now}}
        after = before | items.encode({COUNTS[name]: count for name, count in counts.items()})
        return self._rows.replace(Replacement("account_table", row, after))

    def make_account_due(self, stored: StoredAccount, due_at: Timestamp) -> bool:
        due = items.encode({"dueShard": "cancelled", "dueAt": due_at})
        kept = {name: value for name, value in stored.row.items() if name != "expiresAt"}
        return self._rows.replace(Replacement("account_table", stored.row, kept | due))

    def replace_month(
        self, user_id: UserId, record: str, before: Mapping[str, int] | None, after: Mapping[str, int]
    ) -> bool:
        key = {"userId": user_id, "record": record}
        old = items.encode({**key, **before}) if before is not None else None
        new = items.encode({**key, **after}) if after else None
        return self._rows.replace(Replacement("account_table", old, new))

    def set_album_counts(self, stored: StoredAlbum, photo_count: int, non_private_count: int) -> bool:
        counts = items.encode({"photoCount": photo_count, "openCount": non_private_count})
        return self._rows.replace(Replacement("album_table", stored.row, stored.row | counts))

    def replace_album(self, stored: StoredAlbum, after: Album) -> bool:
        old = encode_album(stored.album)
        kept = {name: value for name, value in stored.row.items() if name not in old and name not in ALBUM_KEYS}
        return self._rows.replace(Replacement("album_table", stored.row, kept | encode_album(after)))

    def delete_link(self, link: StoredLink) -> bool:
        unchanged: tuple[RawKey, None] = (locate_album(link.album_id), None)
        return self._rows.replace(Replacement("album_table", link.row, None), unless_changed=[unchanged])


def _merge(stored: StoredPhoto, after: Photo) -> Item:
    """Return the row with the changed attributes and the index keys of `after`. Keep unknown attributes."""
    old, new = items.encode_photo(stored.photo) if stored.photo else {}, items.encode_photo(after)
    kept = {name: value for name, value in stored.row.items() if name not in old and name not in PHOTO_KEYS}
    # The time at which a tombstone expires does not follow from the photo.
    return kept | new | {name: stored.row[name] for name in ("expiresAt",) if name in stored.row and name in new}
