"""After a restore, photos, albums and links that were hidden since then are hidden again, and nothing is revealed."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, format_timestamp
from chalicelib.domain.photos import TRASH_LIFETIME
from chalicelib.infra.settings import DsqlCluster
from chalicelib.stores.backend import Stores
from release.databases import InvalidDatabase, select_tables
from release.rehide import open_stores, rehide
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.images import photo as make_photo
from tests.support.invariants import broken
from tests.support.restored import Restored, restored

pytestmark = pytest.mark.every_store
JPEG = make_photo(64, 48)
NOW = datetime.now(UTC)


@pytest.fixture
def restore(cloud: Cloud) -> Iterator[Callable[[], Restored]]:
    """A function that copies all rows as they are now."""
    with ExitStack() as copies:
        yield lambda: copies.enter_context(restored(cloud))


def test_table_names_have_the_stage_and_the_suffix(cloud: Cloud) -> None:
    assert select_tables(cloud.settings, "test", "") == cloud.settings
    assert select_tables(cloud.settings, "test", "-x").photo_table == "photoshare-test-PhotoMetadata-x"


def get_table(stores: Stores) -> str:
    table: str = vars(stores.photos)["_photos"]
    return table


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("dynamodb:test", "PhotoMetadata"),
        ("dynamodb:test/", "PhotoMetadata"),
        ("dynamodb:test/-x", "PhotoMetadata-x"),
        ("", "PhotoMetadata"),
        ("-x", "PhotoMetadata-x"),
    ],
)
def test_tables_of_a_stage_have_a_name_and_a_short_form(cloud: Cloud, name: str, table: str) -> None:
    settings = msgspec.structs.replace(cloud.settings, database_url="")
    assert get_table(open_stores(settings, "test", name)) == f"photoshare-test-{table}"


def test_tables_of_another_stage_are_refused(cloud: Cloud) -> None:
    with pytest.raises(InvalidDatabase, match=r"dynamodb:other/-x is not a database of the stage test\."):
        open_stores(cloud.settings, "test", "dynamodb:other/-x")


def test_missing_name_of_an_sql_database_is_named(cloud: Cloud) -> None:
    settings = msgspec.structs.replace(cloud.settings, database_url="postgresql://db.example.com/photos")
    with pytest.raises(InvalidDatabase, match=r"^FROM is missing\. Name the database"):
        open_stores(settings, "test", "")


@pytest.mark.parametrize("name", ["dsql:abc.dsql.eu-west-1.on.aws", "abc.dsql.eu-west-1.on.aws"])
def test_cluster_of_a_stage_has_a_name_and_a_short_form(cloud: Cloud, name: str) -> None:
    cluster = DsqlCluster(endpoint="in-use.dsql.eu-west-1.on.aws", role="photoshare", database="postgres")
    settings = msgspec.structs.replace(cloud.settings, database_url="", dsql=cluster)
    database = vars(open_stores(settings, "test", name).photos)["_database"]
    assert "host=abc.dsql.eu-west-1.on.aws" in database.parameters
    assert "user=photoshare" in database.parameters


@pytest.mark.parametrize("name", ["postgresql://db.example.com/photos", "dsql:abc.dsql.eu-west-1.on.aws"])
def test_sql_database_is_named_on_a_stage_that_uses_tables(cloud: Cloud, name: str) -> None:
    settings = msgspec.structs.replace(cloud.settings, database_url="")
    host = re.search(r"[a-z0-9.-]+\.(com|aws)", name)
    assert host
    assert host[0] in vars(open_stores(settings, "test", name).photos)["_database"].parameters


def change_after_the_copy(cloud: Cloud, ids: dict[str, PhotoId], pending: dict[str, Any], album: str) -> None:
    """Hide, delete, show and rename photos of Ann."""
    ann = cloud.person("ann")
    assert ann.post(f"/photos/{ids['untrashed']}/restore").status == 200
    cloud.put(pending, JPEG)
    assert ann.post(f"/photos/{pending['photoId']}/complete").status == 200
    assert ann.delete(f"/photos/{pending['photoId']}").status == 204
    for name in ("private", "unlisted"):
        assert ann.patch(f"/photos/{ids[name]}", {"visibility": name}).status == 200
    assert ann.delete(f"/photos/{ids['trashed']}").status == 204
    assert ann.delete(f"/photos/{ids['erased']}", permanent="true").status == 204
    assert ann.delete(f"/albums/{album}/photos/{ids['moved']}").status == 204
    assert ann.patch(f"/photos/{ids['shown']}", {"visibility": "public"}).status == 200
    assert ann.patch(f"/photos/{ids['renamed']}", {"title": "New"}).status == 200


def test_restored_photos_are_exactly_as_hidden_as_before_the_restore(
    cloud: Cloud, restore: Callable[[], Restored]
) -> None:
    ann = cloud.person("ann")
    album = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    names = ("kept", "private", "unlisted", "trashed", "erased", "moved", "shown", "renamed", "untrashed")
    ids = {
        name: cloud.upload(ann, JPEG, visibility="private" if name == "shown" else "public", albumId=album).photo_id
        for name in names
    }
    pending = cloud.grant(ann)
    assert ann.delete(f"/photos/{ids['untrashed']}").status == 204
    copies = restore()
    change_after_the_copy(cloud, ids, pending, album)

    assert rehide(wiring.stores(), copies.stores, NOW) == Counter(photos=7)
    deployment = copies.cloud
    now = {name: deployment.photo(photo_id) for name, photo_id in ids.items()}
    assert {name: photo.visibility for name, photo in now.items() if photo.status == "ready"} == {
        **dict.fromkeys(("kept", "trashed", "moved", "renamed", "untrashed"), "public"),
        "private": "private",
        "unlisted": "unlisted",
        "shown": "private",
    }
    assert [name for name, photo in now.items() if photo.status == "erased"] == ["erased"]
    assert [name for name, photo in now.items() if photo.trashed_at] == ["trashed", "untrashed"]
    assert now["untrashed"].due_at == format_timestamp(NOW + TRASH_LIFETIME), "the lifetime in the trash starts again"
    assert deployment.photo(pending["photoId"]).visibility == "private"
    assert [name for name, photo in now.items() if not photo.memberships] == ["erased", "moved"]
    assert now["renamed"].title == ""
    assert broken(deployment, "ann") == []
    assert rehide(wiring.stores(), copies.stores, NOW) == Counter(), "a second run changes nothing"


@pytest.mark.parametrize("action", ["hide", "delete", "revoke"])
def test_restored_albums_and_links_are_as_closed_as_before_the_restore(
    cloud: Cloud, restore: Callable[[], Restored], action: str
) -> None:
    ann = cloud.person("ann")
    kept, album = (f"/albums/{ann.post('/albums', {'name': name}).json['albumId']}" for name in ("Sea", "Hills"))
    links = {path: ann.post(f"{path}/links").json["linkId"] for path in (kept, album)}
    copies = restore()
    if action == "hide":
        assert ann.patch(album, {"visibility": "private"}).status == 200
    elif action == "delete":
        assert ann.delete(album).status == 204
    else:
        assert ann.delete(f"{album}/links/{links[album]}").status == 204

    changes = rehide(wiring.stores(), copies.stores, NOW)
    unchanged, changed = (copies.stores.albums.get_album(AlbumId(path[8:])) for path in (kept, album))
    assert unchanged
    assert changed
    assert (unchanged.visibility, unchanged.deleted_at, unchanged.link_count) == ("public", None, 1)
    assert (changed.visibility == "private") is (action == "hide")
    assert bool(changed.deleted_at) is (action == "delete")
    assert len(copies.stores.links.list_links(changed.album_id, 9)) == (1 if action == "hide" else 0)
    assert changes.total() >= 1
    assert broken(copies.cloud, "ann") == []
    assert rehide(wiring.stores(), copies.stores, NOW) == Counter()


def test_cancelled_accounts_are_cancelled_again_and_purged(cloud: Cloud, restore: Callable[[], Restored]) -> None:
    Cognito(cloud)
    ann, bob = cloud.person("ann"), cloud.person("bob")
    for user in (ann, bob):
        cloud.upload(user, JPEG)
    copies = restore()
    assert ann.delete("/account").status == 202
    assert rehide(wiring.stores(), copies.stores, NOW) == Counter(accounts=1)
    deletions = copies.stores.deletions
    assert deletions.get_cancellation_time(UserId(bob.user_id)) is None
    assert deletions.list_due(format_timestamp(NOW + timedelta(seconds=1)), 9) == [ann.user_id]
    assert rehide(wiring.stores(), copies.stores, NOW) == Counter()
