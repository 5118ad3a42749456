"""Search words: parse queries, and choose the words that find a photo for each user. This module does no I/O."""

from collections.abc import Collection, Iterator

import msgspec

from chalicelib.domain.filenames import split_extension
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.media_types import remove_photo_extension
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.tags import is_plain_word, normalize_tags
from chalicelib.domain.words import has_particles, is_unspaced, list_index_words, split_words

MIN_PREFIX_LETTERS = 2


class SearchWord(msgspec.Struct, frozen=True):
    """A word of a search query."""

    word: str
    is_prefix: bool = False
    """True if words that begin with `word` match too."""

    def matches(self, words: Collection[str]) -> bool:
        """Return whether at least one of the words of a photo matches."""
        return self.word in words or (self.is_prefix and any(word.startswith(self.word) for word in words))


class SearchPage(msgspec.Struct, frozen=True):
    """One page of the photos that match a search."""

    photos: list[Photo]
    next_after: PhotoId | None
    """The photo id after which the next page starts. None on the last page."""


def parse_query_words(text: str) -> list[SearchWord]:
    """Return the words of a query.

    The last word and the words in Hangul also match as prefixes if they have at least two letters. In Hangul, particles
    follow nouns. Each word of a script without spaces matches as a prefix. The extension of photo files is ignored.
    """
    query_words = split_words(remove_photo_extension(text))
    return [
        SearchWord(word, is_prefix=_is_prefix(word, is_last=number == len(query_words)))
        for number, word in enumerate(query_words, 1)
    ]


def _is_prefix(word: str, *, is_last: bool) -> bool:
    if is_unspaced(word[0]):
        return True
    return len(word) >= MIN_PREFIX_LETTERS and (is_last or has_particles(word[0]))


def choose_photo_words(photo: Photo) -> dict[str, bool]:
    """Return the words that find a photo, the most relevant first, with True for words that other users may use.

    A word that comes only from the name of a private album is for the owner alone.
    Tags and words together are at most `MAX_TERMS`. Tags come first. A tag that is a plain word counts once.
    """
    tags = normalize_tags(photo.tags)
    public_by_word = dict.fromkeys(filter(is_plain_word, tags), True)
    capacity = MAX_TERMS - (len(tags) - len(public_by_word))
    for text, public in _iterate_texts(photo):
        if len(public_by_word) >= capacity and all(public_by_word.values()):
            # The other texts cannot change the words.
            break
        for word in list_index_words(text):
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
    yield split_extension(photo.filename)[0], True
    yield from ((membership.name, membership.public) for membership in photo.memberships.values())
    yield photo.description, True
