"""Tags: how two tags compare, and which tags are also search words. This module does no I/O."""

import unicodedata
from collections.abc import Iterable

from chalicelib.domain.words import split_words


def normalize_tag(tag: str) -> str:
    """Return the form in which tags are compared: letter case and compatible forms make no difference."""
    return unicodedata.normalize("NFKC", tag).casefold()


def normalize_tags(tags: Iterable[str]) -> list[str]:
    """Return the compared forms of `tags` in their order, each once."""
    return list(dict.fromkeys(map(normalize_tag, tags)))


def is_plain_word(term: str) -> bool:
    """Return whether the compared form of a tag is a single search word without any change."""
    return split_words(term) == [term]
