"""A keyed permutation of the numbers below a power of two: a Feistel network over an even number of bits, cycle-walked.

Black and Rogaway, "Ciphers with Arbitrary Finite Domains" (CT-RSA 2002).
"""

from hashlib import blake2b

_ROUNDS = 6


def permute(number: int, bits: int, seed: int) -> int:
    """Permute 0 .. 2^bits - 1 by the key `seed`."""
    half, mask, key = _prepare_rounds(bits, seed)
    while True:
        left, right = number >> half, number & mask
        for round_number in range(_ROUNDS):
            left, right = right, left ^ (_mix(round_number, right, key) & mask)
        number = (left << half) | right
        if number < 1 << bits:
            return number


def unpermute(permuted: int, bits: int, seed: int) -> int:
    """Invert `permute`."""
    half, mask, key = _prepare_rounds(bits, seed)
    while True:
        left, right = permuted >> half, permuted & mask
        for round_number in reversed(range(_ROUNDS)):
            left, right = right ^ (_mix(round_number, left, key) & mask), left
        permuted = (left << half) | right
        if permuted < 1 << bits:
            return permuted


def _prepare_rounds(bits: int, seed: int) -> tuple[int, int, bytes]:
    half = (bits + 1) // 2
    return half, (1 << half) - 1, seed.to_bytes(8)


def _mix(round_number: int, half: int, key: bytes) -> int:
    return int.from_bytes(blake2b(bytes([round_number]) + half.to_bytes(4), digest_size=4, key=key).digest())
