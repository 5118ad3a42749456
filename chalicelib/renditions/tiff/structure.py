"""Read the directories of TIFF and BigTIFF (TIFF 6.0, section 2). EXIF uses the same structure.

Pillow decodes a whole directory at a time, so 50 MB of fractions take a gigabyte. This module truncates each field.
"""

import math
import struct
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.renditions.text import decode_text

type Field = str | bytes | tuple[float, ...]

_MAX_FIELDS = 1000
_MAX_FIELD_BYTES = 256

_BYTE, _ASCII, _UNDEFINED, _RATIONAL, _SIGNED_RATIONAL, _UTF8 = 1, 2, 7, 5, 10, 129
_FORMATS = {
    _BYTE: "B",
    _ASCII: "s",
    3: "H",
    4: "I",
    _RATIONAL: "II",
    6: "b",
    _UNDEFINED: "s",
    8: "h",
    9: "i",
    _SIGNED_RATIONAL: "ii",
    _UTF8: "s",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
_INTEGERS = {"B", "H", "I", "Q"}


@dataclass(frozen=True, slots=True)
class Tiff:
    """A TIFF file or EXIF block. Its methods raise struct.error if an offset is past its end."""

    content: bytes

    @property
    def byte_order(self) -> str:
        """Return the byte order in the notation of struct."""
        return ">" if self.content[:2] == b"MM" else "<"

    @property
    def is_big(self) -> bool:
        """Return whether offsets have 64 bits, as in BigTIFF."""
        return self._unpack("H", 2) == 43

    @property
    def first_directory(self) -> int:
        """Return the offset of the first directory."""
        return self._unpack("Q", 8) if self.is_big else self._unpack("I", 4)

    @property
    def offset_format(self) -> str:
        """Return the format of an offset in the notation of struct."""
        return "Q" if self.is_big else "I"

    def find_next_offset(self, at: int) -> int:
        """Return the position at which the directory at `at` stores the offset of the next directory."""
        return at + 8 + 20 * self._unpack("Q", at) if self.is_big else at + 2 + 12 * self._unpack("H", at)

    def read_next_directory(self, at: int) -> int:
        """Return the offset of the directory after the one at `at`. 0 if it is the last."""
        return self._unpack(self.offset_format, self.find_next_offset(at))

    def read_integers(self, at: int, tag: int, limit: int) -> tuple[int, ...]:
        """Return the first `limit` integers of a field. Return none if the directory at `at` has no such field."""
        entry = self._find_entry(at, tag)
        form = _FORMATS.get(self._unpack("H", entry + 2), "") if entry else ""
        if form not in _INTEGERS:
            return ()
        start, size = self._locate_values(entry, struct.calcsize("<" + form))
        count = min(size // struct.calcsize("<" + form), limit)
        return struct.unpack_from(self.byte_order + form * count, self.content, start)

    def read_bytes(self, at: int, tag: int, limit: int) -> bytes:
        """Return the bytes of a field in the order of the file. Return none if it is absent or longer than `limit`."""
        entry = self._find_entry(at, tag)
        form = _FORMATS.get(self._unpack("H", entry + 2), "") if entry else ""
        if not form:
            return b""
        start, size = self._locate_values(entry, struct.calcsize("<" + form))
        return self.content[start : start + size] if size <= limit else b""

    def list_entries(self, at: int) -> range:
        """Return the offsets of the first 1,000 entries of the directory at `at`."""
        size, first = (20, at + 8) if self.is_big else (12, at + 2)
        return range(first, min(self.find_next_offset(at), first + size * _MAX_FIELDS), size)

    def _find_entry(self, at: int, tag: int) -> int:
        """Return the offset of the entry of a tag. 0 if there is none."""
        return next((entry for entry in self.list_entries(at) if self._unpack("H", entry) == tag), 0)

    def _locate_values(self, entry: int, size: int) -> tuple[int, int]:
        """Return the offset and the length in bytes of the values of an entry. One value has `size` bytes."""
        length, inline = self._unpack(self.offset_format, entry + 4) * size, struct.calcsize("<" + self.offset_format)
        at = entry + 4 + inline
        return (at if length <= inline else self._unpack(self.offset_format, at)), length

    def read_fields(self, at: int) -> dict[int, Field]:
        """Return the fields of the directory at `at` by tag. Omit fields that point outside. Truncate long fields."""
        fields: dict[int, Field] = {}
        for entry in self.list_entries(at):
            with suppress(struct.error, KeyError):
                fields.setdefault(self._unpack("H", entry), self._read_field(entry))
        return fields

    def read_raw(self, at: int, tag: int, limit: int) -> bytes:
        """Return the bytes of one field of the directory at `at`, cut at `limit`. Return no bytes if it is missing."""
        entry = self._find_entry(at, tag)
        if not entry:
            return b""
        form = _FORMATS.get(self._unpack("H", entry + 2), "s")
        start, size = self._locate_values(entry, struct.calcsize("<" + form))
        return self.content[start : start + min(size, limit)]

    def _read_field(self, entry: int) -> Field:
        kind, count = self._unpack("H", entry + 2), self._unpack(self.offset_format, entry + 4)
        form = _FORMATS[kind]
        size = struct.calcsize("<" + form)
        at, _ = self._locate_values(entry, size)
        count = min(count, _MAX_FIELD_BYTES // size)
        if form == "s":
            (text,) = struct.unpack_from(f"{count}s", self.content, at)
            if kind not in {_ASCII, _UTF8}:
                return bytes(text)
            return "\0".join(decode_text(part, is_cut=count == _MAX_FIELD_BYTES) for part in text.split(b"\0"))
        numbers = struct.unpack_from(self.byte_order + form * count, self.content, at)
        if kind in {_RATIONAL, _SIGNED_RATIONAL}:
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            return tuple(numerator / denominator if denominator else math.nan for numerator, denominator in pairs)
        return numbers

    def _unpack(self, form: str, at: int) -> int:
        return int(struct.unpack_from(self.byte_order + form, self.content, at)[0])


def get_first_integer(field: Field | None, default: int = 0) -> int:
    """Return the first integer of a field, or `default` if the field has none."""
    match field:
        case (int(first), *_):
            return first
    return default
