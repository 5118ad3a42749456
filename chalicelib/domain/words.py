"""Split text of any script into search words, without case, accents and compatibility forms."""

import unicodedata
from collections.abc import Iterator

MAX_LETTERS = 40
"""The length at which longer words are cut."""

# Normalisation does not remove these strokes and ligatures, because they are not combining marks.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})


def split_words(text: str) -> list[str]:
    """Return the distinct words of `text` in their order. No word is empty or longer than 40 letters.

    A word is a run of letters, digits and their marks. Each ideograph or hiragana is a word of its own, as in Unicode's
    default word boundaries (UAX #29), because these scripts have no spaces between words.
    """
    return list(dict.fromkeys(word[:MAX_LETTERS] for word in _split(_fold(text))))


def _fold(text: str) -> str:
    folded = _remove_accents(unicodedata.normalize("NFKD", text)).casefold()
    # Casefolding produces some composed letters again (Unicode, section 3.13: compatibility caseless match).
    plain = _remove_accents(unicodedata.normalize("NFKD", folded)).translate(_PLAIN)
    return unicodedata.normalize("NFC", plain)


def _remove_accents(text: str) -> str:
    return "".join(character for character in text if not _is_ignored(character))


def _is_ignored(character: str) -> bool:
    """Return whether the character is an accent or invisible: a joiner, a soft hyphen or a direction mark."""
    rank = unicodedata.combining(character)
    # Classes 10 to 36 are vowel points of Hebrew, Arabic and Syriac. Classes from 200 on are accents. Other marks
    # distinguish words, such as vowel signs of Indic scripts and the voicing of kana.
    return rank >= 200 or 10 <= rank <= 36 or rank == 1 or unicodedata.category(character) == "Cf"


def _split(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        is_mark = unicodedata.category(character)[0] == "M"
        if is_mark and word:
            word += character
        elif (
            not character.isalnum()
            or _is_single_character_word(character)
            or (word and _is_single_character_word(word[0]))
        ):
            if word:
                yield word
            word = character if character.isalnum() else ""
        else:
            word += character
    if word:
        yield word


def _is_single_character_word(character: str) -> bool:
    """Return whether the character is an ideograph or hiragana (Unicode blocks of the scripts Han and Hiragana)."""
    code_point = ord(character)
    return (
        0x3041 <= code_point <= 0x309F
        or 0x3400 <= code_point <= 0x4DBF
        or 0x4E00 <= code_point <= 0x9FFF
        or 0xF900 <= code_point <= 0xFAFF
        or 0x20000 <= code_point <= 0x3FFFF
        or code_point in (0x3005, 0x3007)
    )
