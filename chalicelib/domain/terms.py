"""Search words: parse queries, and choose the words that find a photo for each user. This module does no I/O."""

from collections.abc import Collection, Iterator

import msgspec

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.tags import is_plain_word, normalize_tags
from chalicelib.domain.words import split_words

MIN_PREFIX_LETTERS = 3


class SearchWord(msgspec.Struct, frozen=True):
    """A word of a search query."""

    word: str
    is_prefix: bool = False
    """True if words that begin with `word` match too."""

    def matches(self, words: Collection[str]) -> bool:
        """Return whether at least one of `split_words` matches."""
        return self.word in words or (self.is_prefix and any(word.startswith(self.word) for word in words))


class SearchPage(msgspec.Struct, frozen=True):
    """One page of the photos that match a search."""

    photos: list[Photo]
    next_after: PhotoId | None
    """The photo id after which the next page starts. None on the last page."""


def parse_query_words(text: str) -> list[SearchWord]:
    """Return the words of a query. If the last word has at least three letters, it also matches as a prefix."""
    query_words = split_words(text)
    last = set(query_words[-1:]) if query_words and len(query_words[-1]) >= MIN_PREFIX_LETTERS else set()
    return [SearchWord(word, is_prefix=word in last) for word in query_words]


def choose_photo_words(photo: Photo) -> dict[str, bool]:
    """Return the words that find a photo, the most relevant first, with True for words that other users may use.

    A word that comes only from the name of a private album is for the owner alone.
    Tags and words together are at most `MAX_TERMS`. Tags come first. A tag that is a plain word counts once.
    """
    tags = normalize_tags(photo.tags)
    public_by_word = dict.fromkeys(filter(is_plain_word, tags), True)
    capacity = MAX_TERMS - (len(tags) - len(public_by_word))
    for text, public in _iterate_texts(photo):
        for word in split_words(text):
            if word in public_by_word:
                public_by_word[word] = public_by_word[word] or public
            elif len(public_by_word) < capacity:
                public_by_word[word] = public
    return public_by_word


def list_photo_words(photo: Photo, *, public: bool) -> set[str]:
    """Return the words that find the photo for every user if `public`, or else for its owner."""
    return {word for word, is_for_everyone in choose_photo_words(photo).items() if is_for_everyone or not public}


def _iterate_texts(photo: Photo) -> Iterator[tuple[str, bool]]:
    yield photo.title, True
    yield from ((tag, True) for tag in photo.tags)
    yield from ((text, True) for text in (photo.exif.camera, photo.exif.lens) if text)
    yield from ((membership.name, membership.public) for membership in photo.memberships.values())
    yield photo.description, True
