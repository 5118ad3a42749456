"""Show HDR pictures on ordinary displays, as Chromium 156 does (ITU-R BT.2100, SMPTE ST 2094-50).

The picture is mapped by its brightest channel in BT.2020, so that hues stay.
Light up to the reference white is halved. Brighter light, up to 1,000 nits, approaches white on a curve.
"""

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING

from chalicelib.renditions.colour import BT2020, REFERENCE_WHITE_NITS, SRGB, ColourSpace, Primaries, transfer_hlg
from chalicelib.renditions.decoders import load_vips
from chalicelib.renditions.icc_writer import calculate_matrix, calculate_unadapted_matrix, invert, multiply

if TYPE_CHECKING:
    from pyvips import Image

_PEAK = 1000 / REFERENCE_WHITE_NITS
_WHITE = 0.5
"""The light of the reference white on the display, which leaves room for brighter light."""
# The curve from reference white to the peak is a quadratic Bezier curve. This is its middle point.
_BEND = 0.65
_MIDDLE = (1 - _BEND + _BEND / _WHITE, (1 - _BEND) * _WHITE + _BEND)
_HLG_SYSTEM_GAMMA = 1.2
"""The exponent from light of the scene to light of a display of 1,000 nits (ITU-R BT.2100, table 5)."""


def convert_to_srgb(image: "Image", space: ColourSpace) -> "Image":
    """Return a PQ or HLG image of one or three bands in sRGB of eight bits."""
    levels = 65_536 if image.format == "ushort" else 256
    table = load_vips().Image.new_from_memory(_tabulate(space, levels), levels, 1, 1, "float")
    linear = image.maplut(table)
    if linear.bands == 1:
        linear = linear.bandjoin([linear, linear])
    if space.curve is transfer_hlg:
        luminance = linear.recomb([list(calculate_unadapted_matrix(space.primaries)[1])])
        linear = linear * luminance ** (_HLG_SYSTEM_GAMMA - 1) * _PEAK
    linear = _change_primaries(linear, space.primaries, BT2020)
    linear = linear * _calculate_gain(linear[0].maxpair(linear[1]).maxpair(linear[2]))
    linear = _change_primaries(linear, BT2020, SRGB.primaries)
    return linear.copy(interpretation="scrgb").colourspace("srgb")


def _calculate_gain(brightest: "Image") -> "Image":
    """Return the factor for each pixel by its brightest channel, as a multiple of the reference white."""
    (middle_x, middle_y) = _MIDDLE
    # Solve x = 1 + 2 (middle_x - 1) t + (_PEAK - 2 middle_x + 1) t^2 for t from 0 to 1.
    x = brightest.clamp(min=1, max=_PEAK)
    slope, square = middle_x - 1, _PEAK - 2 * middle_x + 1
    t = (((x - 1) * square + slope**2) ** 0.5 - slope) / square
    y = t * t * (1 - 2 * middle_y + _WHITE) + t * 2 * (middle_y - _WHITE) + _WHITE
    return y / brightest.clamp(min=1, max=1e9)


@lru_cache(maxsize=4)
def _tabulate(space: ColourSpace, levels: int) -> bytes:
    return array("f", (space.linearize(level / (levels - 1)) for level in range(levels))).tobytes()


def _change_primaries(linear: "Image", source: Primaries, target: Primaries) -> "Image":
    return linear.recomb([list(row) for row in multiply(invert(calculate_matrix(target)), calculate_matrix(source))])
