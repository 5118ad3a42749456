"""Search: every word must match, only what the asker may see, newest first, at a bounded cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import AlbumId, PhotoId, UserId, timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo, Placement
from chalicelib.domain.requests import SearchQuery
from chalicelib.domain.terms import Sought, found_by, sought
from chalicelib.search import search
from chalicelib.stores.dynamodb import items
from tests.support.faults import hooked
from tests.support.rows import START, Backend, ids, pending

ANN = UserId("ann")
PUBLIC, MINE = Listing(scope="public"), Listing(scope="owner", owner=ANN)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROME = {AlbumId("a"): Placement(name="Roman holiday", public=False, position=0)}


def asked(backend: Backend, q: str, scope: Any = "public", by: UserId | None = None, limit: int = 100) -> list[PhotoId]:
    """The ids on all pages."""
    found, last_key = list[PhotoId](), None
    while True:
        query = SearchQuery(q=q, scope=scope, limit=limit, last_key=last_key)
        page = search.page(backend.search, ["key"], query, by=by)
        found, last_key = found + ids(page.items), page.last_key
        if last_key is None:
            return found


def write(backend: Backend, *photos: Photo, stale: dict[str, Any] | None = None) -> None:
    """Rows without transactions; the photos' own with `stale` changes, as indexes may lag."""
    rows = {"PhotoMetadata": [items.photo_item(photo.with_(**stale or {})) for photo in photos]}
    rows["SearchTerms"] = [row for photo in photos for row in items.term_items(photo).values()]
    for table, found in rows.items():
        for start in range(0, len(found), 25):
            puts = [{"PutRequest": {"Item": row}} for row in found[start : start + 25]]
            backend.client.batch_write_item(RequestItems={f"photoshare-test-{table}": puts})


def made(minute: int, title: str, owner: str = "ann", **facts: Any) -> Photo:
    return pending(owner, minute=minute, status="ready", title=title, **facts)


# --- What is found


@FEW
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]),
            st.lists(st.sampled_from(["a", "sea", "seaside", "seagulls", "seagullish", "old", "olden"]), max_size=4),
            st.sampled_from(["public", "private", "unlisted"]),
        ),
        max_size=7,
    ),
    st.lists(st.sampled_from(["a", "sea", "seas", "seagulls", "seagulli", "old", "ol"]), min_size=1, max_size=3),
    st.sampled_from(["public", "mine"]),
    st.integers(1, 3),
)
def test_search_is_what_reading_every_photo_would_give(
    backend: Backend, photos: list[tuple[str, list[str], Any]], query: list[str], scope: Any, limit: int
) -> None:
    tag = f"q{uuid4().hex}"
    there = [
        made(minute, f"{tag} {' '.join(words)}", owner, visibility=visibility)
        for minute, (owner, words, visibility) in enumerate(photos)
    ]
    write(backend, *there)
    listing = MINE if scope == "mine" else PUBLIC
    words = sought(f"{tag} {' '.join(query)}")
    expected = [
        photo.photo_id
        for photo in reversed(there)
        if listing.holds(photo) and all(word.among(found_by(photo, public=scope == "public")) for word in words)
    ]
    assert asked(backend, f"{tag} {' '.join(query)}", scope, ANN, limit) == expected


def test_words_of_a_private_albums_name_find_its_photos_for_their_owner_alone(backend: Backend) -> None:
    photo = backend.ready(albums={}, title="Quay")
    write(backend, photo.with_(albums=ROME), stale={"albums": ROME})
    for q in ("roman", "roman quay", "quay roman", "rom"):
        assert asked(backend, q, "mine", ANN) == [photo.photo_id]
        assert asked(backend, q, "public", ANN) == asked(backend, q) == []
    assert asked(backend, "quay") == [photo.photo_id]


def test_other_words_of_a_photo_are_no_way_around_a_private_albums_name(backend: Backend) -> None:
    photo = made(0, "Romanesque", albums=ROME)
    write(backend, photo)
    assert asked(backend, "rom") == asked(backend, "romanes") == [photo.photo_id]
    assert asked(backend, "roman") == [photo.photo_id]
    assert asked(backend, "roman romanesque") == asked(backend, "holiday") == []


STALE: dict[str, dict[str, Any]] = {
    "made private": {"visibility": "private"},
    "made unlisted": {"visibility": "unlisted"},
    "trashed": {"trashed_at": timestamp(START)},
    "erased": {"status": "erased"},
    "renamed": {"title": "Quay"},
}


@pytest.mark.parametrize("change", [*STALE])
@pytest.mark.parametrize("q", ["sea", "old sea", "sea old"])
def test_index_that_lags_shows_nothing_that_no_longer_matches(backend: Backend, change: str, q: str) -> None:
    write(backend, made(1, "Old sea"), stale=STALE[change])
    there = made(0, "Old sea")
    write(backend, there)
    assert asked(backend, q) == [there.photo_id]
    if change in ("trashed", "erased", "renamed"):
        assert asked(backend, q, "mine", ANN) == [there.photo_id]


def test_a_page_that_is_not_the_last_is_full_although_the_index_lags(backend: Backend) -> None:
    photos = [made(minute, "sea") for minute in range(30)]
    for photo in photos:
        write(backend, photo, stale={"visibility": "private"} if photo in photos[10:20] else None)
    expected = ids([*photos[20:], *photos[:10]])
    page = search.page(backend.search, ["key"], SearchQuery(q="sea", limit=15), by=None)
    assert len(page.items) == 15
    assert page.last_key
    assert asked(backend, "sea", limit=15) == sorted(expected, reverse=True)


def test_more_words_than_a_photo_can_have_find_nothing_and_ask_nothing(backend: Backend) -> None:
    write(backend, made(0, " ".join(f"w{number}" for number in range(60))))
    assert len(asked(backend, " ".join(f"w{number}" for number in range(40)))) == 1
    assert asked(backend, " ".join(f"w{number}" for number in range(41))) == []


# --- Lists of words


def test_lists_begin_after_a_photo_and_tell_where_they_end(backend: Backend) -> None:
    photos = [made(minute, "old sea") for minute in range(4)]
    write(backend, *photos)
    newest = ids(photos[::-1])
    (all_of_it,) = backend.search.postings(PUBLIC, [Sought("sea")], 5)
    assert (list(all_of_it.ids), all_of_it.through) == (newest, None)
    (some,) = backend.search.postings(PUBLIC, [Sought("sea", prefix=True)], 2, after=newest[0])
    assert (list(some.ids), some.through) == (newest[1:3], newest[2])
    assert [some.may_hold(each) for each in newest] == [False, True, True, True]
    none, both = backend.search.postings(MINE, [Sought("nothing"), Sought("old")], 9)
    assert (none.ids, list(both.ids)) == ((), newest)
    assert backend.search.postings(Listing(scope="owner", owner=UserId("an")), [Sought("sea")], 9)[0].ids == ()


@pytest.mark.parametrize("scope", ["public", "mine"])
def test_a_photo_whose_words_a_block_cuts_apart_is_found(backend: Backend, scope: Any) -> None:
    beginnings = "photograms photographed photographers photographs photography"
    there = [made(minute, beginnings) for minute in range(3)]
    write(backend, *there)
    for q in beginnings.split():
        assert asked(backend, q, scope, ANN, limit=1) == ids(there[::-1]), q


def test_photos_come_in_the_order_asked_and_missing_ones_are_left_out(backend: Backend) -> None:
    one, two, missing = made(0, "a"), made(1, "b"), made(2, "c")
    write(backend, one, two)
    assert backend.search.photos(ids([two, missing, one])) == [two, one]


# --- Cost


def gallery(backend: Backend, count: int, **words: int) -> list[Photo]:
    """`count` photos; each of `words` is on every so many."""
    photos = [
        made(minute, " ".join(word for word, every in words.items() if minute % every == 0)) for minute in range(count)
    ]
    write(backend, *photos)
    return photos


@contextmanager
def counting(backend: Backend) -> Iterator[list[str]]:
    """The calls of a backend's client."""
    names: list[str] = []

    def before(model: Any, **_: Any) -> None:
        names.append(model.name)

    with hooked("before-call", lambda _: before, backend.client):
        yield names


def first_page(backend: Backend, q: str, by: UserId | None = None) -> tuple[int, list[str]]:
    """How many photos, and the calls."""
    query = SearchQuery(q=q, scope="mine" if by else "public")
    with counting(backend) as names:
        page = search.page(backend.search, ["key"], query, by=by)
    return len(page.items), sorted(names)


def test_a_page_of_one_word_costs_the_same_in_every_gallery(backend: Backend) -> None:
    there = 0
    for count in (12, 60, 300):
        write(backend, *[made(minute, "photographers sea") for minute in range(there, count)])
        there = count
        for q in ("sea", "photog", "photograph", "photographers"):
            for by in (None, ANN):
                assert first_page(backend, q, by) == (10, ["BatchGetItem", "Query"])


def test_several_words_cost_what_the_rarest_one_does(backend: Backend) -> None:
    gallery(backend, 900, sea=1, old=2, rare=90)
    assert first_page(backend, "sea old rare") == (10, ["BatchGetItem", "Query", "Query", "Query"])
    assert first_page(backend, "sea old") == (10, ["BatchGetItem", "Query", "Query"])
    assert first_page(backend, "sea nothing") == (0, ["Query", "Query"])


def test_words_that_never_meet_end_as_a_short_page_and_the_walk_goes_on(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "BLOCK", 10)
    monkeypatch.setattr(search, "ROUNDS", 3)
    photos = [made(minute, "odd" if minute % 2 else "even") for minute in range(1, 100)]
    both = made(0, "odd even")
    write(backend, *photos, both)
    with counting(backend) as names:
        page = search.page(backend.search, ["key"], SearchQuery(q="odd even"), by=None)
    assert (page.items, bool(page.last_key)) == ([], True)
    assert names.count("Query") == 6
    assert len(names) <= 9
    assert asked(backend, "odd even") == [both.photo_id]
