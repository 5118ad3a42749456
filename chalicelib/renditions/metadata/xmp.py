"""Read properties of an XMP packet (ISO 16684-1). The packet is untrusted XML.

A document type is never read, so no entity is ever expanded. Depth, elements and sizes are bounded.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from xml.parsers import expat

from chalicelib.renditions.text import decode_text

type Properties = dict[str, list[str]]
"""The values of each property by its name with the usual prefix. A simple property has one value."""

MAX_PACKET_BYTES = 2_000_000
_MAX_DEPTH = 50
_LONGEST_NAMESPACE = 300
_MAX_ELEMENTS = 50_000
_MAX_VALUES = 200
_MAX_LETTERS = 10_000

_RDF, _XML = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_CONTAINERS = frozenset({f"{_RDF} Alt", f"{_RDF} Bag", f"{_RDF} Seq"})
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}


def read(packet: bytes) -> Properties:
    """Return the known properties of a packet. If the packet is broken, return the properties before the fault."""
    collector = _Collector()
    # Names contain their namespace. If the parser kept all names, a small packet could take gigabytes.
    parser = expat.ParserCreate("utf-8", " ", None)
    parser.buffer_text = True
    parser.StartNamespaceDeclHandler = _check_namespace
    parser.StartDoctypeDeclHandler = _reject_document_type
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.add_text
    with suppress(expat.ExpatError, _Stop):
        parser.Parse(_normalize(packet), True)
    return collector.properties


class _Stop(Exception):
    """The packet exceeds a bound, or has a document type."""


def _check_namespace(_prefix: str | None, namespace: str | None) -> None:
    if len(namespace or "") > _LONGEST_NAMESPACE:
        raise _Stop


def _reject_document_type(*_: object) -> None:
    raise _Stop


def _normalize(packet: bytes) -> bytes:
    """Return the packet in UTF-8, without characters that XML forbids, and without padding at both ends."""
    part = packet[:MAX_PACKET_BYTES]
    wide = _WIDE.get(part[:2])
    text = part.decode(wide, "replace") if wide else decode_text(part, is_cut=len(packet) > len(part))
    return _FORBIDDEN.sub(" ", text).strip("\ufeff \t\r\n").encode("utf-8", "replace")


class _Collector:
    """Collect properties while the parser visits elements. Skip nested structures."""

    def __init__(self) -> None:
        self.properties: Properties = {}
        self._path: list[str] = []
        self._description_depth = 0
        self._elements = 0
        self._text: list[str] = []
        self._is_default = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Enter an element. Keep the attributes of a description, which are properties too."""
        self._path.append(name)
        self._elements += 1 + len(attributes)
        if len(self._path) > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise _Stop
        self._text = []
        self._is_default = attributes.get(f"{_XML} lang") == "x-default"
        if self._path[-2:] == [f"{_RDF} RDF", f"{_RDF} Description"]:
            self._description_depth = len(self._path)
            for attribute, value in attributes.items():
                self._add(attribute, value)

    def end(self, _name: str) -> None:
        """Leave an element. Keep the text of a property, or of an item in its list."""
        match self._path[self._description_depth :] if self._description_depth else []:
            case [name]:
                self._add(name, "".join(self._text))
            case [name, container, item] if container in _CONTAINERS and item == f"{_RDF} li":
                self._add(name, "".join(self._text))
        self._path.pop()
        self._text = []
        if len(self._path) < self._description_depth:
            self._description_depth = 0

    def add_text(self, text: str) -> None:
        """Add text to the current element."""
        self._text.append(text)

    def _add(self, name: str, value: str) -> None:
        namespace, _, local = name.partition(" ")
        value = value.strip()[:_MAX_LETTERS]
        if namespace in _PREFIXES and value:
            values = self.properties.setdefault(f"{_PREFIXES[namespace]}:{local}", [])
            if len(values) < _MAX_VALUES:
                values.insert(0 if self._is_default else len(values), value)
