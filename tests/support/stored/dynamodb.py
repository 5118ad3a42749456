"""The rows of DynamoDB, on moto."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.dynamodb.models import dynamodb_backends

from chalicelib import wiring
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items, term_rows
from chalicelib.stores.dynamodb.stores import build_stores
from tests.support.fast_moto import copy_table
from tests.support.moto_data import Row, read_rows
from tests.support.rows import OneAtATime, empty
from tests.support.stored.facts import Derived, Entry, Restore

_ISOLATED = ("photos", "accounts", "albums", "links", "ratings", "idempotency", "search", "timeline")
_KEY = ("userId", "record", "dueShard")


class DynamoStored:
    """`Stored` on DynamoDB."""

    writes = "TransactWriteItems"

    def __init__(self, settings: Settings, client: Any) -> None:
        self.client, self._settings = client, settings
        self.accounts = self._settings.account_table

    def list_photos(self) -> list[Photo]:
        return [*map(items.decode_photo, self._read(self._settings.photo_table))]

    def list_albums(self) -> list[Album]:
        rows = [row for row in self._read(self._settings.album_table) if row["record"]["S"] == "album"]
        return [msgspec.convert(items.decode(row), Album) for row in rows]

    def list_ratings(self) -> dict[tuple[str, str], int]:
        rows = map(items.decode, self._read(self._settings.rating_table))
        return {(row["photoId"], row["userId"]): row["rating"] for row in rows}

    def list_entries(self) -> list[Entry]:
        rows = self._read(self._settings.entry_table)
        return [Entry(row["albumId"]["S"], row["photoId"]["S"], "openKey" in row) for row in rows]

    def list_link_albums(self) -> list[str]:
        rows = self._read(self._settings.album_table)
        return [row["albumId"]["S"] for row in rows if row["record"]["S"].startswith("link#")]

    def count_albums(self, user_id: str) -> int:
        return int(self.read_account(user_id).get("albumCount", 0))

    def count_months(self, user_id: str) -> dict[str, int]:
        return build_stores(self._settings, self.client).timeline.count_by_month(UserId(user_id))

    def list_derived(self, user_id: str, photo_ids: set[str]) -> Derived:
        settings = self._settings
        terms = [row for row in self._read(settings.term_table) if row["ownerPart"]["S"].startswith(f"{user_id}#")]
        entries = [row for row in self._read(settings.entry_table) if row["photoId"]["S"] in photo_ids]
        scores = {row["photoId"]["S"]: row.get("score") for row in self._read(settings.photo_table)}
        records = [row for row in self._read(settings.account_table) if row["userId"]["S"] == user_id]
        digests = {row["record"]["S"] for row in records if row["record"]["S"].startswith("sha256#")}
        return (
            {f"term {_write(row)}" for row in terms}
            | {f"entry {_write(row)}" for row in entries}
            | {f"score of {photo_id} {score}" for photo_id, score in scores.items() if photo_id in photo_ids}
            | {f"digest {record}" for record in digests}
        )

    def derive(self, photos: list[Photo]) -> Derived:
        return (
            {f"term {_write(row)}" for photo in photos for row in term_rows.encode_terms(photo).values()}
            | {f"entry {_write(row)}" for photo in photos for row in items.encode_entries(photo).values()}
            | {f"score of {photo.photo_id} {items.encode_photo(photo).get('score')}" for photo in photos}
            | {f"digest {row['record']['S']}" for photo in photos if (row := items.encode_digest(photo))}
        )

    def read_account(self, user_id: str) -> dict[str, Any]:
        key = items.build_account_key(UserId(user_id))
        rows = [row for row in self._read(self.accounts) if {name: row[name] for name in key} == key]
        return {name: value for row in rows for name, value in items.decode(row).items() if name not in _KEY}

    def read_everything(self) -> dict[str, list[Any]]:
        settings = self._settings
        of_photos = (settings.photo_table, settings.account_table, settings.term_table)
        tables = (*of_photos, settings.album_table, settings.entry_table, settings.rating_table)
        return {table: sorted(map(items.decode, self._read(table)), key=str) for table in tables}

    def mark_cancelled(self, user_id: str) -> None:
        self.client.update_item(
            TableName=self.accounts,
            Key={"userId": {"S": user_id}, "record": {"S": "account"}},
            UpdateExpression="SET cancelledAt = :now",
            ExpressionAttributeValues={":now": {"S": "2026-01-01T00:00:00.000Z"}},
        )

    def clear(self) -> None:
        empty(self._settings, self.client)

    def save(self) -> Restore:
        tables = dynamodb_backends[ACCOUNT][self.client.meta.region_name].tables
        saved = {name: copy_table(table) for name, table in tables.items()}
        return lambda: tables.update({name: copy_table(table) for name, table in saved.items()})

    @contextmanager
    def isolated(self) -> Iterator[None]:
        shared = OneAtATime(self.client)
        stores: list[Any] = [getattr(wiring.stores(), name) for name in _ISOLATED]
        for store in stores:
            store._calls._client = shared
        try:
            yield
        finally:
            for store in stores:
                store._calls._client = self.client

    def close(self) -> None:
        """Do nothing. moto has no connections."""

    def _read(self, table: str) -> list[Row]:
        return read_rows(self.client, table)


def _write(row: Row) -> str:
    """Return a row as text, independently of the order of its attributes."""
    return str(sorted(items.decode(row).items()))
