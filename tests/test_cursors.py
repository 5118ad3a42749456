"""Page tokens: good for what they were made for, and for nothing else."""

import random
import string

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cursors import MAX_AGE_SECONDS, Cursors
from chalicelib.errors import InvalidCursor

POSITIONS = st.lists(st.one_of(st.integers(), st.text(max_size=400), st.floats(allow_nan=False)), max_size=5)
CURSORS = Cursors(["old", "new"], "ann", "photos", "random", None)


@given(POSITIONS)
def test_a_token_gives_back_what_was_sealed(position: list[object]) -> None:
    assert CURSORS.open(CURSORS.seal(position)) == position


def test_no_token_is_no_position() -> None:
    assert CURSORS.open(None) is None


def test_no_mutated_token_is_accepted() -> None:
    rng = random.Random(1)
    tokens = [CURSORS.seal([rng.getrandbits(64), 17, n, "a" * (n % 200)]) for n in range(50)]
    for _ in range(20_000):
        token, other = rng.choice(tokens), rng.choice(tokens)
        mutated = rng.choice([_flip_bit, _replace, _truncate, _insert, _splice])(token, other, rng)
        if mutated != token and mutated not in tokens:
            with pytest.raises(InvalidCursor):
                CURSORS.open(mutated)


@pytest.mark.parametrize("token", ["", ".", "..", "...", "é", "a" * 100_000, "\x00", "W10", "W10.", "W10.a.b"])
def test_what_never_was_a_token_is_refused(token: str) -> None:
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
        Cursors(["stranger"], "ann", "photos", "random", None),
    ],
)
def test_a_token_of_another_caller_list_filter_or_key_is_refused(other: Cursors) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.open(other.seal([1]))


def test_a_rotated_key_opens_tokens_until_it_is_removed() -> None:
    bound = ("ann", "photos")
    token = Cursors(["first"], *bound).seal([1])
    assert Cursors(["first", "second"], *bound).open(token) == [1]
    with pytest.raises(InvalidCursor):
        Cursors(["second", "third"], *bound).open(token)


def test_a_token_is_good_for_a_day() -> None:
    with time_machine.travel(0, tick=False) as clock:
        token = CURSORS.seal([1])
        clock.shift(MAX_AGE_SECONDS)
        assert CURSORS.open(token) == [1]
        clock.shift(1)
        with pytest.raises(InvalidCursor):
            CURSORS.open(token)


def _flip_bit(token: str, _other: str, rng: random.Random) -> str:
    raw = bytearray(token.encode())
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(7)
    return raw.decode("latin-1")


def _replace(token: str, _other: str, rng: random.Random) -> str:
    place = rng.randrange(len(token))
    return token[:place] + rng.choice(string.ascii_letters + string.digits + "-_.=") + token[place + 1 :]


def _truncate(token: str, _other: str, rng: random.Random) -> str:
    return token[: rng.randrange(len(token))] if rng.random() < 0.5 else token[rng.randrange(1, len(token)) :]


def _insert(token: str, _other: str, rng: random.Random) -> str:
    place = rng.randrange(len(token) + 1)
    return token[:place] + rng.choice("=. \n+/A") + token[place:]


def _splice(token: str, other: str, rng: random.Random) -> str:
    left, right = token.rsplit(".", rng.randrange(1, 3)), other.rsplit(".", rng.randrange(1, 3))
    return ".".join([left[0], *right[1:]])
