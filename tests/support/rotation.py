"""Rotated photos: the test picture, requests, and what the renditions show."""

import io
from datetime import timedelta
from typing import Any

from PIL import Image

from chalicelib.domain.photos import Photo
from chalicelib.photos.rotation import OLD_RENDITIONS_LIFETIME, ROTATION_LEASE
from tests.support import images
from tests.support.cloud import Client, Cloud
from tests.support.colours import Colours, find_difference, find_quadrants
from tests.support.fault_runs import require_success
from tests.support.policies import as_test_code

PICTURE = images.oriented(6, "JPEG")
"""A picture of 96 by 64 pixels on display, with a colour in each quadrant."""
ONCE_TURNED: Colours = [images.QUADRANTS[at] for at in (2, 0, 3, 1)]
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


def read_colours(cloud: Cloud, key: str) -> tuple[tuple[int, int], Colours]:
    """Return the size of a stored rendition, and the colour in the middle of each quadrant."""
    stored = as_test_code(cloud.s3.get_object)(Bucket=cloud.settings.renditions_bucket, Key=key)["Body"].read()
    image = Image.open(io.BytesIO(stored))
    return image.size, find_quadrants(image)


def shows(cloud: Cloud, photo: Photo, size: tuple[int, int], expected: Colours) -> bool:
    """Return whether every rendition has this size and these quadrants."""
    for key in photo.renditions.values():
        actual_size, colours = read_colours(cloud, key)
        if actual_size != size or find_difference(colours, expected) > 12:
            return False
    return True
