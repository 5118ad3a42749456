"""Decode and clean texts of unknown encoding."""

import re
import unicodedata

_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]{2}")
_SHIFT_JIS_LEAD = re.compile(rb"[\x81-\x9f]")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def decode_text(raw: bytes, *, is_cut: bool = False) -> str:
    """Decode text that should be UTF-8. Otherwise, try Shift-JIS, then Windows-1252, then Latin-1.

    EXIF allows only ASCII (and UTF-8 since version 3.0), but cameras and editors write names in local encodings.
    If `is_cut`, the last character may be incomplete, and is dropped.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if is_cut and error.start >= len(raw) - 3:
            return raw[: error.start].decode()
    for encoding in ("cp932", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        # A single pair of bytes can also be two letters of Windows-1252, so require two Japanese characters in a row.
        if encoding != "cp932" or (_SHIFT_JIS_LEAD.search(raw) and _JAPANESE.search(text)):
            return text
    return raw.decode("latin-1")


def clean_line(text: str, limit: int) -> str:
    """Return one line of printable text up to the first NUL, with single spaces, cut at `limit` characters."""
    return cut(" ".join("".join(map(_clean_character, text.partition("\0")[0])).split()), limit)


def clean_paragraphs(text: str, limit: int) -> str:
    """Return text of several lines up to the first NUL, without control characters, cut at `limit` characters."""
    lines = text.partition("\0")[0].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return cut("\n".join(clean_line(line, len(line)) for line in lines).strip(), limit)


def _clean_character(character: str) -> str:
    """Return a printable character, or a space, or nothing for an invisible mark. Keep the joiners of letters."""
    if character.isprintable():
        return " " if character == "\ufffd" else character
    if unicodedata.category(character) == "Cf":
        return character if character in "\u200c\u200d" else ""
    return " "


def cut(text: str, limit: int) -> str:
    """Return the first `limit` code points of a text. Do not separate a letter from its combining marks."""
    if len(text) <= limit:
        return text
    end = limit
    while end and (unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] == "\u200d"):
        end -= 1
    return text[: end or limit].rstrip()
