"""Damage rows of DynamoDB."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import PhotoId, get_upload_time
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items, months
from chalicelib.stores.dynamodb.albums import encode_album
from chalicelib.stores.dynamodb.audited_rows import COUNTS
from chalicelib.stores.dynamodb.raw_rows import KEYS, TableName
from tests.support.cloud import Cloud
from tests.support.faults import hooked
from tests.support.moto_data import read_rows

if TYPE_CHECKING:
    from tests.support.damage import Damage


class DynamoDamage:
    """`DamagedRows` of DynamoDB."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud, self._client = cloud, cloud.dynamodb

    @property
    def seeds(self) -> list[tuple["Callable[[Damage], list[str]]", str]]:
        return SEEDS

    def change(self, table: TableName, key: tuple[str, str], expression: str, **values: Any) -> None:
        """Change a row."""
        used = {f"#{name}": name for name in ("name", "size", "bytes") if f"#{name}" in expression}
        encoded = items.encode({f":{name}": value for name, value in values.items()})
        self._client.update_item(
            TableName=self._name(table),
            Key=self._key(table, key),
            UpdateExpression=expression,
            **({"ExpressionAttributeNames": used} if used else {}),
            **({"ExpressionAttributeValues": encoded} if values else {}),
        )

    def delete(self, table: TableName, key: tuple[str, str]) -> None:
        """Delete a row."""
        self._client.delete_item(TableName=self._name(table), Key=self._key(table, key))

    def put(self, table: TableName, row: dict[str, Any]) -> None:
        """Write a row."""
        self._client.put_item(TableName=self._name(table), Item=items.encode(row))

    def change_photo(self, photo_id: str, expression: str, **values: Any) -> None:
        """Change the row of a photo."""
        self.change("photo_table", (photo_id, get_upload_time(PhotoId(photo_id))), expression, **values)

    def snapshot(self) -> object:
        names = [self._name(table) for table in KEYS]
        run = {"S": "#reconcile"}
        return {name: [row for row in read_rows(self._client, name) if row.get("userId") != run] for name in names}

    def lose(self, photo: Photo) -> None:
        self.delete("photo_table", (photo.photo_id, photo.uploaded_at))

    def make_unreadable(self, photo: Photo) -> None:
        self.change_photo(photo.photo_id, "REMOVE filename")

    def forget_due(self, photo_id: str) -> None:
        self.change_photo(photo_id, "REMOVE dueAt, dueShard, sweepAt")

    def forget_sweep(self, photo_id: str) -> None:
        self.change_photo(photo_id, "REMOVE dueShard, sweepAt")

    def set_rating_sum(self, photo: Photo) -> None:
        self.change_photo(photo.photo_id, "SET ratingSum = :sum", sum=-2)

    def raise_revision(self, photo_id: str) -> None:
        self.change_photo(photo_id, "ADD revision :one", one=1)

    def put_rating(self, photo_id: PhotoId, user_id: str) -> None:
        self.put("rating_table", {"photoId": photo_id, "userId": user_id, "rating": 3})

    def delete_word(self, photo: Photo, word: str) -> str:
        key = (f"{photo.user_id}#{word[:2]}", f"{word}#{photo.photo_id}")
        self.delete("term_table", key)
        return " ".join(key)

    def put_word(self, owner: str, photo_id: PhotoId, word: str) -> str:
        key = (f"{owner}#{word[:2]}", f"{word}#{photo_id}")
        row = dict(zip(KEYS["term_table"], key, strict=True)) | {"photoId": photo_id, "publicPart": word[:2]}
        self.put("term_table", row)
        return " ".join(key)

    def delete_digest(self, photo: Photo) -> str:
        key = (photo.user_id, f"sha256#{photo.sha256}#{photo.photo_id}")
        self.delete("account_table", key)
        return " ".join(key)

    def put_digest(self, owner: str, sha256: str, photo_id: PhotoId) -> str:
        key = (owner, f"sha256#{sha256}#{photo_id}")
        self.put("account_table", {"userId": key[0], "record": key[1], "photoId": photo_id})
        return " ".join(key)

    def delete_entry(self, album_id: str, photo_id: PhotoId) -> None:
        self.delete("entry_table", (album_id, photo_id))

    def put_entry(self, album_id: str, photo_id: PhotoId) -> None:
        row = {"albumId": album_id, "photoId": photo_id, "position": f"{1:016d}#{photo_id}"}
        self.put("entry_table", row)

    def delete_album(self, album_id: str) -> None:
        self.delete("album_table", (album_id, "album"))

    def put_album(self, album: Album) -> None:
        self._client.put_item(TableName=self._name("album_table"), Item=encode_album(album))

    def publish_album(self, album_id: str) -> None:
        self.change("album_table", (album_id, "album"), "SET publicKey = :public", public="public")

    def put_link(self, album_id: str, link_id: str) -> None:
        row = {"albumId": album_id, "record": f"link#{link_id}", "linkId": link_id}
        self.put("album_table", row | {"createdAt": "2026-01-01T00:00:00.000Z", "secretHash": "0"})

    def set_counts(self, owner: str, **counts: int) -> None:
        names: dict[Any, str] = dict(COUNTS)
        for name, count in counts.items():
            attribute = "#bytes" if name == "bytes" else names[name]
            self.change("account_table", (owner, "account"), f"SET {attribute} = :count", count=count)

    def add_albums(self, owner: str, count: int) -> None:
        self.change("account_table", (owner, "account"), "ADD albumCount :count", count=count)

    def delete_account(self, owner: str) -> None:
        self.delete("account_table", (owner, "account"))

    def forget_expiry(self, owner: str) -> None:
        self.change("account_table", (owner, "account"), "REMOVE expiresAt")

    def set_month(self, photo: Photo, count: int) -> None:
        record, month = months.find_count(photo, photo.taken_key)
        self.put("account_table", {"userId": photo.user_id, "record": record, month: count})

    def put_month(self, owner: str) -> None:
        self.put("account_table", {"userId": owner, "record": "months#1999#a", "01": 2})

    def take_lease(self) -> None:
        self.change("account_table", ("#reconcile", "run"), "SET holder = :thief", thief="another process")

    def before_reads(self, kind: Literal["page", "rows"], callback: Callable[[], None]) -> Any:
        operation = {"page": "Scan", "rows": "BatchGetItem"}[kind]
        return hooked(f"before-call.dynamodb.{operation}", lambda _: lambda **_: callback(), self._client)

    def before_repair(self, photo_id: str, callback: Callable[[], None]) -> Any:
        def call(params: dict[str, Any], **_: Any) -> None:
            if b"ratingSum" in params["body"] and photo_id.encode() in params["body"]:
                callback()

        return hooked("before-call.dynamodb.TransactWriteItems", lambda _: call, self._client)

    def _name(self, table: TableName) -> str:
        return str(getattr(self._cloud.settings, table))

    def _key(self, table: TableName, key: tuple[str, str]) -> dict[str, Any]:
        return dict(zip(KEYS[table], ({"S": part} for part in key), strict=True))


def search_row_with_public_keys(damage: "Damage") -> list[str]:
    photo = damage.upload(title="Harbour", visibility="private")
    key = (f"{photo.user_id}#ha", f"harbour#{photo.photo_id}")
    DynamoDamage(damage.cloud).change("term_table", key, "SET publicPart = :part", part="ha")
    return [" ".join(key)]


def private_photo_with_public_keys(damage: "Damage") -> list[str]:
    photo, expression = damage.upload(visibility="private"), "SET publicKey = :public, publicOwnerKey = :user"
    DynamoDamage(damage.cloud).change_photo(photo.photo_id, expression, public="public", user=photo.user_id)
    return [photo.photo_id]


SEEDS: list[tuple["Callable[[Damage], list[str]]", str]] = [
    (search_row_with_public_keys, "search-row-missing"),
    (private_photo_with_public_keys, "photo-keys"),
]
