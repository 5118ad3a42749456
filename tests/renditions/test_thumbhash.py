import re

from chalicelib import renditions
from chalicelib.renditions import thumbhash
from tests.support import images


def test_placeholder_is_a_thumbhash() -> None:
    vectors = {(32, 20): "HvgFBICFeaeJVYcgh4gGblSr/g==", (20, 32): "HvgFDAJhpXgIhZdFglVfWVeQxA=="}
    for (width, height), expected in vectors.items():
        pixels = bytes(n * n // 7 % 251 for n in range(3 * width * height))
        assert thumbhash.encode(width, height, pixels) == expected
    assert re.fullmatch(r"[A-Za-z0-9+/]{20,40}=*", renditions.render(images.photo(640, 480), "image/jpeg").placeholder)
