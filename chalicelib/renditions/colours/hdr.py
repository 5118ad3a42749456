"""Show HDR pictures on ordinary displays, as Chromium 156 does (ITU-R BT.2100, SMPTE ST 2094-50).

The picture is mapped by its brightest channel in BT.2020, so that hues stay.
Light up to the reference white is halved. Brighter light, up to 1,000 nits, approaches white on a curve.
"""

import math
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING

from chalicelib.renditions.colours.colour import (
    BT2020,
    REFERENCE_WHITE_NITS,
    SRGB,
    ColourSpace,
    Primaries,
    transfer_hlg,
)
from chalicelib.renditions.colours.icc_writer import calculate_matrix, calculate_unadapted_matrix, invert, multiply
from chalicelib.renditions.decoders import load_vips

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


# The steps of tables for light. 10,000 nits are 49.3 times the reference white.
_STEPS = 65_536
_LIGHT_STEP, _LUMINANCE_STEP = 50 / _STEPS, 1 / (_STEPS - 1)


def convert_to_srgb(image: "Image", space: ColourSpace) -> "Image":
    """Return a PQ or HLG image of one or three bands in sRGB of eight bits."""
    is_16_bit = image.format == "ushort"
    linear = image.maplut(_load_table(_tabulate_transfer(space, 65_536 if is_16_bit else 256)))
    if linear.bands == 1:
        linear = linear.bandjoin([linear, linear])
    linear = _change_primaries(linear, space.primaries, BT2020)
    brightest = linear[0].maxpair(linear[1]).maxpair(linear[2])
    if space.curve is transfer_hlg:
        luminance = linear.recomb([list(calculate_unadapted_matrix(BT2020)[1])])
        factor = _look_up(_tabulate_system_gamma(), luminance, _LUMINANCE_STEP)
        gain = factor * _look_up(_tabulate_gain(), brightest * factor, _LIGHT_STEP)
    else:
        gain = _look_up(_tabulate_gain(), brightest, _LIGHT_STEP)
    linear = _change_primaries(linear * gain, BT2020, SRGB.primaries)
    return linear.copy(interpretation="scrgb").colourspace("srgb")


def _change_primaries(linear: "Image", source: Primaries, target: Primaries) -> "Image":
    if source == target:
        return linear
    return linear.recomb([list(row) for row in multiply(invert(calculate_matrix(target)), calculate_matrix(source))])


def _look_up(table: bytes, light: "Image", step: float) -> "Image":
    return light.linear(1 / step, 0.5).cast("ushort").maplut(_load_table(table))


def _load_table(table: bytes) -> "Image":
    return load_vips().Image.new_from_memory(table, len(table) // 4, 1, 1, "float")


@lru_cache(maxsize=4)
def _tabulate_transfer(space: ColourSpace, levels: int) -> bytes:
    return array("f", (space.linearize(level / (levels - 1)) for level in range(levels))).tobytes()


@lru_cache(maxsize=1)
def _tabulate_system_gamma() -> bytes:
    """Return the factor from light of the scene to light of the display, by luminance from 0 to 1."""
    factors = ((step * _LUMINANCE_STEP) ** (_HLG_SYSTEM_GAMMA - 1) * _PEAK for step in range(_STEPS))
    return array("f", factors).tobytes()


@lru_cache(maxsize=1)
def _tabulate_gain() -> bytes:
    """Return the factor from HDR to the display, by the light of the brightest channel."""
    return array("f", (_calculate_gain(step * _LIGHT_STEP) for step in range(_STEPS))).tobytes()


def _calculate_gain(light: float) -> float:
    """Return the factor for light as a multiple of the reference white."""
    if light <= 1:
        return _WHITE
    middle_x, middle_y = _MIDDLE
    # Solve light = 1 + 2 (middle_x - 1) t + (_PEAK - 2 middle_x + 1) t^2 for t from 0 to 1.
    slope, square = middle_x - 1, _PEAK - 2 * middle_x + 1
    t = (math.sqrt(slope**2 + (min(light, _PEAK) - 1) * square) - slope) / square
    return ((1 - t) ** 2 * _WHITE + 2 * t * (1 - t) * middle_y + t**2) / light
