"""JSON as RFC 8259 means it: no NaN, no duplicate names, no lone surrogates, no endless nesting."""

import json
import re
from typing import Any

MAX_DEPTH = 32

# Possessive, so that a string which never ends costs one pass and not one a character.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class TooDeep(ValueError):
    """Nested over 32 levels."""


def parse(raw: bytes) -> Any:
    """The value that `raw` spells.

    Raises:
        TooDeep: nested over 32 levels.
        ValueError: anything else that strict JSON in UTF-8 does not allow.
    """
    if _depth(raw) > MAX_DEPTH:
        raise TooDeep
    parsed = json.loads(raw.decode(), object_pairs_hook=_unique)
    # What cannot be written again: NaN, Infinity, a number past the largest (it became infinite), a lone surrogate.
    json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    return parsed


def _depth(raw: bytes) -> int:
    """The deepest nesting, found before a recursive parser meets it. Brackets within strings do not count."""
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.findall(raw):
        depth += (token in b"[{") - (token in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("duplicate name")
    return made
