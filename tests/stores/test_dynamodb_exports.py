"""Exports contain the same rows as the tables."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from chalicelib.domain.ids import AlbumId, UserId
from chalicelib.domain.photos import Membership
from chalicelib.infra.exported_files import ExportedFiles
from chalicelib.stores.dynamodb.audited_rows import DynamoRowReader
from chalicelib.stores.dynamodb.exports import ExportedRows, load_exports
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.dynamodb.raw_rows import KEYS, DynamoRawRows, RawReader, TableName, identify
from tests.support.cloud import Cloud
from tests.support.damage import Damage
from tests.support.dynamodb_damage import DynamoDamage
from tests.support.exports import write_exports
from tests.support.row_sizes import typical_photo


@pytest.fixture(scope="module")
def readers(deployed: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RawReader, RawReader]]:
    """The tables and their exports, with a row that has expired."""
    damage = Damage(deployed, deployed.person("ann"), deployed.person("bob"))
    albums = [damage.create_album() for _ in range(3)]
    for number in range(3):
        photo = damage.upload(title=f"Sea {number}", tags=["sea"], albumId=albums[0])
        assert damage.rater.call("PUT", f"/photos/{photo.photo_id}/rating", {"rating": 4}).status == 200
    rows = DynamoDamage(deployed)
    rows.put("account_table", {"userId": "ann", "record": "old", "expiresAt": 7})
    rows.change("album_table", (albums[2], "album"), "SET ownerKey = :owner", owner="ann#deleted")
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as database:
        summaries = write_exports(deployed, tmp_path_factory.mktemp("exports"))
        load_exports(database, ExportedFiles(deployed.s3), deployed.settings, summaries)
        yield DynamoRawRows(deployed.settings, deployed.dynamodb, time.time), ExportedRows(database)


def scan(reader: RawReader, table: TableName, limit: int) -> list[Item]:
    """Return all rows of a table, read in pages."""
    rows, end = reader.scan(table, limit, None)
    while end:
        page, end = reader.scan(table, limit, end)
        assert len(page) <= limit
        rows += page
    return sorted(rows, key=lambda row: identify(table, row))


@pytest.mark.parametrize("table", KEYS)
def test_export_has_the_rows_of_the_table(readers: tuple[RawReader, RawReader], table: TableName) -> None:
    live, exported = readers
    rows = scan(live, table, 100)
    assert rows
    assert scan(exported, table, 100) == scan(exported, table, 2) == rows
    row_ids = [identify(table, row) for row in rows]
    assert exported.read(row_ids) == live.read(row_ids)
    for name, partition, sort in row_ids:
        for begin in ("", sort[:3], "none"):
            assert exported.query(name, partition, begin) == live.query(name, partition, begin)
        assert exported.read([(name, partition, "none")]) == {}


def test_ids_of_derived_rows_are_those_of_the_rows() -> None:
    album = Membership(name="Sea", public=True, position=1)
    photos = [typical_photo(number).with_(memberships={AlbumId("a" * 36): album}) for number in range(20)]
    trashed = [photo.with_(trashed_at=photo.uploaded_at) for photo in photos[:2]]
    with closing(sqlite3.connect(":memory:")) as database:
        reader = DynamoRowReader(ExportedRows(database))
        for photo in [*photos, *trashed, photos[0].with_(tags=(), title="")]:
            assert reader.list_row_ids(photo) == reader.build_rows(photo).keys()


@pytest.mark.parametrize("user_id", ["ann", "bob", "nobody"])
def test_export_lists_the_rows_of_a_user(readers: tuple[RawReader, RawReader], user_id: str) -> None:
    owner = UserId(user_id)
    live, exported = readers
    photo_ids = live.list_photo_ids(owner, 10, "")
    assert exported.list_photo_ids(owner, 10, "") == photo_ids
    assert exported.list_photo_ids(owner, 2, "") == photo_ids[:2]
    assert exported.list_photo_ids(owner, 2, photo_ids[0] if photo_ids else "") == photo_ids[1:3]
    assert exported.list_album_ids(owner) == live.list_album_ids(owner)
    assert exported.has_rated(owner) == live.has_rated(owner) == (user_id == "bob")
