"""What a photo can be found by: its words and its tags, each once, and who may find it by them. Pure."""

from collections.abc import Iterator

import msgspec

from chalicelib.domain.photos import MAX_TERMS, Photo, tag_term
from chalicelib.domain.words import words

PREFIXES = range(3, 9)
"""Letters of a prefix that has an index of its own."""


class Term(msgspec.Struct, frozen=True):
    """A word, a whole tag, or both in one."""

    word: bool
    tag: bool = False
    public: bool = True
    """Whether others may find the photo by it; the name of a private album is its owner's alone."""


class Sought(msgspec.Struct, frozen=True):
    """A word that is searched for."""

    word: str
    prefix: bool = False
    """Whether words that begin with it count as well."""

    def among(self, found: set[str]) -> bool:
        """Whether one of these words is sought."""
        return self.word in found or (self.prefix and any(word.startswith(self.word) for word in found))


def sought(text: str) -> list[Sought]:
    """The words of a query; the last one matches as a prefix too, where it has three letters or more."""
    found = words(text)
    last = {found[-1]} if found and len(found[-1]) >= PREFIXES.start else set()
    return [Sought(word, prefix=word in last) for word in found]


def terms(photo: Photo) -> dict[str, Term]:
    """At most `MAX_TERMS`, by their texts: every tag, then words, the most telling first."""
    found: dict[str, Term] = {}
    for tag in photo.tags:
        text = tag_term(tag)
        # A tag of one plain word is found by both ways under one term, which leaves room for others.
        plain = words(text) == [text]
        found[text if plain else f"tag#{text}"] = Term(word=plain, tag=True)
    for text, public in _texts(photo):
        for word in words(text):
            if word in found:
                found[word] = msgspec.structs.replace(found[word], public=found[word].public or public)
            elif len(found) < MAX_TERMS:
                found[word] = Term(word=True, public=public)
    return found


def found_by(photo: Photo, *, public: bool) -> set[str]:
    """The words that find a photo, for its owner or for everybody."""
    return {text for text, term in terms(photo).items() if term.word and (term.public or not public)}


def prefixes(found: set[str]) -> dict[str, list[str]]:
    """For each of these words of one photo the prefixes that it is listed under.

    Up to seven letters each prefix lists the photo once, under the first of the words that have it. Those of eight
    list all, because longer searches look at the words behind them.
    """
    listed: dict[str, list[str]] = {word: [] for word in sorted(found)}
    taken: set[str] = set()
    for word, under in listed.items():
        for length in PREFIXES:
            prefix = word[:length]
            if len(prefix) == length and (length == PREFIXES[-1] or prefix not in taken):
                under.append(prefix)
                taken.add(prefix)
    return listed


def _texts(photo: Photo) -> Iterator[tuple[str, bool]]:
    yield photo.title, True
    yield from ((tag, True) for tag in photo.tags)
    yield from ((text, True) for text in (photo.exif.camera, photo.exif.lens) if text)
    yield from ((placement.name, placement.public) for placement in photo.albums.values())
    yield photo.description, True
