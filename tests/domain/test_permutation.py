"""The keyed permutation visits each number once, and can be inverted."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.permutation import permute, unpermute


@given(bits=st.integers(0, 11), seed=st.integers(0, 2**64 - 1))
def test_permutation_visits_every_number_once_and_can_be_inverted(bits: int, seed: int) -> None:
    permuted = [permute(number, bits, seed) for number in range(1 << bits)]
    assert sorted(permuted) == list(range(1 << bits))
    assert [unpermute(number, bits, seed) for number in permuted] == list(range(1 << bits))


def test_order_depends_on_the_key() -> None:
    one, other = ([permute(number, 8, seed) for number in range(256)] for seed in (1, 2))
    assert one != other
