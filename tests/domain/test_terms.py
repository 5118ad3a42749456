"""What a photo is found by: every tag, the most telling words, and each only by those who may know of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import MAX_TERMS, Exif, Photo, Placement
from chalicelib.domain.terms import Sought, Term, found_by, prefixes, sought, terms
from chalicelib.stores.dynamodb import items
from tests.support.rows import pending

WORD = Term(word=True)
BOTH = Term(word=True, tag=True)
TAG = Term(word=False, tag=True)
SECRET = Term(word=True, public=False)
TEXT = st.text("abcé 京#", max_size=30)


def photo(**facts: Any) -> Photo:
    return pending(status="ready", **facts)


def album(name: str, *, public: bool) -> dict[AlbumId, Placement]:
    return {AlbumId(name): Placement(name=name, public=public, position=0)}


FOUND: list[tuple[dict[str, Any], dict[str, Term]]] = [
    ({"title": "The Quay", "description": "by night"}, dict.fromkeys(["the", "quay", "by", "night"], WORD)),
    ({"tags": ("Sea",)}, {"sea": BOTH}),
    ({"tags": ("New York",)}, {"tag#new york": TAG, "new": WORD, "york": WORD}),
    ({"tags": ("Café",)}, {"tag#café": TAG, "cafe": WORD}),
    ({"tags": ("tag#sea",)}, {"tag#tag#sea": TAG, "tag": WORD, "sea": WORD}),
    ({"tags": ("👍",)}, {"tag#👍": TAG}),
    ({"exif": Exif(camera="Canon EOS", lens="RF 50mm")}, dict.fromkeys(["canon", "eos", "rf", "50mm"], WORD)),
    ({"albums": album("Rome", public=True)}, {"rome": WORD}),
    ({"albums": album("Rome", public=False)}, {"rome": SECRET}),
    ({"albums": album("Rome", public=False), "title": "Rome"}, {"rome": WORD}),
    ({"albums": album("Rome", public=False), "description": "Rome"}, {"rome": WORD}),
    ({"filename": "sea.jpg"}, {}),
]


@pytest.mark.parametrize(("facts", "expected"), FOUND)
def test_terms_come_from_what_is_said_of_the_photo(facts: dict[str, Any], expected: dict[str, Term]) -> None:
    assert terms(photo(**facts)) == expected


def test_every_tag_and_the_title_come_before_what_there_is_no_room_for() -> None:
    numbered = photo(
        tags=tuple(f"tag {number}" for number in range(32)),
        title="one two three four",
        exif=Exif(camera="five"),
        albums=album("six", public=False),
        description="seven eight nine",
    )
    assert [*terms(numbered)][32:] == ["one", "two", "three", "four", "tag", "0", "1", "2"]
    few = numbered.with_(tags=(), description=" ".join(f"x{number}" for number in range(99)))
    assert [*terms(few)] == ["one", "two", "three", "four", "five", "six", *(f"x{number}" for number in range(34))]


@given(TEXT, st.lists(TEXT.filter(bool), max_size=32), TEXT, TEXT, st.booleans())
def test_terms_are_bounded_and_others_find_nothing_of_a_private_album(
    title: str, tags: list[str], name: str, description: str, public: bool
) -> None:
    made = photo(title=title, tags=tuple(tags), albums=album(name, public=public), description=description)
    assert len(terms(made)) <= MAX_TERMS
    assert found_by(made, public=True) <= found_by(made, public=False)
    if not public:
        without = made.with_(albums={}, description="")
        assert found_by(made, public=True) <= found_by(made.with_(albums={}), public=True)
        assert found_by(without, public=True) == found_by(without, public=False)


# --- Prefixes


@given(st.sets(st.text("ab", min_size=1, max_size=12), max_size=MAX_TERMS))
def test_each_prefix_lists_a_photo_once_and_the_longest_all_its_words(found: set[str]) -> None:
    listed = prefixes(found)
    short = [prefix for under in listed.values() for prefix in under if len(prefix) < 8]
    assert sorted(short) == sorted({word[:length] for word in found for length in range(3, 8) if len(word) >= length})
    assert {word for word, under in listed.items() if word[:8] in under} >= {word for word in found if len(word) >= 8}
    assert all(word.startswith(prefix) for word, under in listed.items() for prefix in under)


# --- Keys, which hold the visibility


def keys(made: Photo, *names: str) -> set[str]:
    rows = map(items.decode, items.term_items(made).values())
    return {name for row in rows for name in row if name.startswith(names)}


def test_rows_of_photos_that_others_may_not_find_have_no_public_key() -> None:
    facts: dict[str, Any] = {"tags": ("sea", "new york"), "title": "Harbourside", "albums": album("Rome", public=True)}
    assert {"publicTag", "publicWord", "publicOwnerTag", "public3", "public8"} <= keys(photo(**facts), "public")
    for visibility in ("unlisted", "private"):
        hidden = photo(**facts, visibility=visibility)
        assert keys(hidden, "public") == set()
        assert {"ownerTag", "owner3", "owner8"} <= keys(hidden, "owner")


def test_row_of_a_word_of_a_private_album_has_no_public_key() -> None:
    made = photo(title="Romania", albums=album("Rome", public=False))
    rows = {key: items.decode(row) for key, row in items.term_items(made).items()}
    assert not any(name.startswith("public") for name in rows["ann#rome"])
    assert [row.get("owner3") for row in rows.values()].count("ann#rom") == 1
    assert rows["ann#romania"]["public3"] == "rom"


def test_all_words_can_be_exchanged_in_one_transaction() -> None:
    rows = [
        items.term_items(photo(description=" ".join(f"{letter}{number}" for number in range(99)))) for letter in "xy"
    ]
    assert len(rows[0]) + len(rows[1]) == 2 * MAX_TERMS <= 98 - 2 * 8


# --- What is asked


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Old quay", [Sought("old"), Sought("quay", prefix=True)]),
        ("quay at", [Sought("quay"), Sought("at")]),
        ("sea", [Sought("sea", prefix=True)]),
        ("京都", [Sought("京"), Sought("都")]),
        ("sea SEA", [Sought("sea", prefix=True)]),
        ("*", []),
    ],
)
def test_last_word_of_three_letters_or_more_is_a_prefix(query: str, expected: list[Sought]) -> None:
    assert sought(query) == expected


def test_a_prefix_is_among_words_that_begin_with_it() -> None:
    words = {"seaside", "old"}
    assert Sought("sea", prefix=True).among(words)
    assert Sought("seaside").among(words)
    assert not Sought("sea").among(words)
    assert not Sought("side", prefix=True).among(words)
