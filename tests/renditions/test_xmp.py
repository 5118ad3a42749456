"""XMP packets: all forms of properties, broken packets, and attacks on XML parsers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.renditions.metadata import xmp
from tests.support.metadata_blocks import xmp as build_packet
from tests.support.metadata_blocks import xmp_list

TITLE = xmp_list("dc:title", "Alt", "Harbour", language="x-default")
VALID = build_packet({"exif:GPSLatitude": "1,0.0N"}, TITLE)
HEAD, TAIL = VALID.split(b"<dc:title>")[0], b"</rdf:Description></rdf:RDF></x:xmpmeta>"


@pytest.mark.parametrize("container", ["Alt", "Bag", "Seq"])
def test_lists_of_all_kinds_are_read(container: str) -> None:
    packet = build_packet(elements=xmp_list("dc:subject", container, "sea", "storm & rain"))
    assert xmp.read(packet) == {"dc:subject": ["sea", "storm & rain"]}


def test_default_language_comes_first() -> None:
    items = '<rdf:li xml:lang="de">Hafen</rdf:li><rdf:li xml:lang="x-default">Harbour</rdf:li>'
    packet = build_packet(elements=f"<dc:title><rdf:Alt>{items}</rdf:Alt></dc:title>")
    assert xmp.read(packet) == {"dc:title": ["Harbour", "Hafen"]}


def test_properties_of_several_descriptions_are_joined() -> None:
    second = b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Harbour"/>'
    packet = build_packet({"exif:GPSLatitude": "1,0.0N"}).replace(b"</rdf:RDF>", second + b"</rdf:RDF>")
    assert xmp.read(packet) == {"exif:GPSLatitude": ["1,0.0N"], "dc:title": ["Harbour"]}


def test_prefix_of_a_namespace_is_free() -> None:
    packet = VALID.replace(b"xmlns:exif=", b"xmlns:e=").replace(b"exif:GPS", b"e:GPS")
    assert xmp.read(packet)["exif:GPSLatitude"] == ["1,0.0N"]


def test_properties_inside_structures_and_of_unknown_namespaces_are_skipped() -> None:
    inner = "<rdf:Description><dc:title>inner</dc:title></rdf:Description>"
    parsed = "<dc:title>inner</dc:title>"
    packet = build_packet(elements=f'<exif:Flash>{inner}</exif:Flash><xmp:X rdf:parseType="Resource">{parsed}</xmp:X>')
    assert "dc:title" not in xmp.read(packet)
    assert xmp.read(VALID.replace(b'http://ns.adobe.com/exif/1.0/"', b'urn:other"')) == {"dc:title": ["Harbour"]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_packet_in_another_encoding_is_read(encoding: str) -> None:
    packet = VALID.decode().replace("\ufeff", "").replace("Harbour", "Häfen")
    assert xmp.read(packet.encode(encoding))["dc:title"] == ["Häfen"]


@pytest.mark.parametrize(
    "packet",
    [
        VALID + bytes(2000),
        b"\0\n" + VALID,
        VALID.replace(b"Harbour", b"Harb\x01our").replace(b"Harb\x01our", b"Harbour"),
        VALID + b"<broken",
        VALID.replace(b"</x:xmpmeta>", b"<unbound:a/></x:xmpmeta>"),
    ],
)
def test_properties_before_a_fault_are_kept(packet: bytes) -> None:
    assert xmp.read(packet) == {"exif:GPSLatitude": ["1,0.0N"], "dc:title": ["Harbour"]}


def test_entities_are_never_expanded() -> None:
    laughs = b'<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 10)
    )
    packet = b"<!DOCTYPE x [" + laughs + b"]>" + VALID.replace(b"Harbour", b"&j;")
    assert xmp.read(packet) == {}
    external = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + VALID.replace(b"Harbour", b"&a;")
    assert xmp.read(external) == {}
    assert xmp.read(VALID.replace(b"Harbour", b"&undeclared;")) == {"exif:GPSLatitude": ["1,0.0N"]}


@pytest.mark.parametrize(
    "inside", [b"<dc:x>" * 60, b"<dc:x/>" * 60_000, b"x" * 2_000_000], ids=["depth", "elements", "bytes"]
)
def test_reading_stops_at_a_bound(inside: bytes) -> None:
    title = TITLE.encode()
    assert "dc:title" in xmp.read(HEAD + title + inside + TAIL)
    assert "dc:title" not in xmp.read(HEAD + inside + title + TAIL)


def test_number_and_length_of_values_are_bounded() -> None:
    packet = build_packet({"exif:GPSLatitude": "1" * 20_000}, xmp_list("dc:subject", "Bag", *["word"] * 300))
    properties = xmp.read(packet)
    assert len(properties["dc:subject"]) == 200
    assert len(properties["exif:GPSLatitude"][0]) == 10_000


@given(st.lists(st.tuples(st.integers(0, len(VALID)), st.binary(max_size=6)), max_size=6), st.integers(0, len(VALID)))
def test_no_packet_raises_an_error(changes: list[tuple[int, bytes]], end: int) -> None:
    packet = bytearray(VALID)
    for at, replacement in changes:
        packet[at : at + len(replacement)] = replacement
    assert all(xmp.read(bytes(packet[:end])).values())
