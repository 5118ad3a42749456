"""ThumbHash: encode an opaque picture in about 25 bytes (Evan Wallace, https://evanw.github.io/thumbhash/)."""

import math
from base64 import b64encode
from functools import cache

MAX_SIDE = 32
"""Pixels. Enough for the seven waves per side that the format can store."""

_LUMINANCE_WAVES = 7
_COLOUR_WAVES = 3


def encode(width: int, height: int, rgb: bytes) -> str:
    """Return the hash of `width` by `height` sRGB pixels in base64. Each pixel has three bytes."""
    red, green, blue = ([value / 255 for value in rgb[band::3]] for band in range(3))
    luminance = [(r + g + b) / 3 for r, g, b in zip(red, green, blue, strict=True)]
    yellow_blue = [(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)]
    red_green = [r - g for r, g in zip(red, green, strict=True)]

    waves_x = max(1, _round(_LUMINANCE_WAVES * width / max(width, height)))
    waves_y = max(1, _round(_LUMINANCE_WAVES * height / max(width, height)))
    l_dc, l_scale, l_ac = _encode_channel(width, luminance, max(3, waves_x), max(3, waves_y))
    p_dc, p_scale, p_ac = _encode_channel(width, yellow_blue, _COLOUR_WAVES, _COLOUR_WAVES)
    q_dc, q_scale, q_ac = _encode_channel(width, red_green, _COLOUR_WAVES, _COLOUR_WAVES)

    is_landscape = width > height
    bits = _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6 | _round(31.5 + 31.5 * q_dc) << 12
    bits |= _round(31 * l_scale) << 18 | (waves_y if is_landscape else waves_x) << 24
    bits |= _round(63 * p_scale) << 27 | _round(63 * q_scale) << 33 | is_landscape << 39
    waves = l_ac + p_ac + q_ac
    for index, wave in enumerate(waves):
        bits |= _round(15 * wave) << 40 + 4 * index
    return b64encode(bits.to_bytes(5 + (len(waves) + 1) // 2, "little")).decode()


def _encode_channel(width: int, values: list[float], waves_x: int, waves_y: int) -> tuple[float, float, list[float]]:
    """Return the mean, the largest amplitude, and the other waves of the cosine transform scaled to 0 to 1."""
    height = len(values) // width
    rows = [values[at : at + width] for at in range(0, len(values), width)]
    columns = [[math.sumprod(row, _compute_cosines(width, wave)) for row in rows] for wave in range(waves_x)]
    waves = [
        math.sumprod(columns[x], _compute_cosines(height, y)) / len(values)
        for y in range(waves_y)
        for x in range(waves_x)
        if x * waves_y < waves_x * (waves_y - y)
    ]
    scale = max(map(abs, waves[1:]))
    return waves[0], scale, [0.5 + 0.5 / scale * wave if scale else 0.0 for wave in waves[1:]]


@cache
def _compute_cosines(length: int, wave: int) -> tuple[float, ...]:
    return tuple(math.cos(math.pi / length * wave * (index + 0.5)) for index in range(length))


def _round(value: float) -> int:
    """Round halves up, as the JavaScript that defines the format does."""
    return math.floor(value + 0.5)
