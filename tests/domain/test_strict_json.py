"""Strict JSON: the parser refuses every text that other parsers could read differently."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import strict_json
from chalicelib.domain.strict_json import MAX_DEPTH, TooDeep, parse

SCALARS = (
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False, allow_infinity=False)
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | TEXT | st.text('[]{}"\\,:'), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20
)

MALFORMED = {
    "empty": b"",
    "blank": b"  ",
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "-Infinity": b"-Infinity",
    "number too large": b'{"a": 1e999}',
    "negative number too large": b"[-1e999]",
    "number of 5,000 digits": b"1" * 5000,
    "duplicate name": b'{"a": 1, "a": 1}',
    "duplicate name, escaped": rb'{"a": 1, "\u0061": 2}',
    "nested duplicate name": b'[{"b": {"a": 1, "a": 2}}]',
    "lone surrogate": rb'["\ud800"]',
    "lone surrogate as a name": rb'{"\udfff": 1}',
    "surrogates in the wrong order": rb'["\udc00\ud800"]',
    "lone surrogate in bytes": b'["\xed\xa0\x80"]',
    "not UTF-8": b'["\xff"]',
    "overlong UTF-8": b'["\xc0\xaf"]',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "trailing comma": b'{"a": 1,}',
    "two values": b"{} {}",
    "comment": b"{} // no",
    "single quotes": b"{'a': 1}",
    "leading zero": b"[01]",
    "plus sign": b"[+1]",
    "hexadecimal number": b"[0x1]",
    "raw line feed": b'["\n"]',
    "raw NUL": b'["\x00"]',
    "unfinished object": b'{"a": ',
    "unfinished string": b'["a',
    "extra closing bracket": b"[]]",
    "wrong closing bracket": b"[}",
}


def is_valid(raw: bytes) -> bool:
    try:
        parse(raw)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_json_is_refused(fault: str) -> None:
    assert not is_valid(MALFORMED[fault])


@given(VALUES)
def test_json_of_any_value_parses_to_that_value(value: Any) -> None:
    try:
        assert parse(json.dumps(value).encode()) == value
        assert parse(json.dumps(value, ensure_ascii=False).encode()) == value
    except TooDeep:
        assert strict_json._measure_depth(json.dumps(value).encode()) > MAX_DEPTH


@given(st.binary() | st.text('[]{}",:\\ 01aeNu').map(str.encode))
def test_arbitrary_bytes_are_refused_or_parse_as_in_the_standard_library(raw: bytes) -> None:
    try:
        value = parse(raw)
    except ValueError:
        return
    assert value == json.loads(raw)


@pytest.mark.parametrize(
    "nested",
    [
        lambda levels: b"[" * levels + b"]" * levels,
        lambda levels: b'{"a":' * levels + b"1" + b"}" * levels,
        lambda levels: b"[" * (levels - 1) + b'{"[": "]"}' + b"]" * (levels - 1),
    ],
    ids=["lists", "objects", "both"],
)
def test_nesting_is_limited_to_32_levels(nested: Any) -> None:
    assert parse(nested(MAX_DEPTH)) is not None
    for levels in (MAX_DEPTH + 1, 1000, 20_000):
        with pytest.raises(TooDeep):
            parse(nested(levels))


def test_brackets_within_strings_do_not_count_as_nesting() -> None:
    text = "[{" * 100 + '"\\' + "[" * 100
    assert parse(json.dumps([text]).encode()) == [text]


@pytest.mark.parametrize("fragment", [b'"', b"\\", b'\\"', b'"\\', b'["', b"[", b"{", b'"a', b" "])
def test_hostile_text_is_refused_in_linear_time(fragment: bytes) -> None:
    start = time.process_time()
    assert not is_valid(fragment * (65536 // len(fragment)))
    assert time.process_time() - start < 0.25
