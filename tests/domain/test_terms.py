"""Search words of photos and queries. Words from private albums are searchable only by the owner."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import MAX_TERMS, Exif, Membership, Photo
from chalicelib.domain.tags import is_plain_word, normalize_tags
from chalicelib.domain.terms import SearchWord, choose_photo_words, list_photo_words, parse_query_words
from tests.support.rows import pending

TEXT = st.text("abcé 京#", max_size=30)


def new_photo(**facts: Any) -> Photo:
    return pending(status="ready", **{"filename": "", **facts})


def build_memberships(name: str, *, public: bool) -> dict[AlbumId, Membership]:
    return {AlbumId(name): Membership(name=name, public=public, position=0)}


EXPECTED_WORDS: list[tuple[dict[str, Any], dict[str, bool]]] = [
    ({"title": "The Quay", "description": "by night"}, dict.fromkeys(["the", "quay", "by", "night"], True)),
    ({"tags": ("Sea",)}, {"sea": True}),
    ({"tags": ("New York",)}, {"new": True, "york": True}),
    ({"tags": ("Café",)}, {"cafe": True}),
    ({"tags": ("tag#sea",)}, {"tag": True, "sea": True}),
    ({"tags": ("👍",)}, {"👍": True}),
    ({"exif": Exif(camera="Canon EOS", lens="RF 50mm")}, dict.fromkeys(["canon", "eos", "rf", "50mm"], True)),
    ({"memberships": build_memberships("Rome", public=True)}, {"rome": True}),
    ({"memberships": build_memberships("Rome", public=False)}, {"rome": False}),
    ({"memberships": build_memberships("Rome", public=False), "title": "Rome"}, {"rome": True}),
    ({"memberships": build_memberships("Rome", public=False), "description": "Rome"}, {"rome": True}),
    ({"filename": "DSC_0815.jpg"}, {"dsc": True, "0815": True}),
    ({"title": "京都"}, {"京都": True, "都": True}),
]


@pytest.mark.parametrize(("facts", "expected"), EXPECTED_WORDS)
def test_words_come_from_every_text_of_the_photo(facts: dict[str, Any], expected: dict[str, bool]) -> None:
    assert choose_photo_words(new_photo(**facts)) == expected


def test_tags_and_title_take_precedence_if_there_are_too_many_words() -> None:
    photo = new_photo(
        tags=tuple(f"tag {number}" for number in range(32)),
        title="one two three four",
        exif=Exif(camera="five"),
        memberships=build_memberships("six", public=False),
        description="seven eight nine",
    )
    assert [*choose_photo_words(photo)] == ["one", "two", "three", "four", "tag", "0", "1", "2"]
    photo_without_tags = photo.with_(tags=(), description=" ".join(f"x{number}" for number in range(99)))
    assert [*choose_photo_words(photo_without_tags)] == [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        *(f"x{number}" for number in range(34)),
    ]


@given(TEXT, st.lists(TEXT.filter(bool), max_size=32), TEXT, TEXT, st.booleans())
def test_words_and_tags_are_limited_and_names_of_private_albums_are_not_public(
    title: str, tags: list[str], name: str, description: str, public: bool
) -> None:
    photo = new_photo(
        title=title, tags=tuple(tags), memberships=build_memberships(name, public=public), description=description
    )
    assert (
        len({*choose_photo_words(photo), *(f"tag#{tag}" for tag in normalize_tags(tags) if not is_plain_word(tag))})
        <= MAX_TERMS
    )
    assert list_photo_words(photo, public=True) <= list_photo_words(photo, public=False)
    if not public:
        photo_without_album = photo.with_(memberships={}, description="")
        assert list_photo_words(photo, public=True) <= list_photo_words(photo.with_(memberships={}), public=True)
        assert list_photo_words(photo_without_album, public=True) == list_photo_words(photo_without_album, public=False)


# --- Words of a query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Old quay", [SearchWord("old"), SearchWord("quay", is_prefix=True)]),
        ("quay at", [SearchWord("quay"), SearchWord("at", is_prefix=True)]),
        ("quay a", [SearchWord("quay"), SearchWord("a")]),
        ("DSC_0815.jpg", [SearchWord("dsc"), SearchWord("0815", is_prefix=True)]),
        (
            "서울 사진 길 a",
            [*(SearchWord(word, is_prefix=True) for word in ("서울", "사진")), SearchWord("길"), SearchWord("a")],
        ),
        ("sea", [SearchWord("sea", is_prefix=True)]),
        ("京 โอ old", [SearchWord(word, is_prefix=True) for word in ("京", "โอ", "old")]),
        ("sea SEA", [SearchWord("sea", is_prefix=True)]),
        ("*", []),
    ],
)
def test_last_word_and_words_in_hangul_and_scripts_without_spaces_match_as_prefixes(
    query: str, expected: list[SearchWord]
) -> None:
    assert parse_query_words(query) == expected


def test_prefix_matches_words_that_begin_with_it() -> None:
    words = {"seaside", "old"}
    assert SearchWord("sea", is_prefix=True).matches(words)
    assert SearchWord("seaside").matches(words)
    assert not SearchWord("sea").matches(words)
    assert not SearchWord("side", is_prefix=True).matches(words)
