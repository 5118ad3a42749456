"""Split text of any script into search words, without case, accents and compatibility forms.

See docs/decisions/0127-search-words-of-every-script.md.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MAX_LETTERS = 40
"""The length at which longer words are cut."""
_MIN_PART_LETTERS = 3

# Normalisation does not remove these strokes and ligatures, because they are not combining marks. Arabic, Persian and
# Urdu keyboards write the same letter with different characters.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
    | {"ة": "ه", "ہ": "ه", "ھ": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ـ": ""}
)
# Typewritten and typographic apostrophes, letters for a glottal stop, geresh, and the point in Catalan words.
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´′ʹʻʼʾʿ׳՚·", "'"))
_HEBREW_ABBREVIATION = re.compile(r"(?<=[א-ת])[\"״](?=[א-ת])")
_ARABIC_ARTICLE = re.compile(r"(?:[وف]?[بك]?ال|[وف]?لل)(?!له$)(?=..)")

_UNSPACED_BLOCKS = (
    *((0x0E01, 0x0E5B), (0x0E81, 0x0EDF)),  # Thai, Lao
    *((0x1000, 0x109F), (0xA9E0, 0xA9FE), (0xAA60, 0xAA7F)),  # Burmese
    *((0x1780, 0x17DD), (0x1950, 0x19DF), (0x1A20, 0x1AAD), (0xAA80, 0xAADF)),  # Khmer, scripts of the Tai languages
    *((0x3005, 0x3007), (0x3041, 0x309F), (0x30A1, 0x30FF), (0x31F0, 0x31FF)),  # kana
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),  # ideographs
)
"""Scripts that are written without spaces between words."""
_NEVER_FIRST = frozenset("ฯะาๅๆຯະາຽໆぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾ")
"""Vowels that follow their consonant, small kana, and signs that repeat or prolong the character before them."""
_NEVER_LAST = frozenset("เแโใไເແໂໃໄ\u1039\u17d2\u1a60")
"""Vowels that precede their consonant, and signs that put the next consonant below."""
_FINAL_SIGN = "\u103a"
"""The Burmese sign that makes a consonant the end of a syllable."""

# A pattern of the kinds that `_classify` returns: u is a character of a script without spaces, w a letter, d a digit,
# m a mark, s a symbol, and r half of a flag. Apostrophes and points stand for themselves.
_WORD = re.compile(
    r"u[um]*|s|rr?"
    r"|(?<![wdm'])w(?:\.w)+(?![wdm'])"  # an abbreviation
    r"|(?<!d\.)(?:[wd][wdm]*)?d\.d++[wdm]*+(?!\.d)"  # a decimal
    r"|[wd][wdm]*(?:'[wd][wdm]*)*"
)


def split_words(text: str) -> list[str]:
    """Return the distinct words of a search query in their order. No word is empty or longer than 40 letters.

    A word is a run of letters, digits and their marks, an abbreviation such as `U.S.A.`, a decimal, or a symbol.
    In a script without spaces, a whole run is one word.
    """
    words = (_remove_article(word.replace("'", "")) for word in _split(_fold(text)))
    return list(dict.fromkeys(map(_cut, words)))


def list_index_words(text: str) -> list[str]:
    """Return the distinct words under which `text` is found, in their order.

    These are the words of `split_words`, the parts of words with an apostrophe, and in scripts without spaces the
    suffix of a run from each place where a word can begin.
    """
    words = (part for word in _split(_fold(text)) for part in _iterate_parts(word))
    return list(dict.fromkeys(map(_cut, words)))


def is_unspaced(character: str) -> bool:
    """Return whether the script of a letter is written without spaces, so that a search finds parts of a run."""
    code_point = ord(character)
    return any(first <= code_point <= last for first, last in _UNSPACED_BLOCKS)


def has_particles(character: str) -> bool:
    """Return whether the script of a letter appends particles to words: Hangul."""
    return "가" <= character <= "힣"


def _fold(text: str) -> str:
    text = _HEBREW_ABBREVIATION.sub("", text.translate(_APOSTROPHES))
    folded = _remove_accents(unicodedata.normalize("NFKD", text)).casefold()
    # Casefolding produces some composed letters again (Unicode, section 3.13: compatibility caseless match).
    plain = _remove_accents(unicodedata.normalize("NFKD", folded)).translate(_PLAIN)
    return unicodedata.normalize("NFC", plain)


def _remove_accents(text: str) -> str:
    return "".join(map(_simplify, text))


@lru_cache(4096)
def _simplify(character: str) -> str:
    """Return the ASCII form of a digit, an empty text for an accent or an invisible character, or the character."""
    rank, category = unicodedata.combining(character), unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    # Classes 10 to 36 are vowel points of Hebrew, Arabic and Syriac. Classes from 200 on are accents. Other marks
    # distinguish words, such as vowel signs of Indic scripts and the voicing of kana. Format characters (Cf) are
    # joiners, soft hyphens and direction marks. Enclosing marks (Me), selectors and skin tones vary an emoji.
    is_ignored = rank >= 200 or 10 <= rank <= 36 or rank == 1 or category in ("Cf", "Me")
    is_variation = "\ufe00" <= character <= "\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"
    return "" if is_ignored or is_variation else character


def _split(text: str) -> Iterator[str]:
    kinds = "".join(map(_classify, text))
    for match in _WORD.finditer(kinds):
        word = text[match.start() : match.end()]
        # A point remains only in a decimal.
        yield word if "d." in match[0] else word.replace(".", "")


@lru_cache(4096)
def _classify(character: str) -> str:
    if character in "'.":
        return character
    category = unicodedata.category(character)
    if is_unspaced(character) and category[0] in "LMN":
        return "m" if category[0] == "M" else "u"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "r"
    if category == "So" and character > "\xff":
        return "s"
    if category[0] == "M":
        return "m"
    return ("d" if category == "Nd" else "w") if character.isalnum() else " "


def _iterate_parts(word: str) -> Iterator[str]:
    """Yield the forms under which a word is found, the whole word first."""
    parts = word.split("'")
    yield _remove_article("".join(parts))
    if len(parts) > 1:
        yield from ["".join(parts[:-1])] if parts[-1] == "s" else []
        yield from (part for part in parts if len(part) >= _MIN_PART_LETTERS)
    elif is_unspaced(word[0]):
        yield from (word[start : start + MAX_LETTERS] for start in range(1, len(word)) if _can_begin(word, start))


def _can_begin(run: str, start: int) -> bool:
    """Return whether a word can begin at this place of a run."""
    character = run[start]
    is_final = run[start + 1 : start + 2] == _FINAL_SIGN
    is_first = character not in _NEVER_FIRST and run[start - 1] not in _NEVER_LAST
    return is_first and not is_final and _classify(character) == "u"


def _cut(word: str) -> str:
    return word[:MAX_LETTERS].rstrip(".")


def _remove_article(word: str) -> str:
    """Return a word without the Arabic article."""
    article = _ARABIC_ARTICLE.match(word)
    return word[article.end() :] if article else word
