"""ICC profiles whose colours differ from sRGB."""

import io
import struct

from PIL import Image, ImageCms

from tests.support import images

# Adobe RGB (1998), adapted to D50, as ICC profiles require.
_ADOBE = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}


def adobe_rgb() -> bytes:
    """Return a profile for Adobe RGB."""
    profile = images.srgb_profile()
    for tag, colour in _ADOBE.items():
        profile = _replace_tag(
            profile, tag, struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in colour))
        )
    for tag in (b"rTRC", b"gTRC", b"bTRC"):
        profile = _replace_tag(profile, tag, struct.pack(">4s4xHxxi", b"para", 0, round(563 / 256 * 65536)))
    return profile


def swapped() -> bytes:
    """Return a profile for sRGB with red and green swapped."""
    profile = images.srgb_profile()
    red, green = (profile[at : at + 20] for at in (_offset_of(profile, b"rXYZ"), _offset_of(profile, b"gXYZ")))
    return _replace_tag(_replace_tag(profile, b"rXYZ", green), b"gXYZ", red)


def under(profile: bytes, image: Image.Image) -> Image.Image:
    """Convert an sRGB image to a profile. The displayed colours stay the same."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transformed = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), target)
    assert transformed
    return transformed


def _replace_tag(profile: bytes, tag: bytes, content: bytes) -> bytes:
    at = _offset_of(profile, tag)
    return profile[:at] + content + profile[at + len(content) :]


def _offset_of(profile: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count))
    return int(next(at for name, at, _ in entries if name == tag))
