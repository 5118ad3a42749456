"""Mutants of DynamoDB's condition expressions.

A condition is a text with the operators of DynamoDB, so a mutator of Python code would only make it invalid.
"""

import re
from collections.abc import Iterator

_TOKENS = re.compile(r"\s*(<>|<=|>=|[=<>()]|[^\s=<>()]+)")
_REPLACEMENTS = {
    "attribute_exists": ("attribute_not_exists",),
    "attribute_not_exists": ("attribute_exists",),
    "=": ("<>", "<=", ">="),
    "<>": ("=",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "AND": ("OR",),
    "OR": ("AND",),
}
_UPDATES = ("SET ", "ADD ", "REMOVE ", " SET ")


def is_condition(text: str) -> bool:
    """Return whether a text is a condition or a part of a condition, except key conditions of queries."""
    if is_update(text) or " BETWEEN " in text:
        return False
    return bool(re.search(r"attribute_(not_)?exists\(|[=<>] [:\0]", text) or text.strip() in ("AND", "OR"))


def is_update(text: str) -> bool:
    """Return whether a text is an update expression."""
    return text.startswith(_UPDATES)


def list_mutants(condition: str) -> Iterator[str]:
    """Yield the condition with one other operator, or with one clause that is always true or always false.

    The clause stays in the text, because DynamoDB rejects a value that no expression uses.
    """
    tokens = [(match[1], match.span(1)) for match in _TOKENS.finditer(condition)]
    for token, (start, end) in tokens:
        for other in _REPLACEMENTS.get(token, ()):
            yield condition[:start] + other + condition[end:]
    for start, end in _find_clauses(tokens):
        clause = condition[start:end]
        yield f"{condition[:start]}({clause} OR NOT ({clause})){condition[end:]}"
        yield f"{condition[:start]}({clause} AND NOT ({clause})){condition[end:]}"


def _find_clauses(tokens: list[tuple[str, tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """Yield the positions of the clauses between AND, OR and parentheses. Skip empty clauses."""
    words: list[tuple[int, int]] = []
    is_argument = False
    for index, (token, span) in enumerate([*tokens, ("OR", (0, 0))]):
        previous = tokens[index - 1][0] if index else ""
        is_call = token == "(" and previous.startswith(("attribute_", "begins_", "contains", "size"))
        if token in ("AND", "OR") or (token in "()" and not is_call and not is_argument):
            if words:
                yield words[0][0], words[-1][1]
            words = []
        else:
            words.append(span)
            is_argument = is_call or (is_argument and token != ")")
