"""Rows of tags and words on DynamoDB: shared rows, prefixes, and keys that enforce visibility."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import MAX_TERMS, Membership, Photo
from chalicelib.domain.terms import choose_photo_words
from chalicelib.domain.words import is_unspaced, list_index_words
from chalicelib.stores.dynamodb import items, term_rows
from chalicelib.stores.dynamodb.words import join_words
from tests.support.rows import pending


def new_photo(**facts: Any) -> Photo:
    return pending(status="ready", **{"filename": "", **facts})


def build_memberships(name: str, *, public: bool) -> dict[AlbumId, Membership]:
    return {AlbumId(name): Membership(name=name, public=public, position=0)}


def list_rows(photo: Photo) -> dict[str, dict[str, Any]]:
    """Return the rows of a photo by their keys, without the id of the photo."""
    rows = term_rows.encode_terms(photo).items()
    return {f"{part} {sort.removesuffix(f'#{photo.photo_id}')}": items.decode(row) for (part, sort), row in rows}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Sea", {"ann#se sea": "sea"}),
        ("京都", {"ann#京 京都": "京都", "ann#都 都": None}),
        ("New York", {"ann##new york ": "new york", "ann#ne new": None, "ann#yo york": None}),
        ("Café", {"ann##café ": "café", "ann#ca cafe": None}),
        ("tag#sea", {"ann##tag#sea ": "tag#sea", "ann#ta tag": None, "ann#se sea": None}),
        ("*", {"ann##* ": "*"}),
    ],
)
def test_tag_that_is_a_plain_word_shares_the_row_of_the_word(tag: str, expected: dict[str, str | None]) -> None:
    assert {key: row.get("publicTag") for key, row in list_rows(new_photo(tags=(tag,))).items()} == expected


def test_every_tag_has_a_row_even_if_there_are_too_many_words() -> None:
    photo = new_photo(tags=tuple(f"tag {number}" for number in range(32)), title=" ".join(f"x{n}" for n in range(99)))
    rows = list_rows(photo).values()
    assert len(rows) == MAX_TERMS
    assert sum("ownerTag" in row for row in rows) == 32


def test_longest_tag_and_word_fit_into_a_key() -> None:
    photo = new_photo(tags=("\ufdfa" * 50,), title="\U00020000" * 200)
    sizes = [(len(part.encode()), len(sort.encode())) for part, sort in term_rows.encode_terms(photo)]
    assert max(part for part, _ in sizes) <= 2048
    assert max(sort for _, sort in sizes) <= 1024


# --- Word summaries


@given(st.lists(st.text("ab京都の", min_size=1, max_size=5), max_size=9))
def test_word_summary_contains_each_word_after_a_space_or_in_a_run(titles: list[str]) -> None:
    found = [*choose_photo_words(new_photo(title=" ".join(titles)))]
    summary = join_words(found)
    assert all((word if is_unspaced(word[0]) else f" {word}") in summary for word in found)


def test_word_summary_of_a_long_run_contains_the_run_once() -> None:
    run = "".join(chr(0x4E00 + number) for number in range(60))
    assert join_words(list_index_words(run)) == f" {run}"


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
    public = {"publicTag", "publicPart", "publicKey", "publicWords"}
    owners = {"ownerTag", "ownerPart", "ownerKey", "ownerWords"}
    assert key_names(new_photo(**facts), "public", "owner") == public | owners
    for visibility in ("unlisted", "private"):
        hidden = new_photo(**facts, visibility=visibility)
        assert key_names(hidden, "public", "owner") == owners
        assert {row.get("ownerTag") for row in list_rows(hidden).values()} == {
            None,
            "ann#hidden#sea",
            "ann#hidden#new york",
        }


def test_word_from_the_name_of_a_private_album_is_beside_no_public_key() -> None:
    rows = list_rows(new_photo(description="Romania", memberships=build_memberships("Rome", public=False)))
    assert [*rows] == ["ann#ro rome", "ann#ro romania"]
    assert not any(name.startswith("public") for name in rows["ann#ro rome"])
    assert rows["ann#ro rome"]["ownerWords"] == " rome romania"
    assert rows["ann#ro romania"]["publicWords"] == " romania"


def test_summary_with_the_name_of_a_private_album_is_beside_no_public_key() -> None:
    rows = list_rows(new_photo(title="Quay", tags=("sea",), memberships=build_memberships("Rome", public=False)))
    holders = [row for row in rows.values() if "rome" in str(row)]
    assert [row.get("ownerWords") for row in holders] == [" sea quay rome"]
    assert not any(name.startswith("public") for row in holders for name in row)


def test_all_words_can_be_replaced_in_one_transaction() -> None:
    rows = [
        term_rows.encode_terms(new_photo(description=" ".join(f"{letter}{number}" for number in range(99))))
        for letter in "xy"
    ]
    assert len(rows[0]) + len(rows[1]) == 2 * MAX_TERMS <= 98 - 2 * 8
