"""Draw a chart with two logarithmic axes, as SVG that is readable on a light and on a dark background."""

import math
from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 420, 70, 180, 40, 60
_COLOURS = ("#2f8f5b", "#d0573b", "#3d7fd6")

Series = Mapping[str, Sequence[tuple[float, float]]]


def log_log(title: str, across: str, up: str, series: Series, limit: tuple[str, float]) -> str:
    """Draw each line of `series` with its name, and a dashed line for the limit."""
    points = [point for line in series.values() for point in line]
    low, high = math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points))
    bottom = math.floor(math.log10(min(y for _, y in points)))
    top = math.ceil(math.log10(max(y for _, y in points)))

    def at(x: float, y: float) -> tuple[float, float]:
        right = (math.log10(x) - low) / (high - low)
        above = (math.log10(y) - bottom) / (top - bottom)
        return (
            round(_LEFT + right * (_WIDTH - _LEFT - _RIGHT), 1),
            round(_HEIGHT - _BOTTOM - above * (_HEIGHT - _TOP - _BOTTOM), 1),
        )

    first, last = 10**low, 10**high
    parts = [_text(_LEFT, 22, title, 15), _text(_LEFT, _HEIGHT - 12, across, 12), _text(_LEFT, _TOP - 4, up, 12)]
    for power in range(bottom, top + 1):
        x, y = at(first, 10.0**power)
        parts += [_line([(x, y), at(last, 10.0**power)], "#888", 'stroke-opacity=".35"')]
        parts += [_text(x - 8, y + 4, f"{10.0**power:g}" if power < 4 else f"10^{power}", 11, "end")]
    for power in range(round(low), round(high) + 1):
        x, y = at(10.0**power, 10.0**bottom)
        parts += [_text(x, y + 18, f"10^{power}", 11, "middle")]
    for (name, line), colour in zip(series.items(), _COLOURS, strict=False):
        coordinates = [at(x, y) for x, y in line]
        parts += [_line(coordinates, colour, 'stroke-width="2.5"')]
        parts += [_text(coordinates[-1][0] + 8, coordinates[-1][1] + 4, name, 12, colour=colour)]
    name, value = limit
    parts += [_line([at(first, value), at(last, value)], "#888", 'stroke-dasharray="5 4"')]
    parts += [_text(at(last, value)[0] + 8, at(last, value)[1] - 8, name, 12)]
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="system-ui, sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>\n' + "\n".join(parts) + "\n</svg>\n"


def _text(x: float, y: float, text: str, size: int, anchor: str = "start", colour: str = "#888") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def _line(points: Sequence[tuple[float, float]], colour: str, more: str) -> str:
    coordinates = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline points="{coordinates}" fill="none" stroke="{colour}" {more}/>'
