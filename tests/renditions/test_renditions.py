import io
import re
import subprocess
import sys

import pytest
import pyvips
from PIL import Image
from PIL.Image import Transpose

from chalicelib import renditions
from chalicelib.renditions import Rendered
from tests.support import heif, images, profiles
from tests.support.encodings import encode_quadrants
from tests.support.paths import ROOT

type Colours = list[tuple[int, ...]]

SERVED = {"image/jpeg": "JPEG", "image/webp": "WEBP"}


def open_rendition(rendered: Rendered, name: str) -> Image.Image:
    """Decode a rendition in the format that its content type declares."""
    rendition = rendered.renditions[name]
    image = Image.open(io.BytesIO(rendition.content), formats=[SERVED[rendition.content_type]])
    image.load()
    return image


def sample_colours(image: Image.Image) -> Colours:
    """Return the colour in the middle of each quadrant."""
    small = image.convert("RGB").resize((4, 4), Image.Resampling.BOX).resize((2, 2), Image.Resampling.BOX)
    pixels = small.tobytes()
    return [tuple(pixels[at : at + 3]) for at in range(0, 12, 3)]


def are_similar(actual: Colours, expected: Colours, tolerance: int = 9) -> bool:
    pairs = zip(actual, expected, strict=True)
    return all(abs(a - b) <= tolerance for one, other in pairs for a, b in zip(one, other, strict=True))


def shows_quadrants(rendered: Rendered, tolerance: int = 9) -> bool:
    return all(
        are_similar(sample_colours(open_rendition(rendered, name)), list(images.QUADRANTS), tolerance)
        for name in rendered.renditions
    )


def test_every_rendition_exists_and_none_is_enlarged() -> None:
    large = renditions.render(images.photo(4032, 3024), "image/jpeg")
    assert {name: open_rendition(large, name).size for name in large.renditions} == {
        "full": (4032, 3024),
        "2048": (2016, 1512),
        "1024": (1024, 768),
        "256": (256, 192),
    }
    small = renditions.render(images.photo(300, 200), "image/jpeg")
    assert [open_rendition(small, name).size for name in ("full", "2048", "1024", "256")] == [(300, 200)] * 3 + [
        (256, 171)
    ]
    assert {(r.content_type, r.extension) for n, r in large.renditions.items() if n != "full"} == {
        ("image/webp", "webp")
    }


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 5000), (5000, 1), (30_000, 3), (2049, 2047)])
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_images_of_extreme_shapes_are_rendered(width: int, height: int, format: str) -> None:
    rendered = renditions.render(images.photo(width, height, format=format, exif=False), f"image/{format.lower()}")
    assert (rendered.width, rendered.height) == (width, height) == open_rendition(rendered, "full").size
    assert max(open_rendition(rendered, "2048").size) == min(2048, max(width, height))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_rendered_upright(format: str, orientation: int) -> None:
    rendered = renditions.render(images.oriented(orientation, format), f"image/{format.lower()}")
    assert (rendered.width, rendered.height) == (96, 64) == open_rendition(rendered, "256").size
    assert shows_quadrants(rendered)


def test_heic_is_rotated_once_if_container_and_exif_both_rotate_it() -> None:
    for declared in ("image/heic", "image/heif"):
        rendered = renditions.render(images.HEIC, declared)
        assert (rendered.width, rendered.height) == (64, 96)
        assert shows_quadrants(rendered, tolerance=12)
        assert rendered.exif.camera == "CANARY-MAKE Phone"


@pytest.mark.parametrize("angle", heif.TURNS)
@pytest.mark.parametrize("axis", heif.MIRRORS)
def test_heic_is_rotated_and_mirrored_as_its_container_specifies(angle: int, axis: int | None) -> None:
    expected = images.quadrants(64, 96).transpose(Transpose.ROTATE_90)
    for change in (heif.TURNS[angle], heif.MIRRORS[axis]):
        expected = expected if change is None else expected.transpose(change)
    rendered = renditions.render(heif.transformed(angle, axis), "image/heic")
    assert (rendered.width, rendered.height) == expected.size
    assert all(
        are_similar(sample_colours(open_rendition(rendered, name)), sample_colours(expected), tolerance=12)
        for name in rendered.renditions
    )


@pytest.mark.parametrize(("format", "content"), [pytest.param(f, c, id=name) for name, f, c in encode_quadrants()])
def test_every_encoding_keeps_its_colours(format: str, content: bytes) -> None:
    assert shows_quadrants(renditions.render(content, f"image/{format.lower()}"), tolerance=12)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_is_mixed_to_its_colours_in_rgb(format: str) -> None:
    rendered = renditions.render(images.encoded(images.quadrants(mode="CMYK"), format), f"image/{format.lower()}")
    assert shows_quadrants(rendered, tolerance=12)
    assert open_rendition(rendered, "full").mode == "RGB"


@pytest.mark.parametrize(("mode", "format"), [("L", "JPEG"), ("L", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("1", "TIFF")])
def test_grey_stays_grey(mode: str, format: str) -> None:
    content = images.encoded(images.quadrants(mode=mode), format)
    rendered = renditions.render(content, f"image/{format.lower()}")
    assert are_similar(
        sample_colours(open_rendition(rendered, "256")),
        sample_colours(images.quadrants(mode=mode).convert("L")),
        tolerance=12,
    )


def test_transparency_becomes_white_in_every_rendition() -> None:
    clear = images.quadrants(mode="RGBA")
    clear.putalpha(0)
    for format in ("PNG", "WEBP", "TIFF", "AVIF"):
        rendered = renditions.render(images.encoded(clear, format), f"image/{format.lower()}")
        assert all(
            are_similar(sample_colours(open_rendition(rendered, n)), [(255, 255, 255)] * 4) for n in rendered.renditions
        ), format


@pytest.mark.parametrize("saver", ["jpegsave_buffer", "pngsave_buffer", "webpsave_buffer", "tiffsave_buffer"])
def test_wide_gamut_becomes_srgb_in_every_rendition(saver: str) -> None:
    wide = pyvips.Image.new_from_buffer(images.encoded(images.quadrants(), "PNG"), "").icc_transform("p3")
    rendered = renditions.render(getattr(wide, saver)(), f"image/{saver.removesuffix('save_buffer')}")
    assert shows_quadrants(rendered, tolerance=12)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("profile", [profiles.adobe_rgb(), profiles.swapped()], ids=["Adobe RGB", "swapped"])
def test_colours_follow_the_embedded_profile(format: str, profile: bytes) -> None:
    stored = profiles.under(profile, images.quadrants())
    assert not are_similar(sample_colours(stored), list(images.QUADRANTS), tolerance=12)
    content = images.encoded(stored, format, icc_profile=profile)
    assert shows_quadrants(renditions.render(content, f"image/{format.lower()}"), tolerance=14)


def test_jpeg_is_copied_without_encoding_it_again() -> None:
    for options in ({}, {"progressive": True}):
        photo = images.encoded(images.quadrants(), "JPEG", quality=60, **images.metadata(), **options)
        copy = renditions.render(photo, "image/jpeg").renditions["full"].content
        assert Image.open(io.BytesIO(copy)).tobytes() == Image.open(io.BytesIO(photo)).tobytes()
        assert len(copy) < len(photo)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_renditions_have_no_metadata_of_the_photo(format: str, orientation: int) -> None:
    original = images.oriented(orientation, format)
    assert re.findall(rb"CANARY-(?:SERIAL|GPS)", original) == [b"CANARY-SERIAL", b"CANARY-GPS"]
    rendered = renditions.render(original, f"image/{format.lower()}")
    for name, rendition in rendered.renditions.items():
        metadata = re.findall(rb"CANARY|Exif|EXIF|eXIf|ICC|iCCP|xmp|XMP|acsp|sRGB|Canon", rendition.content)
        assert not metadata, name
        assert not set(open_rendition(rendered, name).info) & {"exif", "xmp", "comment", "icc_profile"}, name


@pytest.mark.parametrize("name", images.polyglots())
def test_renditions_have_no_second_file_of_the_photo(name: str) -> None:
    content, declared = images.polyglots()[name]
    assert images.PAYLOAD in content
    rendered = renditions.render(content, declared)
    assert all(b"CANARY" not in rendition.content for rendition in rendered.renditions.values())


def test_stray_bytes_between_segments_are_accepted() -> None:
    content = images.SMALL["image/jpeg"]()
    tables = content.index(b"\xff\xdb")
    assert shows_quadrants(renditions.render(content[:tables] + bytes(7) + content[tables:], "image/jpeg"))


def test_photo_with_a_broken_profile_is_rendered_with_similar_colours() -> None:
    for profile in (b"no profile", images.srgb_profile()[:300], images.srgb_profile().replace(b"XYZ ", b"ZYX ")):
        content = images.encoded(images.quadrants(), "JPEG", icc_profile=profile)
        assert shows_quadrants(renditions.render(content, "image/jpeg"), tolerance=30)


def test_importing_the_module_loads_no_decoder() -> None:
    script = "import sys, chalicelib.renditions; assert not {'PIL', 'pyvips', 'pi_heif'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
