"""Write ICC profiles for colour spaces that a file names without one, and calculate their matrices (ICC.1:2022)."""

import struct
from collections.abc import Sequence
from functools import lru_cache

from chalicelib.renditions.colours.colour import ColourSpace, Primaries

type Matrix = tuple[tuple[float, ...], ...]

# The white of all profiles, and the adaptation of another white to it (ICC.1:2022, section 7.2.16 and annex E).
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_CURVE_POINTS = 1024


@lru_cache(maxsize=16)
def make_profile(space: ColourSpace, *, is_grey: bool) -> bytes:
    """Return a profile for pixels in RGB or grey.

    Raises:
        ZeroDivisionError: the primaries are on one line.
        struct.error: the primaries are too far from those of real light.
    """
    values = [space.linearize(point / (_CURVE_POINTS - 1)) for point in range(_CURVE_POINTS)]
    numbers = [round(value * 65535) for value in values]
    curve = struct.pack(f">4s4xI{_CURVE_POINTS}H", b"curv", _CURVE_POINTS, *numbers)
    tags = {b"wtpt": _pack_xyz(_D50)}
    if is_grey:
        tags[b"kTRC"] = curve
    else:
        columns = zip(*calculate_matrix(space.primaries), strict=True)
        tags |= {name: _pack_xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _join(b"GRAY" if is_grey else b"RGB ", tags)


def calculate_matrix(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB to CIE XYZ under D50.

    Raises:
        ZeroDivisionError: the primaries are on one line.
    """
    matrix = calculate_unadapted_matrix(primaries)
    white = transform(matrix, (1, 1, 1))
    scales = [to / of for to, of in zip(transform(_BRADFORD, _D50), transform(_BRADFORD, white), strict=True)]
    adaptation = multiply(invert(_BRADFORD), multiply(_make_diagonal(scales), _BRADFORD))
    return multiply(adaptation, matrix)


def calculate_unadapted_matrix(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB to CIE XYZ under the white of the primaries. Its second row is luminance.

    Raises:
        ZeroDivisionError: the primaries are on one line.
    """
    *colours, white = ((x, y, 1 - x - y) for x, y in primaries)
    columns = tuple(zip(*colours, strict=True))
    amounts = transform(invert(columns), tuple(value / white[1] for value in white))
    return multiply(columns, _make_diagonal(amounts))


def transform(matrix: Matrix, vector: Sequence[float]) -> tuple[float, ...]:
    """Return the product of a matrix and a vector."""
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def multiply(left: Matrix, right: Matrix) -> Matrix:
    """Return the product of two matrices."""
    columns = [transform(left, column) for column in zip(*right, strict=True)]
    return tuple(zip(*columns, strict=True))


def invert(matrix: Matrix) -> Matrix:
    """Return the inverse of a matrix of three rows.

    Raises:
        ZeroDivisionError: the matrix has no inverse.
    """
    a, b, c = matrix
    columns = (_cross(b, c), _cross(c, a), _cross(a, b))
    determinant = sum(x * y for x, y in zip(a, columns[0], strict=True))
    return tuple(tuple(value / determinant for value in row) for row in zip(*columns, strict=True))


def _make_diagonal(values: Sequence[float]) -> Matrix:
    return tuple(tuple(value if row == column else 0 for column in range(3)) for row, value in enumerate(values))


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _pack_xyz(values: tuple[float, ...]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in values))


def _join(colour_space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return a display profile of version 2.1 (ICC.1:2001-04, sections 6.1 and 6.2). Equal tags share their bytes."""
    table, bodies, at = struct.pack(">I", len(tags)), dict[bytes, int](), 132 + 12 * len(tags)
    for name, body in tags.items():
        if body not in bodies:
            bodies[body] = at
            at += len(body)
        table += struct.pack(">4sII", name, bodies[body], len(body))
    header = struct.pack(">I4xI4s4s4s12x4s28x", at, 0x02100000, b"mntr", colour_space, b"XYZ ", b"acsp")
    header += struct.pack(">3i48x", *(round(value * 65536) for value in _D50))
    return header + table + b"".join(bodies)
