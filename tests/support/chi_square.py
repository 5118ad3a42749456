"""Statistics that compare an order with a random order."""

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from statistics import mean


def chi_square(counts: Collection[int], *, drawn: int = 1) -> tuple[float, float]:
    """Return the chi-square of `counts` against equal counts, divided by the degrees of freedom, and its p-value.

    `drawn` is the number of different elements in each draw. Such draws vary less than independent draws.
    """
    freedom, expected = len(counts) - 1, mean(counts)
    statistic = sum((count - expected) ** 2 for count in counts) / expected / (1 - drawn / len(counts))
    return statistic / freedom, upper_tail(statistic, freedom)


def upper_tail(statistic: float, freedom: float) -> float:
    """Return P(chi-square > statistic), by the approximation of Wilson and Hilferty (1931).

    The error is at most 0.001 for at least ten degrees of freedom.
    """
    spread = 2 / (9 * freedom)
    return normal_tail(((statistic / freedom) ** (1 / 3) - 1 + spread) / math.sqrt(spread))


def combine(p_values: Collection[float]) -> float:
    """Return one p-value for independent tests (Fisher, "Statistical Methods for Research Workers", section 21.1)."""
    return upper_tail(-2 * sum(map(math.log, p_values)), 2 * len(p_values))


def normal_tail(deviations: float) -> float:
    """Return P(a standard normal variable > deviations)."""
    return math.erfc(deviations / math.sqrt(2)) / 2


def rank_correlation(one: Sequence[str], other: Sequence[str]) -> float:
    """Return Spearman's rho of two orders of the same elements."""
    position = {element: number for number, element in enumerate(other)}
    distance = sum((number - position[element]) ** 2 for number, element in enumerate(one))
    return 1 - 6 * distance / (len(one) * (len(one) ** 2 - 1))


def kept_neighbours(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of neighbours in one order that are also neighbours in the other order."""
    neighbours = {frozenset(pair) for pair in pairwise(other)}
    return mean(frozenset(pair) in neighbours for pair in pairwise(one))
