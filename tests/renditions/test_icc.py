import struct

import pytest
import pyvips

from chalicelib.renditions.colours import icc
from tests.support import images


def load_profile(profile: str) -> bytes:
    return bytes(pyvips.Image.profile_load(profile))


def test_srgb_profile_is_recognized_by_its_values() -> None:
    assert icc.is_srgb(images.srgb_profile())
    assert icc.is_srgb(load_profile("srgb"))


@pytest.mark.parametrize("profile", ["p3", "cmyk"])
def test_other_colour_spaces_are_not_srgb(profile: str) -> None:
    assert not icc.is_srgb(load_profile(profile))


def test_srgb_primaries_with_another_curve_are_not_srgb() -> None:
    curve = struct.pack(">4s4xIH", b"curv", 1, round(2.2 * 256))
    profile = images.srgb_profile()
    offset = profile.index(b"para")
    assert not icc.is_srgb(profile[:offset] + curve + profile[offset + len(curve) :])


def test_curve_with_complex_values_is_not_srgb() -> None:
    profile = images.srgb_profile()
    offset = profile.index(b"para")
    gamma, a, negative_b = (round(value * 65536) for value in (2.4, 1.0, -2.0))
    curve = struct.pack(">4s4xH2x3i", b"para", 3, gamma, a, negative_b)
    assert not icc.is_srgb(profile[:offset] + curve + profile[offset + len(curve) :])


def test_truncated_profile_is_not_srgb() -> None:
    for end in range(0, len(images.srgb_profile()) - 200, 7):
        assert not icc.is_srgb(images.srgb_profile()[:end])
