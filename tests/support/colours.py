"""The colours that a rendition shows."""

import io

from PIL import Image

from chalicelib.renditions import Rendered

type Colours = list[tuple[int, ...]]


def read_quadrants(rendered: Rendered, name: str = "full") -> Colours:
    """Return the colour in the middle of each quadrant of a rendition."""
    return find_quadrants(Image.open(io.BytesIO(rendered.renditions[name].content)))


def find_quadrants(image: Image.Image) -> Colours:
    """Return the colour in the middle of each quadrant of an image."""
    width, height = image.size
    points = [(width * x // 4, height * y // 4) for y in (1, 3) for x in (1, 3)]
    rgb = image.convert("RGB")
    return [tuple(rgb.tobytes()[3 * (y * width + x) :][:3]) for x, y in points]


def find_difference(actual: Colours, expected: Colours) -> int:
    """Return the largest difference between two lists of colours."""
    pairs = zip(actual, expected, strict=True)
    return max(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))
