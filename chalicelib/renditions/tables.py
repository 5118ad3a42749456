"""Whether a JPEG's headers hold anything that its decoder does not need (ITU-T T.81, annex B.2).

Tables may come any number of times, with values on which no pixel depends: as good a place for a text as a comment.
"""

from collections.abc import Iterable, Iterator

_DHT, _DAC, _DQT, _DRI, _SOS = 0xC4, 0xCC, 0xDB, 0xDD, 0xDA
_PROGRESSIVE = 0xC2

type _Table = tuple[str, int]

_INTERVAL: _Table = ("R", 0)


def are_plain(segments: Iterable[tuple[int, bytes]]) -> bool:
    """Whether each table is used before it is replaced, and each header ends where its fields do."""
    try:
        return _are_plain(segments)
    except (IndexError, ValueError):
        return False


def _are_plain(segments: Iterable[tuple[int, bytes]]) -> bool:
    unused, shown = set[_Table](), set[int]()
    quantizers, progressive = dict[int, int](), False
    for code, segment in segments:
        if code in {_DHT, _DQT}:
            for table in _huffman(segment) if code == _DHT else _quantization(segment):
                if table in unused:
                    return False
                unused.add(table)
        elif code == _SOS:
            components = _components(segment, 3, 2)
            # A component that comes again in a sequential picture replaces what came before.
            if len(components) != segment[2] or (not progressive and shown & components.keys()):
                return False
            shown |= components.keys()
            unused -= {_INTERVAL}
            unused -= {("Q", quantizers[component]) for component in components}
            unused -= set(_coding(segment, components.values(), progressive))
        elif code == _DRI:
            # Where another one follows, nothing depends on it.
            if _INTERVAL in unused:
                return False
            unused.add(_INTERVAL)
        elif code == _DAC:
            # Of arithmetic coding, which no browser shows.
            return False
        else:
            progressive, quantizers = code == _PROGRESSIVE, _components(segment, 8, 3)
    return not unused and all(map(_ends_where_it_says, segments))


def _components(segment: bytes, first: int, size: int) -> dict[int, int]:
    """Their tables, by component."""
    entries = [segment[at : at + size] for at in range(first, first + size * segment[first - 1], size)]
    return {entry[0]: entry[-1] for entry in entries}


def _coding(segment: bytes, tables: Iterable[int], progressive: bool) -> Iterator[_Table]:
    """The Huffman tables that a scan uses: those of DC, of AC, or none where it refines DC by bits."""
    first, last, approximation = segment[3 + 2 * segment[2] :][:3]
    for table in tables:
        if first == 0 and not (progressive and approximation >> 4):
            yield "DC", table >> 4
        if last > 0:
            yield "AC", table & 15


def _huffman(segment: bytes) -> Iterator[_Table]:
    at = 2
    while at < len(segment):
        symbols = segment[at + 17 : at + 17 + sum(segment[at + 1 : at + 17])]
        if len(set(symbols)) < len(symbols):
            raise ValueError
        yield "AC" if segment[at] >> 4 else "DC", segment[at] & 15
        at += 17 + len(symbols)


def _quantization(segment: bytes) -> Iterator[_Table]:
    at = 2
    while at < len(segment):
        yield "Q", segment[at] & 15
        at += 1 + (128 if segment[at] >> 4 else 64)
    if at > len(segment):
        raise ValueError


def _ends_where_it_says(coded: tuple[int, bytes]) -> bool:
    code, segment = coded
    length = int.from_bytes(segment[:2])
    if code == _SOS:
        return length == 6 + 2 * segment[2]
    if code in {_DHT, _DQT}:
        return length == len(segment)
    return length == (4 if code == _DRI else 8 + 3 * segment[7])
