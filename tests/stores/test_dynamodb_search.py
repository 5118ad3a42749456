"""Word search on DynamoDB: a stale index, word lists that are read in blocks, and a bounded cost."""

from typing import Any

import pytest

from chalicelib.domain.ids import AlbumId, PhotoId, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Membership, Photo
from chalicelib.domain.terms import SearchWord, parse_query_words
from chalicelib.stores.dynamodb import photo_rows, search, words
from chalicelib.stores.dynamodb.calls import Calls
from chalicelib.stores.dynamodb.words import Postings, Summaries, WordList
from tests.support.dynamodb_rows import counted_calls, write_rows
from tests.support.rows import START, Backend, ids, pending
from tests.support.searches import find_all

PUBLIC, MINE = Listing(scope="public"), Listing(scope="owner", owner=UserId("ann"))
STALE: dict[str, dict[str, Any]] = {
    "private": {"visibility": "private"},
    "unlisted": {"visibility": "unlisted"},
    "trashed": {"trashed_at": format_timestamp(START)},
    "erased": {"status": "erased"},
    "renamed": {"title": "Quay"},
}


def new_photo(minute: int, title: str, **facts: Any) -> Photo:
    return pending(minute=minute, status="ready", title=title, **facts)


@pytest.mark.parametrize("change", [*STALE])
@pytest.mark.parametrize("text", ["sea", "old sea", "sea old"])
def test_stale_index_shows_no_photo_that_no_longer_matches(backend: Backend, change: str, text: str) -> None:
    write_rows(backend, new_photo(1, "Old sea"), stale=STALE[change])
    present = new_photo(0, "Old sea")
    write_rows(backend, present)
    assert find_all(backend, text, PUBLIC) == [present.photo_id]
    if change in ("trashed", "erased", "renamed"):
        assert find_all(backend, text, MINE) == [present.photo_id]


def test_page_before_the_last_is_full_even_if_the_index_is_stale(backend: Backend) -> None:
    photos = [new_photo(minute, "sea") for minute in range(30)]
    write_rows(backend, *photos[:10], *photos[20:])
    write_rows(backend, *photos[10:20], stale={"visibility": "private"})
    page = backend.search.search(PUBLIC, parse_query_words("sea"), 15)
    assert len(page.photos) == 15
    assert page.next_after
    assert find_all(backend, "sea", PUBLIC, 15) == ids([*photos[:10], *photos[20:]])[::-1]


def test_query_with_more_words_than_a_photo_can_have_makes_no_calls(backend: Backend) -> None:
    with counted_calls(backend) as names:
        assert find_all(backend, " ".join(f"w{number}" for number in range(41)), PUBLIC) == []
    assert names == []


# --- Word lists


def read_word_list(
    backend: Backend, listing: Listing, word: SearchWord, limit: int, after: PhotoId | None = None
) -> Postings:
    ids_after = photo_rows.build_id_range(None, None, after, newest_first=True)
    calls = Calls(backend.client, START.timestamp)
    summaries = Summaries(calls, "photoshare-test-SearchWords", listing)
    return WordList(calls, "photoshare-test-SearchWords", listing, word, summaries).read(ids_after, limit)


def test_word_list_starts_after_a_photo_and_reports_the_last_photo_it_read(backend: Backend) -> None:
    photos = [new_photo(minute, "old sea") for minute in range(4)]
    write_rows(backend, *photos)
    newest = ids(photos[::-1])
    full_list = read_word_list(backend, PUBLIC, SearchWord("sea"), 5)
    assert (list(full_list.ids), full_list.through) == (newest, None)
    partial_list = read_word_list(backend, PUBLIC, SearchWord("sea", is_prefix=True), 2, newest[0])
    assert (list(partial_list.ids), partial_list.through) == (newest[1:3], newest[2])
    assert [partial_list.may_contain(photo_id) for photo_id in newest] == [False, True, True, True]
    assert read_word_list(backend, MINE, SearchWord("nothing"), 9) == Postings((), None)


def test_longer_words_do_not_overtake_photos_of_the_whole_word_that_were_not_read(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "BLOCK_SIZE", 3)
    photos = [new_photo(minute, "ab sea" if minute % 4 else "ab seaside") for minute in range(16)]
    write_rows(backend, *photos)
    for listing in (PUBLIC, MINE):
        for limit in (1, 5, 100):
            assert find_all(backend, "ab sea", listing, limit) == ids(photos[::-1])
    seas = read_word_list(backend, PUBLIC, SearchWord("sea", is_prefix=True), 3)
    assert (list(seas.ids), seas.through) == (ids(photos[:12:-1]), photos[13].photo_id)


# --- Common prefixes


def write_common(backend: Backend, count: int, step: int = 1) -> list[PhotoId]:
    """Write photos with similar words and, for each, `step` - 1 photos without. Return their ids, newest first."""
    photos = [
        new_photo(minute, f"seaside{minute} ab" if minute % step == 0 else "other") for minute in range(count * step)
    ]
    write_rows(backend, *photos)
    return ids(photos[::step])[::-1]


@pytest.mark.parametrize("listing", [PUBLIC, MINE], ids=["public", "mine"])
@pytest.mark.parametrize("count", [9, 10, 11, 40])
def test_common_prefix_finds_the_newest_photos_with_one_more_query(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, listing: Listing, count: int
) -> None:
    monkeypatch.setattr(words, "BLOCK", 10)
    photo_ids = write_common(backend, count)
    with counted_calls(backend) as names:
        page = backend.search.search(listing, parse_query_words("sea"), 7)
    assert sorted(names) == ["BatchGetItem", "Query", "Query"]
    assert ids(page.photos) == photo_ids[:7]
    for limit in (1, 7, 100):
        assert find_all(backend, "sea", listing, limit) == photo_ids
        assert find_all(backend, "ab sea", listing, limit) == photo_ids


@pytest.mark.parametrize("listing", [PUBLIC, MINE], ids=["public", "mine"])
def test_common_prefixes_of_a_search_share_the_summaries(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, listing: Listing
) -> None:
    monkeypatch.setattr(words, "BLOCK", 3)
    runs = [f"{character}京{character}都" for character in "秋寺春山海"]
    photos = [new_photo(minute, "と".join(runs)) for minute in range(2)]
    write_rows(backend, *photos)
    with counted_calls(backend) as names:
        page = backend.search.search(listing, parse_query_words("秋 寺 春 山 海"), 5)
    assert ids(page.photos) == ids(photos[::-1])
    # One query for each prefix, and one for the word summaries.
    assert sorted(names) == ["BatchGetItem", *["Query"] * 6]


def test_page_of_a_common_prefix_can_be_short(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "BLOCK", 10)
    photo_ids = write_common(backend, 12, step=4)
    with counted_calls(backend) as names:
        page = backend.search.search(PUBLIC, parse_query_words("sea"), 7)
    assert sorted(names) == ["BatchGetItem", "Query", "Query"]
    assert ids(page.photos) == photo_ids[:2]
    assert find_all(backend, "sea", PUBLIC, 7) == photo_ids


def test_block_of_summaries_is_one_request_if_the_summaries_are_long(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "BLOCK", 20)
    photo_ids = write_common(backend, 40)
    # DynamoDB reads at most 1 MB for one request.
    monkeypatch.setattr("moto.dynamodb.models.table.RESULT_SIZE_LIMIT", 2000)
    summaries = Summaries(Calls(backend.client, START.timestamp), "photoshare-test-SearchWords", PUBLIC)
    with counted_calls(backend) as calls:
        block, through = summaries.read(photo_rows.build_id_range(None, None, None, newest_first=True), 20)
    assert calls == ["Query"]
    assert 0 < len(block) < 20
    assert through == block[-1][0]
    assert find_all(backend, "sea", PUBLIC, 7) == photo_ids


def test_page_without_a_match_reads_three_blocks_of_summaries(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "BLOCK_SIZE", 4)
    monkeypatch.setattr(words, "BLOCK", 4)
    names = ["seaside", "harbour"]
    write_rows(backend, *[new_photo(minute, f"{names[minute % 2]}{minute}") for minute in range(40)])
    prefixes = [SearchWord("seas", is_prefix=True), SearchWord("harbo", is_prefix=True)]
    with counted_calls(backend) as calls:
        page = backend.search.search(PUBLIC, prefixes, 5)
    assert calls == ["Query"] * (len(prefixes) + search.MAX_SUMMARY_BLOCKS_PER_PAGE)
    assert page.next_after is not None


def test_common_prefix_does_not_find_the_name_of_a_private_album(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "BLOCK", 2)
    album = AlbumId("0" * 36)
    membership = {album: Membership(name="Seaside", public=False, position=0)}
    photos = [new_photo(minute, f"seaman{minute}" if minute else "quay", memberships=membership) for minute in range(5)]
    write_rows(backend, *photos)
    assert find_all(backend, "sea", PUBLIC) == ids(photos[:0:-1])
    assert find_all(backend, "sea", MINE) == ids(photos[::-1])
    assert find_all(backend, "seas", PUBLIC) == []


@pytest.mark.parametrize("text", ["京都", "の寺"])
def test_common_part_of_a_run_without_spaces_is_found(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(words, "BLOCK", 3)
    photos = [new_photo(minute, f"秋の京都の寺{minute}" if minute % 2 else "東京都") for minute in range(12)]
    write_rows(backend, *photos)
    expected = photos[1::2] if text == "の寺" else photos
    assert find_all(backend, text, PUBLIC, 2) == ids(expected)[::-1]


@pytest.mark.parametrize("listing", [PUBLIC, MINE], ids=["public", "mine"])
def test_photo_is_found_if_a_block_boundary_separates_its_words(backend: Backend, listing: Listing) -> None:
    similar_words = "photograms photographed photographers photographs photography"
    photos = [new_photo(minute, similar_words) for minute in range(3)]
    write_rows(backend, *photos)
    for word in similar_words.split():
        assert find_all(backend, word, listing, 1) == ids(photos[::-1]), word


# --- Cost


def search_first_page(backend: Backend, text: str, listing: Listing = PUBLIC) -> tuple[int, list[str]]:
    """Return the number of photos on the first page of ten, and the calls."""
    with counted_calls(backend) as names:
        page = backend.search.search(listing, parse_query_words(text), 10)
    return len(page.photos), sorted(names)


def test_page_of_one_word_costs_the_same_in_a_gallery_of_any_size(backend: Backend) -> None:
    written = 0
    for count in (12, 60, 300):
        write_rows(backend, *[new_photo(minute, "photographers sea") for minute in range(written, count)])
        written = count
        for word in ("sea", "photog", "photograph", "photographers"):
            for listing in (PUBLIC, MINE):
                assert search_first_page(backend, word, listing) == (10, ["BatchGetItem", "Query", "Query"])


def test_cost_of_several_words_depends_on_the_rarest_word(backend: Backend) -> None:
    steps = {"sea": 1, "old": 2, "rare": 90}
    titles = [" ".join(word for word, step in steps.items() if minute % step == 0) for minute in range(900)]
    write_rows(backend, *[new_photo(minute, title) for minute, title in enumerate(titles)])
    assert search_first_page(backend, "sea old rare") == (10, ["BatchGetItem", *["Query"] * 4])
    assert search_first_page(backend, "sea old") == (10, ["BatchGetItem", *["Query"] * 3])
    assert search_first_page(backend, "sea nothing") == (0, ["Query"] * 3)


def test_words_without_common_photos_return_a_short_page_and_the_next_page_continues(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "BLOCK_SIZE", 10)
    monkeypatch.setattr(search, "MAX_BLOCKS_PER_PAGE", 3)
    photos = [new_photo(minute, "odd" if minute % 2 else "even") for minute in range(1, 100)]
    common_photo = new_photo(0, "odd even")
    write_rows(backend, *photos, common_photo)
    with counted_calls(backend) as names:
        page = backend.search.search(PUBLIC, parse_query_words("odd even"), 10)
    assert (page.photos, bool(page.next_after)) == ([], True)
    assert names.count("Query") == 7
    assert len(names) <= 10
    assert find_all(backend, "odd even", PUBLIC) == [common_photo.photo_id]
