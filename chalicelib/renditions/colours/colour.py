"""Colour spaces that a file names without an ICC profile: by code points, by numbers, or by EXIF.

AVIF, HEIC and PNG have code points for primaries and transfer functions (ITU-T H.273, tables 2 and 3).
PNG also has gAMA and cHRM. JPEG has the colour space of DCF in its EXIF.
Each space is described here as Chromium 156 shows it, so that a rendition looks like its original.
"""

import math
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.renditions.tiff.structure import Tiff, get_first_integer

type Curve = Callable[[float], float]
"""A function from a coded value to light, both from 0 to 1. For PQ and HLG see `transfer_pq` and `transfer_hlg`."""
type Primaries = tuple[tuple[float, float], ...]
"""The chromaticities x and y of red, green, blue and white."""

REFERENCE_WHITE_NITS = 203
"""The luminance of white paper in a PQ or HLG picture (ITU-R BT.2408, section 2.1)."""

_D65, _C, _E, _DCI_WHITE = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3), (0.314, 0.351)
_BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
_SMPTE_170M = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)
BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65)
_PRIMARIES: dict[int, Primaries] = {
    1: _BT709,
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: BT2020,
    10: ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), _E),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI_WHITE),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
_ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
_ADOBE_GAMMA = 563 / 256
_SRGB_GAMMA = 45_455
# Chromium ignores the same differences.
_TOLERANCE, _GAMMA_TOLERANCE = 0.002, 0.05


def transfer_srgb(value: float) -> float:
    """Return the light of an sRGB value (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def transfer_pq(value: float) -> float:
    """Return the light of a PQ value, as a multiple of the reference white (ITU-R BT.2100, table 4)."""
    root = value ** (32 / 2523)
    base = max(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)
    return float(base ** (16384 / 2610) * 10_000 / REFERENCE_WHITE_NITS)


def transfer_hlg(value: float) -> float:
    """Return the light of the scene of an HLG value, from 0 to 1 (ITU-R BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return value * value / 3 if value <= 0.5 else (math.exp((value - c) / a) + b) / 12


def _transfer_smpte_240m(value: float) -> float:
    return value / 4 if value < 0.0913 else float(((value + 0.1115) / 1.1115) ** (1 / 0.45))


def _transfer_smpte_428(value: float) -> float:
    return min(float(value**2.6) * 52.37 / 48, 1)


def _make_gamma(exponent: float) -> Curve:
    return lambda value: float(value**exponent)


# A display shows BT.709 and its relatives with an exponent of 2.4 (ITU-R BT.1886).
_VIDEO_CURVES = dict.fromkeys((1, 6, 11, 14, 15), _make_gamma(2.4))
_CURVES: dict[int, Curve] = {
    **_VIDEO_CURVES,
    4: _make_gamma(2.2),
    5: _make_gamma(2.8),
    7: _transfer_smpte_240m,
    8: _make_gamma(1),
    13: transfer_srgb,
    16: transfer_pq,
    17: _transfer_smpte_428,
    18: transfer_hlg,
}


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """The primaries and the transfer function of pixels in RGB or grey."""

    primaries: Primaries
    curve: Curve
    has_narrow_range: bool = False
    """True if black is 16 and white is 235 of 255, as in video."""

    @property
    def is_hdr(self) -> bool:
        """Return whether the pixels can be brighter than white, and need tone mapping."""
        return self.curve in (transfer_pq, transfer_hlg)

    def linearize(self, value: float) -> float:
        """Return the light of a coded value from 0 to 1."""
        return self.curve(min(max((value * 255 - 16) / 219, 0), 1) if self.has_narrow_range else value)


SRGB = ColourSpace(_BT709, transfer_srgb)
ADOBE_RGB = ColourSpace(_ADOBE_RGB, _make_gamma(_ADOBE_GAMMA))


def read_nclx(nclx: bytes) -> ColourSpace:
    """Return the colour space of the body of a `colr` box after its type (ISO/IEC 14496-12, section 12.1.5).

    If a code point is unspecified or unknown, use that of sRGB. Browsers also show the curve of BT.709 as that of sRGB,
    because many encoders write it without a reason.
    """
    primaries, transfer = struct.unpack_from(">HH", nclx)
    curve = transfer_srgb if transfer in _VIDEO_CURVES else _CURVES.get(transfer, transfer_srgb)
    return ColourSpace(_PRIMARIES.get(primaries, _BT709), curve)


def read_png_chunks(chunks: Mapping[bytes, bytes]) -> ColourSpace | None:
    """Return the colour space of PNG chunks: sRGB, or cHRM and gAMA (PNG, third edition, sections 4.3 and 11.3.2)."""
    gamma = int.from_bytes(chunks.get(b"gAMA", b"")[:4])
    primaries = _read_chrm(chunks[b"cHRM"]) if b"cHRM" in chunks else SRGB.primaries
    if b"sRGB" in chunks or not gamma or primaries is None:
        return None
    # Writers of sRGB add this gamma and these primaries for readers that do not know sRGB.
    if abs(gamma / _SRGB_GAMMA - 1) < _GAMMA_TOLERANCE and _are_near(primaries, SRGB.primaries):
        return None
    return ColourSpace(primaries, _make_gamma(100_000 / gamma))


def _read_chrm(chunk: bytes) -> Primaries | None:
    """Return the primaries of a cHRM chunk, or None if they cannot be those of a display."""
    if len(chunk) != 32:
        return None
    numbers = [value / 100_000 for value in struct.unpack(">8I", chunk)]
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    sides = [_cross(a, b, white) for a, b in ((red, green), (green, blue), (blue, red))]
    is_possible = white[1] > 0 and (min(sides) > 0 or max(sides) < 0)
    return (red, green, blue, white) if is_possible else None


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Return a number above 0 if `c` is on the left of the line from `a` to `b`."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _are_near(primaries: Primaries, others: Primaries) -> bool:
    pairs = zip(primaries, others, strict=True)
    return all(abs(a - b) < _TOLERANCE for one, other in pairs for a, b in zip(one, other, strict=True))


def read_cicp(chunk: bytes) -> ColourSpace | None:
    """Return the colour space of a cICP chunk (PNG, third edition, section 11.3.2.6).

    Return None if a part of it is unspecified or unknown. Then the other chunks determine the colours.
    """
    if len(chunk) != 4 or chunk[0] not in _PRIMARIES or chunk[1] not in _CURVES or chunk[2]:
        return None
    return ColourSpace(_PRIMARIES[chunk[0]], _CURVES[chunk[1]], has_narrow_range=not chunk[3])


def read_dcf(exif: bytes) -> ColourSpace | None:
    """Return Adobe RGB if the EXIF of a JPEG declares it, or None (DCF 2.0, section 5, and EXIF 3.0, section 4.6.5).

    Some cameras write the colour space 2, although EXIF reserves this value.
    """
    structure = Tiff(exif.removeprefix(b"Exif\0\0"))
    with suppress(struct.error, KeyError):
        main = structure.read_fields(structure.first_directory)
        details = structure.read_fields(get_first_integer(main[0x8769]))
        space = get_first_integer(details.get(0xA001))
        if space == 2:
            return ADOBE_RGB
        if space == 0xFFFF:
            index = structure.read_fields(get_first_integer(details[0xA005])).get(1)
            return ADOBE_RGB if isinstance(index, str) and index.startswith("R03") else None
    return None
