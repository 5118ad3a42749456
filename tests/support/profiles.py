"""ICC profiles whose colours go elsewhere than sRGB's."""

import io
import struct

from PIL import Image, ImageCms

from tests.support import images

# Adobe RGB (1998), adapted to D50 as ICC wants it.
_ADOBE = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}


def adobe_rgb() -> bytes:
    profile = images.srgb_profile()
    for tag, colour in _ADOBE.items():
        profile = _written(profile, tag, struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in colour)))
    for tag in (b"rTRC", b"gTRC", b"bTRC"):
        profile = _written(profile, tag, struct.pack(">4s4xHxxi", b"para", 0, round(563 / 256 * 65536)))
    return profile


def swapped() -> bytes:
    """sRGB, with red and green the other way round."""
    profile = images.srgb_profile()
    red, green = (profile[at : at + 20] for at in (_place(profile, b"rXYZ"), _place(profile, b"gXYZ")))
    return _written(_written(profile, b"rXYZ", green), b"gXYZ", red)


def under(profile: bytes, image: Image.Image) -> Image.Image:
    """The same colours as the sRGB `image`, as the numbers that this profile has for them."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transformed = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), target)
    assert transformed
    return transformed


def _written(profile: bytes, tag: bytes, content: bytes) -> bytes:
    at = _place(profile, tag)
    return profile[:at] + content + profile[at + len(content) :]


def _place(profile: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count))
    return int(next(at for name, at, _ in entries if name == tag))
