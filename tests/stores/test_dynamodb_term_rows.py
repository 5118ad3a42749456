"""Rows of tags and words on DynamoDB: shared rows, prefixes, and keys that enforce visibility."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import MAX_TERMS, Membership, Photo
from chalicelib.stores.dynamodb import items, term_rows
from chalicelib.stores.dynamodb.words import choose_prefixes
from tests.support.rows import pending


def new_photo(**facts: Any) -> Photo:
    return pending(status="ready", **facts)


def build_memberships(name: str, *, public: bool) -> dict[AlbumId, Membership]:
    return {AlbumId(name): Membership(name=name, public=public, position=0)}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Sea", {"ann#sea": "sea"}),
        ("New York", {"ann#tag#new york": "new york", "ann#new": None, "ann#york": None}),
        ("Café", {"ann#tag#café": "café", "ann#cafe": None}),
        ("tag#sea", {"ann#tag#tag#sea": "tag#sea", "ann#tag": None, "ann#sea": None}),
        ("👍", {"ann#tag#👍": "👍"}),
    ],
)
def test_tag_that_is_a_plain_word_shares_the_row_of_the_word(tag: str, expected: dict[str, str | None]) -> None:
    rows = {key: items.decode(row) for key, row in term_rows.encode_terms(new_photo(tags=(tag,))).items()}
    assert {key: row.get("publicTag") for key, row in rows.items()} == expected


def test_every_tag_has_a_row_even_if_there_are_too_many_words() -> None:
    photo = new_photo(tags=tuple(f"tag {number}" for number in range(32)), title=" ".join(f"x{n}" for n in range(99)))
    rows = [items.decode(row) for row in term_rows.encode_terms(photo).values()]
    assert len(rows) == MAX_TERMS
    assert sum("ownerTag" in row for row in rows) == 32


# --- Prefixes


@given(st.sets(st.text("ab", min_size=1, max_size=12), max_size=MAX_TERMS))
def test_each_prefix_lists_a_photo_once_and_the_longest_prefix_lists_all_its_words(words: set[str]) -> None:
    prefixes_by_word = choose_prefixes(words)
    short = [prefix for word_prefixes in prefixes_by_word.values() for prefix in word_prefixes if len(prefix) < 8]
    assert sorted(short) == sorted({word[:length] for word in words for length in range(3, 8) if len(word) >= length})
    assert {word for word, word_prefixes in prefixes_by_word.items() if word[:8] in word_prefixes} >= {
        word for word in words if len(word) >= 8
    }
    assert all(word.startswith(prefix) for word, word_prefixes in prefixes_by_word.items() for prefix in word_prefixes)


# --- Visibility


def key_names(photo: Photo, *starts: str) -> set[str]:
    """Return the names of the keys in the photo's rows that begin with one of `starts`."""
    rows = map(items.decode, term_rows.encode_terms(photo).values())
    return {name for row in rows for name in row if name.startswith(starts)}


def test_rows_of_unlisted_and_private_photos_have_no_public_key() -> None:
    facts: dict[str, Any] = {
        "tags": ("sea", "new york"),
        "title": "Harbourside",
        "memberships": build_memberships("Rome", public=True),
    }
    assert {"publicTag", "publicWord", "publicOwnerTag", "public3", "public8"} <= key_names(
        new_photo(**facts), "public"
    )
    for visibility in ("unlisted", "private"):
        hidden = new_photo(**facts, visibility=visibility)
        assert key_names(hidden, "public") == set()
        assert {"ownerTag", "owner3", "owner8"} <= key_names(hidden, "owner")


def test_word_from_the_name_of_a_private_album_has_no_public_key() -> None:
    photo = new_photo(title="Romania", memberships=build_memberships("Rome", public=False))
    rows = {key: items.decode(row) for key, row in term_rows.encode_terms(photo).items()}
    assert not any(name.startswith("public") for name in rows["ann#rome"])
    assert [row.get("owner3") for row in rows.values()].count("ann#rom") == 1
    assert rows["ann#romania"]["public3"] == "rom"


def test_all_words_can_be_replaced_in_one_transaction() -> None:
    rows = [
        term_rows.encode_terms(new_photo(description=" ".join(f"{letter}{number}" for number in range(99))))
        for letter in "xy"
    ]
    assert len(rows[0]) + len(rows[1]) == 2 * MAX_TERMS <= 98 - 2 * 8
