"""Deletion of accounts on DynamoDB during concurrent writes."""

from functools import partial
from typing import Any

from chalicelib.domain.ids import UserId
from tests.support.album_rows import add_album, new_link
from tests.support.faults import hooked
from tests.support.rows import Backend

ANN = UserId("ann")


def test_link_created_while_its_album_is_purged_is_purged_too(backend: Backend) -> None:
    album = add_album(backend)
    pending_links = [partial(backend.links.add_link, new_link(album), 100)]

    def add_link(model: Any, params: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and "photoshare-test-Albums" in str(params) and pending_links:
            pending_links.pop()()

    with hooked("before-call.dynamodb", lambda _: add_link, backend.client):
        while backend.deletions.purge_albums(ANN):
            pass
    assert pending_links == []
    assert backend.links.list_links(album.album_id, 9) == []
