"""Cursors are valid only for the list, filters and caller that they were issued for, and only for a day."""

import random
import string
import zlib
from urllib.parse import quote

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous.encoding import base64_decode, base64_encode

from chalicelib.domain import cursors
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.errors import InvalidCursor

POSITIONS = st.lists(st.one_of(st.integers(), st.text(max_size=400), st.floats(allow_nan=False)), max_size=5)
KEYS, BOUND = ["old", "new"], ("ann", "photos", "random", None)
CURSORS = Cursors(KEYS, *BOUND)


@given(POSITIONS)
def test_cursor_returns_the_position_that_was_sealed(position: list[object]) -> None:
    assert CURSORS.open(CURSORS.seal(position)) == position


def test_missing_cursor_means_no_position() -> None:
    assert CURSORS.open(None) is None


@pytest.mark.parametrize("token", ["", ".", "..", "...", "é", "a" * 100_000, "\x00", "W10", "W10.", "W10.a.b"])
def test_text_that_is_not_a_cursor_is_refused(token: str) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.open(token)


@pytest.mark.parametrize(
    "other",
    [
        Cursors(["old", "new"], "bob", "photos", "random", None),
        Cursors(["old", "new"], None, "photos", "random", None),
        Cursors(["old", "new"], "ann", "trash", "random", None),
        Cursors(["old", "new"], "ann", "photos", "newest", None),
        Cursors(["old", "new"], "ann", "photos", "random", "None"),
        Cursors(["old", "new"], "ann", "photos", "random"),
        Cursors(["unknown"], "ann", "photos", "random", None),
    ],
)
def test_cursor_of_another_caller_list_filter_or_key_is_refused(other: Cursors) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.open(other.seal([1]))


def test_rotated_key_opens_cursors_until_it_is_removed() -> None:
    bound = ("ann", "photos")
    token = Cursors(["first"], *bound).seal([1])
    assert Cursors(["first", "second"], *bound).open(token) == [1]
    with pytest.raises(InvalidCursor):
        Cursors(["second", "third"], *bound).open(token)


def test_cursor_expires_after_a_day() -> None:
    with time_machine.travel(0, tick=False) as clock:
        token = CURSORS.seal([1])
        clock.shift(24 * 60 * 60)
        assert CURSORS.open(token) == [1]
        clock.shift(1)
        with pytest.raises(InvalidCursor):
            CURSORS.open(token)


def test_cursors_of_the_same_version_keep_their_format(monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(1_800_000_000, tick=False):
        sealed = Cursors(KEYS, *BOUND).seal([7, "after"])
        assert sealed == "WzcsImFmdGVyIl0.a0nSAA.lPk5EuCKngNZoCWNT4Pu3DgeXfc_iXLvh5oi4vpIc-U"
        # A cursor outlives a release, so a new format needs a new version.
        monkeypatch.setattr(cursors, "VERSION", cursors.VERSION + 1)
        with pytest.raises(InvalidCursor):
            Cursors(KEYS, *BOUND).open(sealed)


# --- Forged cursors


def _seal_random_position(cursors: Cursors, rng: random.Random) -> str:
    """Return a token of the random order, or a token with a short position."""
    after = f"{rng.getrandbits(128):032x}"
    walk = [rng.getrandbits(64), rng.randrange(40), rng.getrandbits(30), after, None, rng.randrange(9), after]
    return cursors.seal(walk if rng.random() < 0.7 else [after])


def _flip_bits(token: str, _other: str, rng: random.Random) -> str:
    raw = bytearray(token.encode())
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return raw.decode("latin-1")


def _replace_character(token: str, _other: str, rng: random.Random) -> str:
    index = rng.randrange(len(token))
    return token[:index] + rng.choice(string.ascii_letters + string.digits + "-_.=") + token[index + 1 :]


def _truncate(token: str, _other: str, rng: random.Random) -> str:
    return token[: rng.randrange(len(token))] if rng.random() < 0.5 else token[rng.randrange(1, len(token)) :]


def _insert_character(token: str, _other: str, rng: random.Random) -> str:
    index = rng.randrange(len(token) + 1)
    return token[:index] + rng.choice("=. \n\t\x00+/A~\u200b") + token[index:]


def _change_last_character(token: str, _other: str, rng: random.Random) -> str:
    """Change the last character of a part. Decoders ignore some bits of it."""
    parts = token.split(".")
    number = rng.choice([number for number, part in enumerate(parts) if part])
    parts[number] = parts[number][:-1] + rng.choice(string.ascii_letters + string.digits + "-_")
    return ".".join(parts)


def _change_alphabet(token: str, _other: str, rng: random.Random) -> str:
    return rng.choice((token.replace("-", "+"), token.replace("_", "/"), token.swapcase(), token.upper()))


def _add_padding(token: str, _other: str, rng: random.Random) -> str:
    parts = token.split(".")
    number = rng.randrange(len(parts))
    parts[number] += "=" * rng.choice((-len(parts[number]) % 4, 1, 2))
    return ".".join(parts)


def _change_encoding(token: str, _other: str, rng: random.Random) -> str:
    """Encode the same position in another way: uncompressed, compressed, with spaces, in hexadecimal or URL-quoted."""
    encoded, *signed = token.removeprefix(".").split(".")
    raw = base64_decode(encoded)
    plain = zlib.decompress(raw) if token.startswith(".") else raw
    encodings = (
        base64_encode(plain).decode(),
        "." + base64_encode(zlib.compress(plain, rng.randrange(10))).decode(),
        base64_encode(plain.replace(b",", b", ")).decode(),
        plain.hex(),
        quote(token),
    )
    return ".".join([rng.choice(encodings), *signed])


def _splice(token: str, other: str, rng: random.Random) -> str:
    """Combine parts of both tokens, or the beginning of `token` with the end of `other`."""
    if rng.random() < 0.5:
        left, right = token.rsplit(".", rng.randrange(1, 3)), other.rsplit(".", rng.randrange(1, 3))
        return ".".join([left[0], *right[1:]])
    index = rng.randrange(len(token))
    return token[:index] + other[index:]


MUTATIONS = (
    _flip_bits,
    _replace_character,
    _truncate,
    _insert_character,
    _change_last_character,
    _change_alphabet,
    _add_padding,
    _change_encoding,
    _splice,
)


def _other_cursors() -> list[Cursors]:
    """Return cursors whose genuine tokens are invalid for `CURSORS`: another version, key, caller, list or order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cursors, "VERSION", cursors.VERSION + 1)
        other_version = Cursors(KEYS, *BOUND)
    other_bounds = [
        ("bob", *BOUND[1:]),
        (None, *BOUND[1:]),
        ("ann", "trash", *BOUND[2:]),
        ("ann", "photos", "newest", None),
    ]
    return [other_version, Cursors(["unknown"], *BOUND), *(Cursors(KEYS, *bound) for bound in other_bounds)]


@pytest.mark.parametrize("batch", range(4))
def test_none_of_a_hundred_thousand_forged_cursors_is_accepted(batch: int) -> None:
    rng, other_cursors = random.Random(batch), _other_cursors()
    valid = [_seal_random_position(CURSORS, rng) for _ in range(300)]
    tokens_of_others = [_seal_random_position(other, rng) for other in other_cursors for _ in range(50)]
    known_tokens, tried, accepted = {*valid}, 0, list[str]()
    while tried < 25_000:
        mutate = MUTATIONS[tried % len(MUTATIONS)]
        token = rng.choice(valid)
        forged = (
            rng.choice(tokens_of_others)
            if tried % 10 == 0
            else mutate(token, rng.choice(valid + tokens_of_others), rng)
        )
        if forged in known_tokens:
            continue
        tried += 1
        if _is_accepted(forged):
            accepted.append(forged)
    assert accepted == []
    assert all(map(_is_accepted, valid))


def _is_accepted(token: str) -> bool:
    # pytest.raises would take most of the time of the test.
    try:
        CURSORS.open(token)
    except InvalidCursor:
        return False
    return True
