"""File names: their length, extension and short form. This module does no I/O."""

import re
import unicodedata

MAX_FILENAME_UNITS = 255
"""The longest file name in UTF-16 code units, as in Windows (NTFS) and macOS (HFS+)."""
MAX_SHORT_BYTES = 255
"""The longest file name in UTF-8 that Linux (ext4) and macOS (APFS) can store."""

# An extension contains a letter, so "Trip 5.2019" has none.
_EXTENSION = re.compile(r"(?=[0-9]*[A-Za-z])[0-9A-Za-z]{1,16}")
_JOINERS = ("\u200d", "\ufe0e", "\ufe0f")


def count_units(filename: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(filename.encode("utf-16-le")) // 2


def split_extension(filename: str) -> tuple[str, str]:
    """Return a file name without its extension, and the extension without its dot, which may be empty."""
    stem, _, extension = filename.rstrip().rpartition(".")
    # A name such as ".heic" only has a stem.
    return (stem, extension) if stem.strip(". ") and _EXTENSION.fullmatch(extension) else (filename, "")


def shorten_filename(filename: str) -> str:
    """Return the file name with at most `MAX_SHORT_BYTES` bytes in UTF-8. Keep its extension and whole characters.

    Object keys, metadata and headers take this form. AWS contract S3-26.
    """
    if len(filename.encode()) <= MAX_SHORT_BYTES:
        return filename
    stem, extension = split_extension(filename)
    suffix = f".{extension}" if extension else ""
    end = len(stem.encode()[: MAX_SHORT_BYTES - len(suffix)].decode(errors="ignore"))
    # Do not separate a mark or a joined emoji from the character before it.
    while end and _continues(stem, end):
        end -= 1
    return f"{stem[:end]}{suffix}"


def _continues(text: str, at: int) -> bool:
    return text[at] in _JOINERS or text[at - 1] == "\u200d" or unicodedata.category(text[at]).startswith("M")
