"""Deletion of accounts on DynamoDB during concurrent writes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.ids import UserId, format_timestamp
from tests.support.album_rows import add_album, build_memberships, new_link
from tests.support.faults import Fault, Killed, hooked, striking
from tests.support.rows import START, Backend

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


def test_purge_of_a_photo_purges_its_album_even_if_no_list_leads_to_the_album(backend: Backend) -> None:
    album = add_album(backend)
    backend.ready(memberships=build_memberships(album))
    assert backend.deletions.purge_photos(ANN) == 1
    assert backend.albums.get_album(album.album_id) is None


def act_before_first_write(backend: Backend, table: str, act: Callable[[], object]) -> AbstractContextManager[None]:
    """Run `act` once, immediately before the next transaction that writes to a table."""
    pending = [act]

    def before(model: Any, params: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems" and f"photoshare-test-{table}" in str(params) and pending:
            pending.pop()()

    return hooked("before-call.dynamodb", lambda _: before, backend.client)


def test_purge_that_ended_meanwhile_is_not_continued(backend: Backend) -> None:
    backend.cancel(ANN)
    with act_before_first_write(backend, "Accounts", lambda: backend.deletions.finish_purge_run(ANN, None)):
        backend.deletions.finish_purge_run(ANN, format_timestamp(START))
    assert backend.deletions.list_due(format_timestamp(START + timedelta(days=1)), 9) == []


@pytest.mark.parametrize("ratings", [0, 1])
def test_photo_that_is_rated_during_its_purge_is_purged_with_its_rating(backend: Backend, ratings: int) -> None:
    photo = backend.ready()
    for number in range(ratings):
        assert backend.ratings.rate(backend.now(photo), UserId(f"cy{number}"), None, 4)

    def rate() -> None:
        assert backend.ratings.rate(backend.now(photo), UserId("bob"), None, 5)

    with act_before_first_write(backend, "PhotoMetadata", rate):
        assert backend.deletions.purge_photos(ANN) == 1
    assert backend.now(photo).rating_count == ratings + 1
    while backend.deletions.purge_photos(ANN):
        pass
    assert backend.ratings.get_rating(photo.photo_id, UserId("bob")) is None


def test_photo_that_is_changed_during_its_purge_keeps_its_rows_until_the_next_purge(backend: Backend) -> None:
    photo = backend.ready(tags=("sea",))
    with act_before_first_write(backend, "PhotoMetadata", lambda: backend.put(photo, tags=("lake",))):
        assert backend.deletions.purge_photos(ANN) == 1
    assert backend.now(photo).tags == ("lake",)
    assert backend.deletions.purge_photos(ANN) == 1
    assert backend.store.get_photo(photo.photo_id) is None


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
