"""Damage rows of PostgreSQL."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.rows import encode_album
from tests.support.cloud import Cloud
from tests.support.faults import hooked
from tests.support.postgres_hooks import dump

if TYPE_CHECKING:
    from tests.support.damage import Damage


class PostgresDamage:
    """`DamagedRows` of PostgreSQL."""

    def __init__(self, cloud: Cloud) -> None:
        stored: Any = cloud.stored
        # The hooks of a test do not see the statements on this connection.
        self._database: Database = stored._database
        self._client = stored.client

    @property
    def seeds(self) -> list[tuple["Callable[[Damage], list[str]]", str]]:
        return SEEDS

    def execute(self, statement: str, *values: Any) -> None:
        """Change rows. Fail unless the statement changes exactly one."""
        assert self._database.write(lambda transaction: transaction.execute(statement, *values)) == 1

    def snapshot(self) -> object:
        return [row for row in dump(self._database) if row[0] != "reconciliation_runs"]

    def lose(self, photo: Photo) -> None:
        self.execute("DELETE FROM photos WHERE photo_id = %s", photo.photo_id)

    def make_unreadable(self, photo: Photo) -> None:
        self._change_body(photo.photo_id, "filename")

    def forget_due(self, photo_id: str) -> None:
        self._change_body(photo_id, "dueAt")
        self.forget_sweep(photo_id)

    def forget_sweep(self, photo_id: str) -> None:
        self.execute("UPDATE photos SET sweep_at = NULL WHERE photo_id = %s", photo_id)

    def set_rating_sum(self, photo: Photo) -> None:
        # A constraint allows no negative sum.
        self.execute("UPDATE photos SET rating_sum = 77 WHERE photo_id = %s", photo.photo_id)

    def raise_revision(self, photo_id: str) -> None:
        self.execute("UPDATE photos SET revision = revision + 1 WHERE photo_id = %s", photo_id)

    def put_rating(self, photo_id: PhotoId, user_id: str) -> None:
        self.execute("INSERT INTO ratings (photo_id, user_id, rating) VALUES (%s, %s, 3)", photo_id, user_id)

    def delete_word(self, photo: Photo, word: str) -> str:
        key = (build_name("owner", photo.user_id), photo.photo_id, word)
        self.execute("DELETE FROM words WHERE listing = %s AND photo_id = %s AND word = %s", *key)
        return " ".join(key)

    def put_word(self, owner: str, photo_id: PhotoId, word: str) -> str:
        key = (build_name("owner", owner), photo_id, word)
        self.execute("INSERT INTO words (listing, photo_id, word) VALUES (%s, %s, %s)", *key)
        return " ".join(key)

    def delete_digest(self, photo: Photo) -> str:
        key = (photo.user_id, photo.sha256 or "", photo.photo_id)
        self.execute("DELETE FROM digests WHERE user_id = %s AND sha256 = %s AND photo_id = %s", *key)
        return " ".join(key)

    def put_digest(self, owner: str, sha256: str, photo_id: PhotoId) -> str:
        key = (owner, sha256, photo_id)
        self.execute("INSERT INTO digests (user_id, sha256, photo_id) VALUES (%s, %s, %s)", *key)
        return " ".join(key)

    def delete_entry(self, album_id: str, photo_id: PhotoId) -> None:
        self.execute("DELETE FROM entries WHERE album_id = %s AND photo_id = %s", album_id, photo_id)

    def put_entry(self, album_id: str, photo_id: PhotoId) -> None:
        columns = "(album_id, photo_id, is_private, sort_key, rank, taken_key)"
        statement = f"INSERT INTO entries {columns} VALUES (%s, %s, false, %s, 0, '')"
        self.execute(statement, album_id, photo_id, f"{1:016d}#{photo_id}")

    def delete_album(self, album_id: str) -> None:
        self.execute("DELETE FROM albums WHERE album_id = %s", album_id)

    def put_album(self, album: Album) -> None:
        columns: dict[str, Any] = {"album_id": album.album_id, "user_id": album.user_id, "body": encode_album(album)}
        names = ("visibility", "revision", "change_number", "deleted_at", "due_at", "photo_count", "non_private_count")
        columns |= {name: getattr(album, name) for name in (*names, "link_count", "latest_photo_id")}
        marks, changes = ", ".join(["%s"] * len(columns)), ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
        statement = f"INSERT INTO albums ({', '.join(columns)}) VALUES ({marks})"
        self.execute(f"{statement} ON CONFLICT (album_id) DO UPDATE SET {changes}", *columns.values())

    def publish_album(self, album_id: str) -> None:
        self.execute("UPDATE albums SET visibility = 'public' WHERE album_id = %s", album_id)

    def put_link(self, album_id: str, link_id: str) -> None:
        self.execute("INSERT INTO share_links (album_id, link_id, body) VALUES (%s, %s, '{}')", album_id, link_id)

    def set_counts(self, owner: str, **counts: int) -> None:
        columns = ", ".join(f"{name} = %s" for name in counts)
        self.execute(f"UPDATE accounts SET {columns} WHERE user_id = %s", *counts.values(), owner)

    def add_albums(self, owner: str, count: int) -> None:
        self.execute("UPDATE accounts SET album_count = album_count + %s WHERE user_id = %s", count, owner)

    def delete_account(self, owner: str) -> None:
        self.execute("DELETE FROM accounts WHERE user_id = %s", owner)

    def forget_expiry(self, owner: str) -> None:
        self.execute("UPDATE accounts SET expires_at = NULL WHERE user_id = %s", owner)

    def set_month(self, photo: Photo, count: int) -> None:
        condition = "user_id = %s AND month = %s AND shard = %s"
        key = (photo.user_id, photo.taken_key[:7], photo.photo_id[-1])
        self.execute(f"UPDATE month_counts SET photo_count = %s WHERE {condition}", count, *key)

    def put_month(self, owner: str) -> None:
        columns = "(user_id, month, shard, photo_count)"
        self.execute(f"INSERT INTO month_counts {columns} VALUES (%s, '1999-01', 'a', 2)", owner)

    def take_lease(self) -> None:
        self.execute("UPDATE reconciliation_runs SET holder = 'another process'")

    def before_reads(self, kind: Literal["page", "rows"], callback: Callable[[], None]) -> Any:
        return self._before({"page": "SELECT c.user_id", "rows": "SELECT p.photo_id, p.body"}[kind], callback)

    def before_repair(self, photo_id: str, callback: Callable[[], None]) -> Any:
        assert photo_id
        return self._before("UPDATE photos SET user_id", callback)

    def _before(self, beginning: str, callback: Callable[[], None]) -> Any:
        """Call `callback` before each statement of the service with this beginning."""

        def call(params: dict[str, str], **_: Any) -> None:
            if params["statement"].startswith(beginning):
                callback()

        return hooked("before-call.postgres", lambda _: call, self._client)

    def _change_body(self, photo_id: str, name: str) -> None:
        ((body,),) = self._database.read("SELECT body FROM photos WHERE photo_id = %s", photo_id)
        changed = json.dumps({key: value for key, value in json.loads(body).items() if key != name})
        self.execute("UPDATE photos SET body = %s WHERE photo_id = %s", changed, photo_id)


def _put_list_row(damage: "Damage", listing: str, photo_id: str) -> str:
    statement = "INSERT INTO listed_photos (listing, photo_id) VALUES (%s, %s)"
    PostgresDamage(damage.cloud).execute(statement, listing, photo_id)
    return f"{listing} {photo_id}"


def private_photo_in_the_public_list(damage: "Damage") -> list[str]:
    return [_put_list_row(damage, build_name("public"), damage.upload(visibility="private").photo_id)]


def list_row_without_a_photo(damage: "Damage") -> list[str]:
    return [_put_list_row(damage, build_name("owner", damage.owner.user_id, "lost"), damage.create_old_photo_id())]


def missing_list_row(damage: "Damage") -> list[str]:
    photo = damage.upload(tags=["sea"])
    key = (build_name("public", tag="sea"), photo.photo_id)
    statement = "DELETE FROM listed_photos WHERE listing = %s AND photo_id = %s"
    PostgresDamage(damage.cloud).execute(statement, *key)
    return [" ".join(key)]


def list_row_with_an_old_score(damage: "Damage") -> list[str]:
    key = (build_name("public"), damage.upload().photo_id)
    statement = "UPDATE listed_photos SET score = 7 WHERE listing = %s AND photo_id = %s"
    PostgresDamage(damage.cloud).execute(statement, *key)
    return [" ".join(key)]


def private_word_in_the_public_list(damage: "Damage") -> list[str]:
    key = (build_name("public"), damage.upload(title="Harbour", visibility="private").photo_id, "harbour")
    statement = "INSERT INTO words (listing, photo_id, word) VALUES (%s, %s, %s)"
    PostgresDamage(damage.cloud).execute(statement, *key)
    return [" ".join(key)]


def entry_of_a_private_photo_in_the_open_list(damage: "Damage") -> list[str]:
    album_id = damage.create_album()
    key = (album_id, damage.upload(albumId=album_id, visibility="private").photo_id)
    statement = "UPDATE entries SET is_private = false WHERE album_id = %s AND photo_id = %s"
    PostgresDamage(damage.cloud).execute(statement, *key)
    return [" ".join(key)]


SEEDS: list[tuple["Callable[[Damage], list[str]]", str]] = [
    (private_photo_in_the_public_list, "list-row-orphaned"),
    (list_row_without_a_photo, "list-row-orphaned"),
    (missing_list_row, "list-row-missing"),
    (list_row_with_an_old_score, "list-row-missing"),
    (private_word_in_the_public_list, "search-row-orphaned"),
    (entry_of_a_private_photo_in_the_open_list, "entry-missing"),
]
