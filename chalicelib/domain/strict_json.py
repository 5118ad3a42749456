"""Parse JSON strictly by RFC 8259: no NaN, no duplicate names, no lone surrogates, no deep nesting."""

import json
import re
from typing import Any

MAX_DEPTH = 32

# The possessive quantifier avoids quadratic time for a string without an end.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class TooDeep(ValueError):
    """The JSON text is nested over 32 levels."""


def parse(raw: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        TooDeep: the text is nested over 32 levels.
        ValueError: the text is not strict JSON in UTF-8.
    """
    if _measure_depth(raw) > MAX_DEPTH:
        raise TooDeep
    parsed = json.loads(raw.decode(), object_pairs_hook=_reject_duplicates)
    # Writing the value again fails for NaN, Infinity, a number that became infinite, and a lone surrogate.
    json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    return parsed


def _measure_depth(raw: bytes) -> int:
    """Return the nesting depth without recursion. Brackets within strings do not count."""
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.findall(raw):
        depth += (token in b"[{") - (token in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("The JSON text has a duplicate key.")
    return members
