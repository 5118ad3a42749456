"""Search words: parse queries, and choose the words by which each user may find a photo. Pure."""

from collections.abc import Collection, Iterator

import msgspec

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.tags import is_plain_word, tag_terms
from chalicelib.domain.words import words

MIN_PREFIX_LETTERS = 3


class SearchWord(msgspec.Struct, frozen=True):
    """A word of a search query."""

    word: str
    prefix: bool = False
    """True if words that begin with `word` match too."""

    def matches(self, words: Collection[str]) -> bool:
        """Return whether at least one of `words` matches."""
        return self.word in words or (self.prefix and any(word.startswith(self.word) for word in words))


class SearchPage(msgspec.Struct, frozen=True):
    """One page of the photos that match a search."""

    photos: list[Photo]
    next_after: PhotoId | None
    """The photo id after which the next page starts. None on the last page."""


def search_words(text: str) -> list[SearchWord]:
    """Return the words of a query. The last word also matches as a prefix if it has at least three letters."""
    found = words(text)
    last = {found[-1]} if found and len(found[-1]) >= MIN_PREFIX_LETTERS else set()
    return [SearchWord(word, prefix=word in last) for word in found]


def photo_words(photo: Photo) -> dict[str, bool]:
    """Return the words that find a photo, the most relevant first, with True for words that other users may use.

    A word that comes only from the name of a private album is for the owner alone.
    Tags and words together are at most `MAX_TERMS`. Tags come first; a tag that is a plain word counts once.
    """
    tags = tag_terms(photo.tags)
    found = dict.fromkeys(filter(is_plain_word, tags), True)
    room = MAX_TERMS - (len(tags) - len(found))
    for text, public in _texts(photo):
        for word in words(text):
            if word in found:
                found[word] = found[word] or public
            elif len(found) < room:
                found[word] = public
    return found


def words_of(photo: Photo, *, public: bool) -> set[str]:
    """Return the words by which everyone may find the photo if `public`, and those of its owner otherwise."""
    return {word for word, for_all in photo_words(photo).items() if for_all or not public}


def _texts(photo: Photo) -> Iterator[tuple[str, bool]]:
    yield photo.title, True
    yield from ((tag, True) for tag in photo.tags)
    yield from ((text, True) for text in (photo.exif.camera, photo.exif.lens) if text)
    yield from ((placement.name, placement.public) for placement in photo.albums.values())
    yield photo.description, True
