"""Recognise the sRGB profile by its primaries and curves (ICC.1:2022, IEC 61966-2-1)."""

import struct

_SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
_TOLERANCE = 0.002
_TAG_NAMES = frozenset({b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"A2B0"})
_MAX_TAGS = 100
_LONGEST_CURVE = 4096
_SAMPLES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.9)


def read_colour_space(profile: bytes) -> str:
    """Return the colour space of the pixels: `RGB`, `GRAY`, `CMYK` or another."""
    return profile[16:20].decode("latin-1").strip()


def is_srgb(profile: bytes) -> bool:
    """Return whether pixels with `profile` are sRGB. Compare primaries and curves. A name is no proof."""
    try:
        tags = _read_tags(profile)
        if read_colour_space(profile) == "GRAY":
            return _has_srgb_curve(tags[b"kTRC"])
        primaries = [_read_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = [tags[name] for name in (b"rTRC", b"gTRC", b"bTRC")]
        return b"A2B0" not in tags and _are_srgb_primaries(primaries) and all(map(_has_srgb_curve, curves))
    # A curve with a negative base has complex values. float() raises TypeError for them.
    except (KeyError, IndexError, TypeError, ValueError, ArithmeticError, struct.error):
        return False


def _read_tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * n) for n in range(min(count, _MAX_TAGS))]
    return {name: profile[at : at + size] for name, at, size in entries if name in _TAG_NAMES}


def _read_xyz(tag: bytes) -> tuple[float, ...]:
    return tuple(value / 65536 for value in struct.unpack_from(">3i", tag, 8))


def _are_srgb_primaries(primaries: list[tuple[float, ...]]) -> bool:
    pairs = zip(primaries, _SRGB_PRIMARIES, strict=True)
    return all(abs(a - b) < _TOLERANCE for colour, expected in pairs for a, b in zip(colour, expected, strict=True))


def _has_srgb_curve(tag: bytes) -> bool:
    return all(abs(_evaluate_curve(tag, sample) - _evaluate_srgb_curve(sample)) < _TOLERANCE for sample in _SAMPLES)


def _evaluate_srgb_curve(encoded: float) -> float:
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4


def _evaluate_curve(tag: bytes, encoded: float) -> float:
    """Return the value of a tone curve at one point. Support only the forms that sRGB profiles use."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        return _interpolate(struct.unpack_from(f">{min(count, _LONGEST_CURVE)}H", tag, 12), encoded)
    kind, *_ = struct.unpack_from(">H", tag, 8)
    if tag[:4] != b"para" or kind != 3:
        raise ValueError
    g, a, b, c, d = (value / 65536 for value in struct.unpack_from(">5i", tag, 12))
    return float((a * encoded + b) ** g) if encoded >= d else c * encoded


def _interpolate(table: tuple[int, ...], encoded: float) -> float:
    position = encoded * (len(table) - 1)
    below = int(position)
    return (table[below] + (table[below + 1] - table[below]) * (position - below)) / 65535
