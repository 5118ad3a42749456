"""Blocks of metadata with any field and any value: EXIF, XMP, IPTC, and files that contain them.

Pillow refuses to write invalid values, so these blocks are built by hand.
"""

import struct
import zlib
from collections.abc import Iterable
from html import escape

from chalicelib.renditions import Rendered, render
from tests.support import images

type Entry = tuple[int, int, bytes, int]
"""Tag, type, bytes and count of a field."""

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED_RATIONAL = 1, 2, 3, 4, 5, 7, 10
NAMESPACES = {
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def text(tag: int, value: str | bytes, kind: int = ASCII) -> Entry:
    """Return a text field. Add a NUL unless the value is bytes."""
    raw = value if isinstance(value, bytes) else value.encode() + b"\0"
    return tag, kind, raw, len(raw)


def short(tag: int, *values: int) -> Entry:
    """Return a field of 16-bit numbers."""
    return tag, SHORT, struct.pack(f"<{len(values)}H", *values), len(values)


def long(tag: int, *values: int) -> Entry:
    """Return a field of 32-bit numbers."""
    return tag, LONG, struct.pack(f"<{len(values)}I", *values), len(values)


def fractions(tag: int, *values: tuple[int, int], signed: bool = False) -> Entry:
    """Return a field of fractions."""
    form, kind = ("<ii", SIGNED_RATIONAL) if signed else ("<II", RATIONAL)
    return tag, kind, b"".join(struct.pack(form, *value) for value in values), len(values)


def exif(*, main: Iterable[Entry] = (), camera: Iterable[Entry] = (), gps: Iterable[Entry] = ()) -> bytes:
    """Return an EXIF block with these fields of the file, the camera and the position."""
    groups = [(0x8769, list(camera)), (0x8825, list(gps))]
    pointers = [(tag, LONG, bytes(4), 1) for tag, entries in groups if entries]
    at, parts = 8 + len(_directory([*main, *pointers], 8)), list[bytes]()
    offsets: dict[int, int] = {}
    for tag, entries in groups:
        offsets[tag] = at
        parts.append(_directory(entries, at) if entries else b"")
        at += len(parts[-1])
    pointers = [(tag, LONG, struct.pack("<I", offsets[tag]), 1) for tag, _, _, _ in pointers]
    return b"II*\0\x08\0\0\0" + _directory([*main, *pointers], 8) + b"".join(parts)


def _directory(entries: list[Entry], at: int) -> bytes:
    body, data = struct.pack("<H", len(entries)), b""
    free = at + 2 + 12 * len(entries) + 4
    for tag, kind, raw, count in sorted(entries):
        value = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", free + len(data))
        body += struct.pack("<HHI", tag, kind, count) + value
        data += raw + bytes(len(raw) % 2) if len(raw) > 4 else b""
    return body + bytes(4) + data


def xmp(attributes: dict[str, str] | None = None, elements: str = "") -> bytes:
    """Return an XMP packet with properties as attributes, and with `elements` in XML."""
    names = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in NAMESPACES.items())
    values = " ".join(f'{name}="{escape(value)}"' for name, value in (attributes or {}).items())
    return (
        f'<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about="" {names} {values}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def xmp_list(name: str, container: str, *items: str, language: str = "") -> str:
    """Return a property with a list of values."""
    attribute = f' xml:lang="{language}"' if language else ""
    inner = "".join(f"<rdf:li{attribute}>{escape(item)}</rdf:li>" for item in items)
    return f"<{name}><rdf:{container}>{inner}</rdf:{container}></{name}>"


def iptc(*fields: tuple[int, bytes], is_utf8: bool = False) -> bytes:
    """Return IPTC fields of record 2."""
    head = b"\x1c\1\x5a\0\3\x1b%G" if is_utf8 else b""
    return head + b"".join(b"\x1c\2" + struct.pack(">BH", number, len(value)) + value for number, value in fields)


def resources(block: bytes) -> bytes:
    """Return image resources of Photoshop with another resource and IPTC fields."""
    parts = ((0x03ED, b"\3abc", b"1"), (0x0404, b"\0\0", block))
    return b"".join(
        b"8BIM" + struct.pack(">H", number) + name + struct.pack(">I", len(body)) + body + bytes(len(body) % 2)
        for number, name, body in parts
    )


def jpeg(*, exif: bytes = b"", xmp: bytes = b"", iptc: bytes = b"") -> bytes:
    """Return a small JPEG with these blocks."""
    blocks = [(0xE1, b"Exif\0\0" + exif)] if exif else []
    blocks += [(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)] if xmp else []
    blocks += [(0xED, b"Photoshop 3.0\0" + resources(iptc))] if iptc else []
    picture = images.encoded(images.quadrants(), "JPEG")
    segments = (b"\xff" + bytes([code]) + struct.pack(">H", len(body) + 2) + body for code, body in blocks)
    return picture[:2] + b"".join(segments) + picture[2:]


def png_text(keyword: str, value: bytes) -> tuple[bytes, bytes]:
    """Return an uncompressed text chunk."""
    return b"tEXt", keyword.encode() + b"\0" + value


def png_compressed_text(keyword: str, value: bytes) -> tuple[bytes, bytes]:
    """Return a compressed text chunk."""
    return b"zTXt", keyword.encode() + b"\0\0" + zlib.compress(value)


def png_international_text(keyword: str, value: bytes, *, compressed: bool = False) -> tuple[bytes, bytes]:
    """Return a text chunk in UTF-8."""
    body = zlib.compress(value) if compressed else value
    return b"iTXt", keyword.encode() + b"\0" + bytes([compressed]) + b"\0en\0\0" + body


def png_raw_profile(name: str, block: bytes) -> bytes:
    """Return a block in hexadecimal, as ImageMagick writes it into a text."""
    digits = block.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"\n{name}\n{len(block):8}\n{lines}\n".encode()


def rich_photos() -> list[tuple[str, bytes]]:
    """Return photos with metadata of all kinds, and their types. Use them to fuzz the readers of metadata."""
    block = exif(
        main=[text(0x0110, "Camera"), text(0x010E, "A harbour")],
        camera=[text(0x9003, "2021:06:07 08:05:09"), text(0x9010, "+02:00"), long(0x8832, 102400)],
        gps=[text(1, "S"), fractions(2, (33, 1), (51, 1), (31, 1)), text(3, "W"), fractions(4, (151, 1))],
    )
    packet = xmp({"exif:GPSLatitude": "33,51.5S", "aux:Lens": "50mm"}, xmp_list("dc:subject", "Bag", "sea", "storm"))
    fields = iptc((5, b"Harbour"), (25, b"sea"), (55, b"20210607"), (60, b"080509+0200"), is_utf8=True)
    chunks = (
        png_compressed_text("Raw profile type exif", png_raw_profile("exif", block)),
        png_text("Raw profile type iptc", png_raw_profile("iptc", resources(fields))),
        png_international_text("XML:com.adobe.xmp", packet),
        png_text("Creation Time", b"Mon, 7 Jun 2021 08:05:09 +0200"),
    )
    picture = images.quadrants()
    return [
        ("image/jpeg", jpeg(exif=block, xmp=packet, iptc=fields)),
        ("image/png", images.png(*chunks)),
        ("image/webp", images.encoded(picture, "WEBP", exif=block, xmp=packet)),
        ("image/avif", images.encoded(picture, "AVIF", exif=block, xmp=packet)),
        ("image/tiff", images.encoded(picture, "TIFF", tiffinfo={700: packet, 33723: fields})),
    ]


def render_jpeg(*, exif: bytes = b"", xmp: bytes = b"", iptc: bytes = b"") -> Rendered:
    """Render a small JPEG with these blocks."""
    return render(jpeg(exif=exif, xmp=xmp, iptc=iptc), "image/jpeg")
