"""Page tokens: good for what they were made for, and for nothing else."""

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
from chalicelib.domain.cursors import MAX_AGE_SECONDS, Cursors
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
        Cursors(["stranger"], "ann", "photos", "random", None),
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
        clock.shift(MAX_AGE_SECONDS)
        assert CURSORS.open(token) == [1]
        clock.shift(1)
        with pytest.raises(InvalidCursor):
            CURSORS.open(token)


# --- Forgeries


def _sealed(cursors: Cursors, rng: random.Random) -> str:
    """A token as the random order has them, or a short one."""
    after = f"{rng.getrandbits(128):032x}"
    walk = [rng.getrandbits(64), rng.randrange(40), rng.getrandbits(30), after, None, rng.randrange(9), after]
    return cursors.seal(walk if rng.random() < 0.7 else [after])


def _flip_bits(token: str, _other: str, rng: random.Random) -> str:
    raw = bytearray(token.encode())
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return raw.decode("latin-1")


def _replace(token: str, _other: str, rng: random.Random) -> str:
    place = rng.randrange(len(token))
    return token[:place] + rng.choice(string.ascii_letters + string.digits + "-_.=") + token[place + 1 :]


def _truncate(token: str, _other: str, rng: random.Random) -> str:
    return token[: rng.randrange(len(token))] if rng.random() < 0.5 else token[rng.randrange(1, len(token)) :]


def _insert(token: str, _other: str, rng: random.Random) -> str:
    place = rng.randrange(len(token) + 1)
    return token[:place] + rng.choice("=. \n\t\x00+/A~\u200b") + token[place:]


def _stray_bits(token: str, _other: str, rng: random.Random) -> str:
    """The last letter of a part, which decoders read only some bits of."""
    parts = token.split(".")
    number = rng.choice([number for number, part in enumerate(parts) if part])
    parts[number] = parts[number][:-1] + rng.choice(string.ascii_letters + string.digits + "-_")
    return ".".join(parts)


def _other_alphabet(token: str, _other: str, rng: random.Random) -> str:
    return rng.choice((token.replace("-", "+"), token.replace("_", "/"), token.swapcase(), token.upper()))


def _padded(token: str, _other: str, rng: random.Random) -> str:
    parts = token.split(".")
    number = rng.randrange(len(parts))
    parts[number] += "=" * rng.choice((-len(parts[number]) % 4, 1, 2))
    return ".".join(parts)


def _other_coding(token: str, _other: str, rng: random.Random) -> str:
    """The same position, packed where it was plain, or the other way round; or in hexadecimal."""
    packed, *signed = token.removeprefix(".").split(".")
    raw = base64_decode(packed)
    plain = zlib.decompress(raw) if token.startswith(".") else raw
    codings = (
        base64_encode(plain).decode(),
        "." + base64_encode(zlib.compress(plain, rng.randrange(10))).decode(),
        base64_encode(plain.replace(b",", b", ")).decode(),
        plain.hex(),
        quote(token),
    )
    return ".".join([rng.choice(codings), *signed])


def _splice(token: str, other: str, rng: random.Random) -> str:
    """Some parts of one, the others of the other; or one up to a letter, then the other."""
    if rng.random() < 0.5:
        left, right = token.rsplit(".", rng.randrange(1, 3)), other.rsplit(".", rng.randrange(1, 3))
        return ".".join([left[0], *right[1:]])
    place = rng.randrange(len(token))
    return token[:place] + other[place:]


MUTATIONS = (
    _flip_bits,
    _replace,
    _truncate,
    _insert,
    _stray_bits,
    _other_alphabet,
    _padded,
    _other_coding,
    _splice,
)


def _strangers() -> list[Cursors]:
    """Whose tokens are as genuine as can be, and not for this list."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cursors, "VERSION", cursors.VERSION + 1)
        of_another_version = Cursors(KEYS, *BOUND)
    others = [("bob", *BOUND[1:]), (None, *BOUND[1:]), ("ann", "trash", *BOUND[2:]), ("ann", "photos", "newest", None)]
    return [of_another_version, Cursors(["stranger"], *BOUND), *(Cursors(KEYS, *other) for other in others)]


@pytest.mark.parametrize("batch", range(4))
def test_none_of_a_hundred_thousand_forged_cursors_is_accepted(batch: int) -> None:
    rng, strangers = random.Random(batch), _strangers()
    good = [_sealed(CURSORS, rng) for _ in range(300)]
    foreign = [_sealed(stranger, rng) for stranger in strangers for _ in range(50)]
    known, tried, accepted = {*good}, 0, list[str]()
    while tried < 25_000:
        mutate = MUTATIONS[tried % len(MUTATIONS)]
        token = rng.choice(good)
        forged = rng.choice(foreign) if tried % 10 == 0 else mutate(token, rng.choice(good + foreign), rng)
        if forged in known:
            continue
        tried += 1
        if _opens(forged):
            accepted.append(forged)
    assert accepted == []
    assert all(map(_opens, good))


def _opens(token: str) -> bool:
    # Faster than pytest.raises, which would take most of the time.
    try:
        CURSORS.open(token)
    except InvalidCursor:
        return False
    return True
