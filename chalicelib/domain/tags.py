"""Tags: their stored form, how two tags compare, and which tags are also search words. This module does no I/O."""

import unicodedata
from collections.abc import Iterable

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.words import split_words

MAX_TAG_LENGTH = 50


def clean_tag(tag: str, field: str) -> str:
    """Return the stored form of a tag: composed (NFC), without outer spaces, and with single spaces between words.

    Raises:
        InvalidRequest: the tag is then empty or longer than `MAX_TAG_LENGTH`. The error names the `field`.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", tag).split())
    if not 0 < len(cleaned) <= MAX_TAG_LENGTH:
        raise InvalidRequest(f"A tag must have 1 to {MAX_TAG_LENGTH} characters.", details={"field": field})
    return cleaned


def clean_tags(tags: Iterable[str], field: str = "tags") -> list[str]:
    """Return the stored forms of `tags` in their order. Of equal tags, keep the first.

    Raises:
        InvalidRequest: see `clean_tag`.
    """
    first_by_term: dict[str, str] = {}
    for index, tag in enumerate(tags):
        cleaned = clean_tag(tag, f"{field}[{index}]")
        first_by_term.setdefault(normalize_tag(cleaned), cleaned)
    return list(first_by_term.values())


def edit_tags(tags: Iterable[str], *, remove: Iterable[str], add: Iterable[str]) -> tuple[str, ...]:
    """Return `tags` without those in `remove`, followed by those in `add` that are new. A tag in both is kept."""
    kept = {normalize_tag(tag): tag for tag in tags}
    added = {normalize_tag(tag): tag for tag in add}
    for term in set(normalize_tags(remove)) - added.keys():
        kept.pop(term, None)
    return tuple((added | kept)[term] for term in kept | added)


def normalize_tag(tag: str) -> str:
    """Return the form in which tags are compared: letter case and compatible forms make no difference."""
    return unicodedata.normalize("NFKC", tag).casefold()


def normalize_tags(tags: Iterable[str]) -> list[str]:
    """Return the compared forms of `tags` in their order, each once."""
    return list(dict.fromkeys(map(normalize_tag, tags)))


def is_plain_word(term: str) -> bool:
    """Return whether the compared form of a tag is a single search word without any change."""
    return split_words(term) == [term]
