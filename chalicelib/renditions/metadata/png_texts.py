"""Read the text chunks of a PNG (PNG specification, third edition, section 11.3.3), and the metadata inside them.

ImageMagick and ExifTool store whole blocks of metadata as hexadecimal text in "raw profiles".
"""

from collections.abc import Iterable, Iterator
from typing import TypedDict

from chalicelib.renditions.coded_picture import inflate
from chalicelib.renditions.text import decode_text

CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
"""The kinds of text chunks."""
_XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
_XMP = "XML:com.adobe.xmp"
_RAW_BLOCKS = frozenset(f"raw profile type {name}" for name in ("exif", "app1", "xmp", "iptc", "8bim", "app13"))
_TEXTS = frozenset({"exif:DateTimeOriginal", "exif:DateTimeDigitized", "Creation Time", "Title", "Description"})
_LONGEST_CAPTION = 10_000
_LONGEST_TEXT = 4_000_000
"""The longest text in bytes. Longer compressed texts are cut."""


class PngMetadata(TypedDict):
    """The metadata of a PNG, with the names of the fields of `CodedPicture`."""

    exif: bytes
    xmp: bytes
    iptc: bytes
    texts: dict[str, str]


def read_metadata(chunks: Iterable[tuple[bytes, bytes]], exif: bytes) -> PngMetadata:
    """Return the metadata of a PNG from the kind and the body of each text chunk.

    `exif` is the body of the chunk eXIf, which takes precedence over text.
    """
    texts, blocks = dict[str, str](), list[bytes]()
    xmp = b""
    for name, kind, body in _iterate_known(chunks):
        text = _read_text(kind, body)
        if name == _XMP:
            xmp = text
        elif name in _TEXTS:
            texts[name] = decode_text(text[:_LONGEST_CAPTION])
        else:
            blocks.append(_decode_hexadecimal(text))
    return {
        "exif": exif or _find(blocks, b"Exif\0\0", b"II*\0", b"MM\0*"),
        "xmp": xmp or _find(blocks, _XMP_PREFIX, b"<").removeprefix(_XMP_PREFIX),
        "iptc": _find(blocks, b"8BIM", b"Photoshop 3.0\0", b"\x1c"),
        "texts": texts,
    }


def _iterate_known(chunks: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield the first text of each known keyword: the keyword, the kind of the chunk, and the rest of its body."""
    seen: set[str] = set()
    for kind, body in chunks:
        keyword, separator, _ = body[:80].partition(b"\0")
        name = keyword.decode("latin-1")
        is_known = name == _XMP or name in _TEXTS or name.lower() in _RAW_BLOCKS
        if separator and is_known and name.lower() not in seen:
            seen.add(name.lower())
            yield name, kind, body[len(keyword) + 1 :]


def _find(blocks: list[bytes], *prefixes: bytes) -> bytes:
    return next((block for block in blocks if block.startswith(prefixes)), b"")


def _decode_hexadecimal(text: bytes) -> bytes:
    """Return the bytes of a raw profile: its name, its length, and hexadecimal digits. Return no bytes if invalid."""
    parts = text.split(None, 2)
    if len(parts) < 3 or not parts[1].isdigit():
        return b""
    try:
        return bytes.fromhex(parts[2].decode("ascii"))
    except ValueError:
        return b""


def _read_text(kind: bytes, body: bytes) -> bytes:
    if kind == b"tEXt":
        return body[:_LONGEST_TEXT]
    if kind == b"zTXt":
        return inflate(body[1:], _LONGEST_TEXT)
    is_compressed, (_, _, rest) = body[:1] == b"\1", body[2:].partition(b"\0")
    text = rest.partition(b"\0")[2]
    return inflate(text, _LONGEST_TEXT) if is_compressed else text[:_LONGEST_TEXT]
