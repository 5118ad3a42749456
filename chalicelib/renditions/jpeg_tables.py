"""Check whether the headers of a JPEG contain data that its decoder does not need (ITU-T T.81, annex B.2).

A JPEG may repeat its tables any number of times. Tables that affect no pixel can hide text, as a comment can.
"""

from collections.abc import Iterable, Iterator

_DHT, _DAC, _DQT, _DRI, _SOS = 0xC4, 0xCC, 0xDB, 0xDD, 0xDA
_PROGRESSIVE = 0xC2

type _Table = tuple[str, int]

_INTERVAL: _Table = ("R", 0)


def has_no_hidden_data(segments: Iterable[tuple[int, bytes]]) -> bool:
    """Return whether each table is used before it is replaced, and each header ends after its last field."""
    try:
        return _has_no_hidden_data(segments)
    except (IndexError, ValueError):
        return False


def _has_no_hidden_data(segments: Iterable[tuple[int, bytes]]) -> bool:
    unused_tables, decoded_components = set[_Table](), set[int]()
    quantizers, is_progressive = dict[int, int](), False
    for code, segment in segments:
        if code in {_DHT, _DQT}:
            for table in _list_huffman_tables(segment) if code == _DHT else _list_quantization_tables(segment):
                if table in unused_tables:
                    return False
                unused_tables.add(table)
        elif code == _SOS:
            components = _read_components(segment, 3, 2)
            # In a sequential picture, a repeated component replaces the earlier one, which then affects no pixel.
            if len(components) != segment[2] or (not is_progressive and decoded_components & components.keys()):
                return False
            decoded_components |= components.keys()
            unused_tables -= {_INTERVAL}
            unused_tables -= {("Q", quantizers[component]) for component in components}
            unused_tables -= set(_list_coding_tables(segment, components.values(), is_progressive))
        elif code == _DRI:
            # No scan used the earlier interval.
            if _INTERVAL in unused_tables:
                return False
            unused_tables.add(_INTERVAL)
        elif code == _DAC:
            # These tables are for arithmetic coding, which browsers do not support.
            return False
        else:
            is_progressive, quantizers = code == _PROGRESSIVE, _read_components(segment, 8, 3)
    return not unused_tables and all(map(_has_exact_length, segments))


def _read_components(segment: bytes, first: int, size: int) -> dict[int, int]:
    """Return the table selectors of each component of a header."""
    entries = [segment[at : at + size] for at in range(first, first + size * segment[first - 1], size)]
    return {entry[0]: entry[-1] for entry in entries}


def _list_coding_tables(segment: bytes, tables: Iterable[int], is_progressive: bool) -> Iterator[_Table]:
    """Yield the Huffman tables that a scan uses: DC tables, AC tables, or none if the scan only refines DC."""
    first, last, approximation = segment[3 + 2 * segment[2] :][:3]
    for table in tables:
        if first == 0 and not (is_progressive and approximation >> 4):
            yield "DC", table >> 4
        if last > 0:
            yield "AC", table & 15


def _list_huffman_tables(segment: bytes) -> Iterator[_Table]:
    at = 2
    while at < len(segment):
        symbols = segment[at + 17 : at + 17 + sum(segment[at + 1 : at + 17])]
        if len(set(symbols)) < len(symbols):
            raise ValueError
        yield "AC" if segment[at] >> 4 else "DC", segment[at] & 15
        at += 17 + len(symbols)


def _list_quantization_tables(segment: bytes) -> Iterator[_Table]:
    at = 2
    while at < len(segment):
        yield "Q", segment[at] & 15
        at += 1 + (128 if segment[at] >> 4 else 64)
    if at > len(segment):
        raise ValueError


def _has_exact_length(coded_segment: tuple[int, bytes]) -> bool:
    code, segment = coded_segment
    length = int.from_bytes(segment[:2])
    if code == _SOS:
        return length == 6 + 2 * segment[2]
    if code in {_DHT, _DQT}:
        return length == len(segment)
    return length == (4 if code == _DRI else 8 + 3 * segment[7])
