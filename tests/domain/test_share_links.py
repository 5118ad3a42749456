"""A token of a share link has exactly one encoding. The stored link does not reveal the token or the password."""

import secrets
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import share_links
from chalicelib.domain.ids import AlbumId, Timestamp, create_album_id, create_link_id, format_timestamp
from chalicelib.domain.share_links import LinkToken, ShareLink

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALPHABET = f"{string.ascii_letters}{string.digits}-_"


def new_token() -> LinkToken:
    ids = secrets.randbits(128), secrets.randbits(128)
    return LinkToken(create_album_id(NOW, ids[0]), create_link_id(NOW, ids[1]), secrets.token_bytes(32))


def new_link(token: LinkToken, **facts: str) -> ShareLink:
    link = ShareLink(
        album_id=token.album_id,
        link_id=token.link_id,
        created_at=format_timestamp(NOW),
        secret_hash=share_links.hash_secret(token.secret),
    )
    return link.with_(**facts)


def test_decoded_token_equals_the_encoded_token() -> None:
    token = new_token()
    text = share_links.encode_token(token)
    assert len(text) == 86
    assert {*text} <= {*ALPHABET}
    assert share_links.decode_token(text) == token


def test_no_other_text_decodes_to_the_same_token() -> None:
    token = new_token()
    text = share_links.encode_token(token)
    others = [
        f"{text[:index]}{character}{text[index + 1 :]}"
        for index in range(86)
        for character in ALPHABET
        if character != text[index]
    ]
    assert token not in [share_links.decode_token(other) for other in others]
    for other in (f"{text}=", f"{text}==", f" {text}", f"{text}\n", text[:40] + "!" + text[40:], f"{text}A", text[:-1]):
        assert share_links.decode_token(other) is None


@given(st.text(max_size=100))
def test_arbitrary_text_is_not_a_token(text: str) -> None:
    assert share_links.decode_token(text) is None


def test_token_with_an_invalid_album_id_is_not_decoded() -> None:
    text = share_links.encode_token(new_token()._replace(album_id=AlbumId("00000000-0000-4000-8000-000000000000")))
    assert share_links.decode_token(text) is None


def test_link_accepts_only_its_own_secret() -> None:
    token = new_token()
    link = new_link(token)
    assert share_links.verify_secret(link, token.secret)
    for index in range(32):
        changed = bytearray(token.secret)
        changed[index] ^= 1
        assert not share_links.verify_secret(link, bytes(changed))
    assert token.secret.hex() not in str(link)


def test_password_is_hashed_with_its_own_salt() -> None:
    digests = [share_links.hash_password("hunter2", salt * 16) for salt in ("00", "01")]
    assert digests[0] != digests[1]
    link = new_link(new_token(), salt="00" * 16, password_hash=digests[0])
    assert [share_links.verify_password(link, password) for password in ("hunter2", "Hunter2", "")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("expires_at", "expected"), [(None, True), ("2026-01-01T00:00:00.001Z", True), ("2026-01-01T00:00:00.000Z", False)]
)
def test_link_is_open_until_it_expires(expires_at: Timestamp | None, expected: bool) -> None:
    assert new_link(new_token()).with_(expires_at=expires_at).is_valid_at(format_timestamp(NOW)) is expected


@pytest.mark.parametrize(
    ("password", "header"),
    [
        ("pässwort", "p%C3%A4sswort"),
        ("pässwort", "pässwort"),
        ("pässwort", "pässwort".encode().decode("latin-1")),
        (" x ", "%20x%20"),
        ("写真📷", "%E5%86%99%E7%9C%9F%F0%9F%93%B7"),
        ("100%", "100%"),
        ("100%", "100%25"),
        ("a%20b", "a%20b"),
        ("a%20b", "a%2520b"),
        ("a b", "a%20b"),
        ("a+b", "a+b"),
        ("%E4", "%E4"),
    ],
)
def test_header_can_contain_the_password_in_plain_text_or_percent_encoded(password: str, header: str) -> None:
    assert password in share_links.list_password_readings(header)


@given(st.text())
def test_header_has_at_most_three_readings(header: str) -> None:
    assert 1 <= len(share_links.list_password_readings(header)) <= 3


@pytest.mark.parametrize("header", ["%ff", "%C3", "\xff"])
def test_bytes_that_are_not_utf_8_have_no_other_reading(header: str) -> None:
    assert share_links.list_password_readings(header) == [header]


def test_plain_ascii_has_one_reading() -> None:
    assert share_links.list_password_readings("plain text!") == ["plain text!"]


def test_stored_hashes_of_passwords_stay_valid() -> None:
    stored = "7da14629a2a91b4f4ba5db76d1ab629919f31e986b3b282ce4342b43b758654b"
    assert share_links.hash_password("hunter 2", bytes(range(16)).hex()) == stored


def test_composed_and_decomposed_passwords_are_equal() -> None:
    assert share_links.hash_password("p\u00e4ss", "00" * 16) == share_links.hash_password("pa\u0308ss", "00" * 16)


def test_new_link_has_no_wrong_passwords() -> None:
    link = new_link(new_token())
    assert (link.attempt_window, link.wrong_attempts) == (0, 0)
