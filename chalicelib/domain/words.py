"""From text to the words that a search compares: without case, accents and compatibility forms, in every script."""

import unicodedata
from collections.abc import Iterator

MAX_LETTERS = 40
"""What of a longer word is compared."""

# Letters whose stroke or ligature is no combining mark, so that no normalisation takes it away.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})


def words(text: str) -> list[str]:
    """The distinct words of `text`, in their order; none is empty or longer than 40 letters.

    Words are runs of letters, digits and their marks, but ideographs and hiragana stand alone, as by the default of
    Unicode's word boundaries (UAX #29): their scripts leave no spaces between words.
    """
    return list(dict.fromkeys(word[:MAX_LETTERS] for word in _split(_folded(text))))


def _folded(text: str) -> str:
    apart = _without_accents(unicodedata.normalize("NFKD", text)).casefold()
    # Folding makes some letters anew, in forms of their own (Unicode, section 3.13: compatibility caseless match).
    again = _without_accents(unicodedata.normalize("NFKD", apart)).translate(_PLAIN)
    return unicodedata.normalize("NFC", again)


def _without_accents(text: str) -> str:
    return "".join(character for character in text if not _ignored(character))


def _ignored(character: str) -> bool:
    """Whether it is an accent, or invisible: joiners, soft hyphens, changes of direction."""
    rank = unicodedata.combining(character)
    # Vowel points of Hebrew, Arabic and Syriac are 10 to 36, accents 200 and more. The others, as vowel signs of
    # Indic scripts and the voicing of kana, tell words apart.
    return rank >= 200 or 10 <= rank <= 36 or rank == 1 or unicodedata.category(character) == "Cf"


def _split(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        marks = unicodedata.category(character)[0] == "M"
        if marks and word:
            word += character
        elif not character.isalnum() or _alone(character) or (word and _alone(word[0])):
            if word:
                yield word
            word = character if character.isalnum() else ""
        else:
            word += character
    if word:
        yield word


def _alone(character: str) -> bool:
    """Whether it is an ideograph or hiragana (Unicode, blocks of the scripts Han and Hiragana)."""
    place = ord(character)
    return (
        0x3041 <= place <= 0x309F
        or 0x3400 <= place <= 0x4DBF
        or 0x4E00 <= place <= 0x9FFF
        or 0xF900 <= place <= 0xFAFF
        or 0x20000 <= place <= 0x3FFFF
        or place in (0x3005, 0x3007)
    )
