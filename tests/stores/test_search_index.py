"""`SearchIndex`: every word must match, the newest photos come first, and hidden photos are not found."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import MAX_TERMS
from chalicelib.domain.terms import SearchWord, list_photo_words, parse_query_words
from tests.support.album_rows import add_album, build_memberships
from tests.support.rows import START, Backend, ids
from tests.support.searches import find_all

PUBLIC, MINE = Listing(scope="public"), Listing(scope="owner", owner=UserId("ann"))
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PHOTOS = st.tuples(
    st.sampled_from(["ann", "bob"]),
    st.lists(st.sampled_from(["a", "sea", "seaside", "seagulls", "seagullish", "old", "olden"]), max_size=4),
    st.sampled_from(["public", "private", "unlisted"]),
)


@FEW
@given(
    st.lists(PHOTOS, max_size=7),
    st.lists(st.sampled_from(["a", "sea", "seas", "seagulls", "seagulli", "old", "ol"]), min_size=1, max_size=3),
    st.sampled_from([PUBLIC, MINE]),
    st.integers(1, 3),
)
def test_search_finds_the_same_photos_as_reading_every_photo(
    backend: Backend, photos: list[tuple[str, list[str], Any]], query: list[str], listing: Listing, limit: int
) -> None:
    key = f"q{uuid4().hex}"
    stored = [
        backend.ready(owner, minute=minute, title=f"{key} {' '.join(words)}", visibility=visibility)
        for minute, (owner, words, visibility) in enumerate(photos)
    ]
    words = parse_query_words(f"{key} {' '.join(query)}")
    public = listing == PUBLIC
    expected = [
        photo.photo_id
        for photo in reversed(stored)
        if listing.contains(photo) and all(word.matches(list_photo_words(photo, public=public)) for word in words)
    ]
    assert find_all(backend, f"{key} {' '.join(query)}", listing, limit) == expected


def test_words_of_a_private_album_find_its_photos_only_for_their_owner(backend: Backend) -> None:
    album = add_album(backend, name="Roman holiday", visibility="private")
    photo = backend.ready(title="Quay", memberships=build_memberships(album))
    for text in ("roman", "roman quay", "quay roman", "rom"):
        assert find_all(backend, text, MINE) == [photo.photo_id]
        assert find_all(backend, text, PUBLIC) == []
    assert find_all(backend, "quay", PUBLIC) == [photo.photo_id]


def test_other_words_of_a_photo_do_not_reveal_the_name_of_a_private_album(backend: Backend) -> None:
    album = add_album(backend, name="Roman holiday", visibility="private")
    photo = backend.ready(title="Romanesque", memberships=build_memberships(album))
    for text in ("rom", "romanes", "roman"):
        assert find_all(backend, text, PUBLIC) == [photo.photo_id]
    assert find_all(backend, "roman romanesque", PUBLIC) == find_all(backend, "holiday", PUBLIC) == []


CHANGES: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "unlisted": {"visibility": "unlisted"},
    "trashed": {"trashed_at": format_timestamp(START)},
    "renamed": {"title": "Quay"},
}


@pytest.mark.parametrize("change", [*CHANGES])
def test_photo_is_found_only_while_it_belongs_to_the_listing_and_matches(backend: Backend, change: str) -> None:
    photo = backend.ready(title="Old sea")
    assert find_all(backend, "old sea", PUBLIC) == find_all(backend, "old sea", MINE) == [photo.photo_id]
    backend.put(photo, **CHANGES[change])
    assert find_all(backend, "old sea", PUBLIC) == []
    hidden_from_owner = change in ("trashed", "renamed")
    assert find_all(backend, "old sea", MINE) == ([] if hidden_from_owner else [photo.photo_id])


def test_erased_photo_is_not_found(backend: Backend) -> None:
    backend.erase(backend.ready(title="Old sea"))
    assert find_all(backend, "sea", MINE) == []


def test_listing_of_one_user_contains_no_photo_of_another_user(backend: Backend) -> None:
    backend.ready("ann", title="sea")
    assert find_all(backend, "sea", Listing(scope="owner", owner=UserId("an"))) == []


def test_page_starts_after_the_given_photo_and_the_last_page_has_no_next(backend: Backend) -> None:
    newest: list[PhotoId] = ids([backend.ready(minute=minute, title="old sea") for minute in range(4)])[::-1]
    words = [SearchWord("sea"), SearchWord("old", is_prefix=True)]
    first = backend.search.search(PUBLIC, words, 2)
    assert (ids(first.photos), first.next_after) == (newest[:2], newest[1])
    second = backend.search.search(PUBLIC, words, 2, after=newest[1])
    assert (ids(second.photos), second.next_after) == (newest[2:], None)


@pytest.mark.parametrize("count", [MAX_TERMS, MAX_TERMS + 1])
def test_query_with_more_words_than_a_photo_can_have_finds_nothing(backend: Backend, count: int) -> None:
    backend.ready(title=" ".join(f"w{number}" for number in range(60)))
    photo_ids = find_all(backend, " ".join(f"w{number}" for number in range(count)), PUBLIC)
    assert len(photo_ids) == (count <= MAX_TERMS)


def test_search_without_words_returns_one_empty_page(backend: Backend) -> None:
    backend.ready(title="sea")
    page = backend.search.search(PUBLIC, [], 9)
    assert (page.photos, page.next_after) == ([], None)
