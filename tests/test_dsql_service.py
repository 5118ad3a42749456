"""The service on Aurora DSQL: from the setting `DSQL_ENDPOINT` through TLS and tokens to the tables."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.stores.postgres.migrations import migrate
from tests.support.albums import create_album, list_album_photos, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.dsql import DsqlProxy
from tests.support.dsql_gateway import HOST, Gateway, running_gateway
from tests.support.images import photo as make_photo
from tests.support.lists import add_photos, join_pages, read_pages
from tests.support.services import rebuild_services

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def gateway(dsql_proxy: DsqlProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway of a cluster."""
    with running_gateway(dsql_proxy.socket, tmp_path_factory.mktemp("cluster")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def on_dsql(deployed: Cloud, dsql_proxy: DsqlProxy, gateway: Gateway) -> Iterator[Cloud]:
    """A deployment whose rows are in a cluster."""
    with dsql_proxy.new_database() as database, pytest.MonkeyPatch.context() as environment:
        migrate(database)
        ((name,),) = database.read("SELECT current_database()::text")
        cluster = {"DSQL_ENDPOINT": HOST, "DSQL_ROLE": "photoshare", "DSQL_DATABASE": name}
        for variable, value in (cluster | gateway.environment).items():
            environment.setenv(variable, value)
        for factory in (wiring.settings, wiring.database, wiring.stores):
            factory.cache_clear()
        rebuild_services()
        deployed.store = wiring.stores().photos
        yield deployed
        if opened := wiring.database():
            opened.close()


@pytest.fixture
def cat(on_dsql: Cloud) -> Client:
    """A signed-in user without photos or albums."""
    return on_dsql.person(f"cat-{uuid4()}")


def test_photo_is_uploaded_found_rated_and_erased(on_dsql: Cloud, cat: Client) -> None:
    photo = on_dsql.upload(cat, make_photo(64, 48), title="Old quay", tags=["sea"])
    album = create_album(cat, name="Harbour", visibility="public")
    put_into_album(cat, album, photo.photo_id)
    visitor, path = on_dsql.visitor, f"/photos/{photo.photo_id}"
    assert visitor.get(path).json["title"] == "Old quay"
    assert join_pages(read_pages(visitor, "/search", q="quay")) == [photo.photo_id]
    assert join_pages(read_pages(visitor, tag="sea", order="newest")) == [photo.photo_id]
    assert list_album_photos(visitor, album) == [photo.photo_id]
    assert cat.call("PUT", f"{path}/rating", {"rating": 4}).json["average"] == 4.0
    assert cat.delete(path, permanent="true").status == 204
    assert visitor.get(path).status == 404
    assert list_album_photos(visitor, album) == []


def test_batch_uses_one_connection(on_dsql: Cloud, cat: Client, gateway: Gateway) -> None:
    photo_ids = add_photos(on_dsql, 12, cat.user_id)
    database = wiring.database()
    assert database
    database.close()
    gateway.logins.clear()
    answer = cat.post("/trash", {"photoIds": photo_ids})
    assert [item["error"] for item in answer.json["items"]] == [None] * 12
    assert [login.parameters["user"] for login in gateway.logins] == ["photoshare"]
