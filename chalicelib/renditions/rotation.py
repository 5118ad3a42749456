"""Turn a picture by its orientation, before any pixel is decoded."""

from dataclasses import replace

from chalicelib.domain.photos import Rotation
from chalicelib.renditions.decoders import Picture

_NEXT_ORIENTATIONS = {1: 6, 6: 3, 3: 8, 8: 1, 2: 7, 7: 4, 4: 5, 5: 2}
"""The EXIF orientation after a further turn by 90 degrees clockwise (CIPA DC-008-2023, section 4.6.6.1)."""


def turn(picture: Picture, rotation: Rotation) -> Picture:
    """Return the picture turned clockwise by `rotation` degrees from upright. Remove its copy, which is not turned."""
    if rotation == 0:
        return picture
    orientation = picture.metadata.orientation
    for _ in range(rotation // 90):
        orientation = _NEXT_ORIENTATIONS[orientation]
    return replace(picture, metadata=replace(picture.metadata, orientation=orientation), copy=None)
