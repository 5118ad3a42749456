"""Rotated photos: the test picture, requests, and what the renditions show."""

import io
from datetime import timedelta
from typing import Any

from PIL import Image

from chalicelib.domain.photos import Photo
from chalicelib.photos.rotation import OLD_RENDITIONS_LIFETIME, ROTATION_LEASE
from tests.support import images
from tests.support.cloud import Client, Cloud
from tests.support.fault_runs import require_success
from tests.support.policies import as_test_code

PICTURE = images.oriented(6, "JPEG")
"""A picture of 96 by 64 pixels on display, with a colour in each quadrant."""
ONCE_TURNED: list[tuple[int, ...]] = [images.QUADRANTS[at] for at in (2, 0, 3, 1)]
"""The quadrants after one turn clockwise."""
LATER = ROTATION_LEASE + timedelta(seconds=1)
"""The age at which a sweep starts the job of a request again."""
MUCH_LATER = OLD_RENDITIONS_LIFETIME + timedelta(minutes=1)
"""The age at which a sweep deletes the renditions from before a rotation."""


def rotate(owner: Client, photo: Photo, rotation: int) -> dict[str, Any]:
    """Request a rotation. Return the view of the photo."""
    answer = require_success(owner.patch(f"/photos/{photo.photo_id}", {"rotation": rotation}))
    return dict(answer.json)


def get_shape(photo: Photo) -> tuple[int, int, int, int | None]:
    """Return the rotation, the width, the height and the wanted rotation."""
    return photo.rotation, photo.width, photo.height, photo.wanted_rotation


def read_colours(cloud: Cloud, key: str) -> tuple[tuple[int, int], list[tuple[int, ...]]]:
    """Return the size of a stored rendition, and the colour in the middle of each quadrant."""
    stored = as_test_code(cloud.s3.get_object)(Bucket=cloud.settings.renditions_bucket, Key=key)["Body"].read()
    image = Image.open(io.BytesIO(stored)).convert("RGB")
    width, height = image.size
    points = [(width // 4, height // 4), (3 * width // 4, height // 4)]
    points += [(width // 4, 3 * height // 4), (3 * width // 4, 3 * height // 4)]
    pixels = [image.getpixel(point) for point in points]
    return image.size, [pixel for pixel in pixels if isinstance(pixel, tuple)]


def shows(cloud: Cloud, photo: Photo, size: tuple[int, int], expected: list[tuple[int, ...]]) -> bool:
    """Return whether every rendition has this size and these quadrants."""
    for key in photo.renditions.values():
        actual_size, colours = read_colours(cloud, key)
        differences = [
            abs(a - b) for one, other in zip(colours, expected, strict=True) for a, b in zip(one, other, strict=True)
        ]
        if actual_size != size or max(differences) > 12:
            return False
    return True
