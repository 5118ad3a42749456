"""Deletion of accounts on DynamoDB during concurrent writes."""

from functools import partial
from typing import Any

from chalicelib.domain.ids import UserId
from tests.support.album_rows import add_album, new_link
from tests.support.faults import Fault, Killed, hooked, striking
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


def test_purge_that_is_killed_between_two_transactions_leaves_the_album_until_its_links_are_gone(
    backend: Backend,
) -> None:
    album = add_album(backend)
    for _ in range(101):
        assert backend.links.add_link(new_link(album), 200)
    kills = 0
    for at in range(8):
        with striking(Fault(at, "killed"), backend.client) as fault:
            try:
                backend.deletions.purge_albums(ANN)
            except Killed:
                kills += 1
        if backend.links.list_links(album.album_id, 200):
            assert backend.albums.get_album(album.album_id), fault
    assert kills > 2
    while backend.deletions.purge_albums(ANN):
        pass
    assert backend.links.list_links(album.album_id, 200) == []


def test_purge_subtracts_the_rating_that_is_stored_even_if_it_was_raised_meanwhile(backend: Backend) -> None:
    photo = backend.ready("bob")
    assert backend.ratings.rate(photo, UserId("cy"), None, 1)
    assert backend.ratings.rate(backend.now(photo), ANN, None, 2)
    pending = [lambda: backend.ratings.rate(backend.now(photo), ANN, 2, 5)]

    def rate_again(model: Any, params: Any, **_: Any) -> None:
        if "BatchGetItem" in model.name and "Ratings" not in str(params) and pending:
            assert pending.pop()()

    with hooked("before-call.dynamodb", lambda _: rate_again, backend.client):
        while backend.deletions.purge_ratings(ANN):
            pass
    assert pending == []
    assert (backend.now(photo).rating_sum, backend.now(photo).rating_count) == (1, 1)
