"""Tags: how two tags compare, and which tags are also search words. Pure."""

import unicodedata
from collections.abc import Iterable

from chalicelib.domain.words import words


def tag_term(tag: str) -> str:
    """Return the form in which tags are compared: letter case and compatible forms make no difference."""
    return unicodedata.normalize("NFKC", tag).casefold()


def tag_terms(tags: Iterable[str]) -> list[str]:
    """Return the compared forms of `tags` in their order, each once."""
    return list(dict.fromkeys(map(tag_term, tags)))


def is_plain_word(term: str) -> bool:
    """Return whether the compared form of a tag is a single search word without any change."""
    return words(term) == [term]
