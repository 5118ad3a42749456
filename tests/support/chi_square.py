"""How likely it is that chance alone did it."""

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from statistics import mean


def chi_square(counts: Collection[int], *, drawn: int = 1) -> tuple[float, float]:
    """Chi-square of `counts` against equal ones, for each degree of freedom, and its p-value.

    `drawn`: how many different ones each draw took; that many out of a few vary less than independent draws would.
    """
    freedom, expected = len(counts) - 1, mean(counts)
    found = sum((count - expected) ** 2 for count in counts) / expected / (1 - drawn / len(counts))
    return found / freedom, upper_tail(found, freedom)


def upper_tail(found: float, freedom: float) -> float:
    """P(chi-square > found), by Wilson and Hilferty's cube root (1931), good to 0.001 from ten degrees of freedom."""
    spread = 2 / (9 * freedom)
    return normal_tail(((found / freedom) ** (1 / 3) - 1 + spread) / math.sqrt(spread))


def normal_tail(deviations: float) -> float:
    """P(a standard normal variable > deviations)."""
    return math.erfc(deviations / math.sqrt(2)) / 2


def rank_correlation(one: Sequence[str], other: Sequence[str]) -> float:
    """Spearman's rho of two orders of the same things."""
    place = {each: number for number, each in enumerate(other)}
    apart = sum((number - place[each]) ** 2 for number, each in enumerate(one))
    return 1 - 6 * apart / (len(one) * (len(one) ** 2 - 1))


def kept_neighbours(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of neighbours in one order that are neighbours in the other."""
    beside = {frozenset(pair) for pair in pairwise(other)}
    return mean(frozenset(pair) in beside for pair in pairwise(one))
