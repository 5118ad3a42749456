"""Rotation: the renditions and the copy are turned clockwise after the orientation is applied."""

import io

import pytest
from PIL import Image
from PIL.Image import Resampling

from chalicelib.domain.photos import Rotation
from chalicelib.renditions import Rendered, render
from tests.support import images

TURNED: dict[Rotation, tuple[int, int, int, int]] = {
    0: (0, 1, 2, 3),
    90: (2, 0, 3, 1),
    180: (3, 2, 1, 0),
    270: (1, 3, 0, 2),
}
"""The index of the quadrant that each corner shows, from left to right, then from top to bottom."""


def find_quadrants(rendered: Rendered, name: str) -> tuple[int, ...]:
    """Return the index of the quadrant of the upright picture that each corner of a rendition shows."""
    image = Image.open(io.BytesIO(rendered.renditions[name].content)).convert("RGB")
    pixels = image.resize((4, 4), Resampling.BOX).resize((2, 2), Resampling.BOX).tobytes()
    corners = [pixels[at : at + 3] for at in range(0, 12, 3)]
    return tuple(
        min(range(4), key=lambda index: sum(abs(a - b) for a, b in zip(images.QUADRANTS[index], corner, strict=True)))
        for corner in corners
    )


@pytest.mark.parametrize("rotation", [*TURNED])
@pytest.mark.parametrize(
    ("orientation", "format"), [*((each, "JPEG") for each in range(1, 9)), (2, "AVIF"), (8, "PNG")]
)
def test_all_files_are_turned_from_upright(orientation: int, format: str, rotation: Rotation) -> None:
    # Without another profile than sRGB, an upright JPEG is its own copy, unless it is turned.
    content = images.oriented(orientation, format)
    rendered = render(content, f"image/{format.lower()}", rotation=rotation)
    size = (64, 96) if rotation in (90, 270) else (96, 64)
    assert (rendered.width, rendered.height) == size
    for name in rendered.renditions:
        assert Image.open(io.BytesIO(rendered.renditions[name].content)).size == size
        assert find_quadrants(rendered, name) == TURNED[rotation]


def test_heic_is_turned_and_the_placeholder_too() -> None:
    upright, turned = (render(images.HEIC, "image/heic", rotation=rotation) for rotation in (0, 90))
    assert (turned.width, turned.height) == (upright.height, upright.width)
    assert find_quadrants(turned, "full") == TURNED[90]
    assert turned.placeholder != upright.placeholder
    assert (turned.exif, turned.taken_at) == (upright.exif, upright.taken_at)
