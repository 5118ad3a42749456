import io
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from chalicelib import renditions, thumbhash
from chalicelib.renditions import Refused, Rendered
from tests import images

type Colours = list[tuple[int, ...]]

SERVED = {"image/jpeg": "JPEG", "image/webp": "WEBP"}


def opened(rendered: Rendered, name: str) -> Image.Image:
    """A rendition as a reader sees it, in the format that it says."""
    rendition = rendered.renditions[name]
    image = Image.open(io.BytesIO(rendition.content), formats=[SERVED[rendition.content_type]])
    image.load()
    return image


def colours(image: Image.Image) -> Colours:
    """What is in the middle of each quadrant."""
    small = image.convert("RGB").resize((4, 4), Image.Resampling.BOX).resize((2, 2), Image.Resampling.BOX)
    pixels = small.tobytes()
    return [tuple(pixels[at : at + 3]) for at in range(0, 12, 3)]


def alike(seen: Colours, expected: Colours, tolerance: int = 9) -> bool:
    pairs = zip(seen, expected, strict=True)
    return all(abs(a - b) <= tolerance for one, other in pairs for a, b in zip(one, other, strict=True))


def shows_quadrants(rendered: Rendered, tolerance: int = 9) -> bool:
    return all(
        alike(colours(opened(rendered, name)), list(images.QUADRANTS), tolerance) for name in rendered.renditions
    )


def test_every_rendition_exists_and_none_is_enlarged() -> None:
    large = renditions.render(images.photo(4032, 3024), "image/jpeg")
    assert {name: opened(large, name).size for name in large.renditions} == {
        "full": (4032, 3024),
        "2048": (2016, 1512),
        "1024": (1024, 768),
        "256": (256, 192),
    }
    small = renditions.render(images.photo(300, 200), "image/jpeg")
    assert [opened(small, name).size for name in ("full", "2048", "1024", "256")] == [(300, 200)] * 3 + [(256, 171)]
    assert {(r.content_type, r.extension) for n, r in large.renditions.items() if n != "full"} == {
        ("image/webp", "webp")
    }


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 5000), (5000, 1), (30_000, 3), (2049, 2047)])
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_odd_shapes_come_out(width: int, height: int, format: str) -> None:
    rendered = renditions.render(images.photo(width, height, format=format, exif=False), f"image/{format.lower()}")
    assert (rendered.width, rendered.height) == (width, height) == opened(rendered, "full").size
    assert max(opened(rendered, "2048").size) == min(2048, max(width, height))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_seen_upright(format: str, orientation: int) -> None:
    rendered = renditions.render(images.oriented(orientation, format), f"image/{format.lower()}")
    assert (rendered.width, rendered.height) == (96, 64) == opened(rendered, "256").size
    assert shows_quadrants(rendered)


def test_heic_is_turned_once_though_its_exif_says_so_again() -> None:
    for declared in ("image/heic", "image/heif"):
        rendered = renditions.render(images.HEIC, declared)
        assert (rendered.width, rendered.height) == (64, 96)
        assert shows_quadrants(rendered, tolerance=12)
        assert rendered.exif.camera == "CANARY-MAKE Phone"


def kinds() -> Iterator[tuple[str, str, bytes]]:
    """Every way of storing the quadrants that a camera, a scanner or an editor has."""
    for mode in ("RGB", "RGBA", "P"):
        for format in ("PNG", "WEBP", "TIFF", "GIF", "AVIF"):
            yield f"{format} {mode}", format, images.encoded(images.quadrants(mode=mode), format)
    picture = images.quadrants()
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"TIFF {compression}", "TIFF", images.encoded(picture, "TIFF", compression=compression)
    for options in ({"progressive": True}, {"subsampling": 0}, {"keep_rgb": True}, {"restart_marker_rows": 1}):
        yield f"JPEG {options}", "JPEG", images.encoded(picture, "JPEG", **options)
    yield "WebP lossless", "WEBP", images.encoded(picture, "WEBP", lossless=True)
    others = [Image.new("RGB", picture.size, "black")] * 3
    for format in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        content = images.encoded(picture, format, save_all=True, append_images=others)
        yield f"{format} of several frames", format, content
    deep = pyvips.Image.new_from_buffer(images.encoded(picture, "PNG"), "").colourspace("rgb16")
    yield "PNG 16-bit", "PNG", deep.pngsave_buffer(bitdepth=16)
    yield "PNG interlaced", "PNG", deep.colourspace("srgb").pngsave_buffer(interlace=True)
    yield "TIFF 16-bit", "TIFF", deep.tiffsave_buffer()
    yield "TIFF tiled", "TIFF", deep.colourspace("srgb").tiffsave_buffer(tile=True)
    yield "TIFF big-endian", "TIFF", images.encoded(picture, "TIFF", exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
    yield "BigTIFF", "TIFF", deep.colourspace("srgb").tiffsave_buffer(bigtiff=True)


@pytest.mark.parametrize(("format", "content"), [pytest.param(f, c, id=name) for name, f, c in kinds()])
def test_every_kind_keeps_its_colours(format: str, content: bytes) -> None:
    assert shows_quadrants(renditions.render(content, f"image/{format.lower()}"), tolerance=12)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_is_seen_in_its_hues(format: str) -> None:
    rendered = renditions.render(images.encoded(images.quadrants(mode="CMYK"), format), f"image/{format.lower()}")
    assert shows_quadrants(rendered, tolerance=80)
    assert opened(rendered, "full").mode == "RGB"


@pytest.mark.parametrize(("mode", "format"), [("L", "JPEG"), ("L", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("1", "TIFF")])
def test_grey_stays_grey(mode: str, format: str) -> None:
    content = images.encoded(images.quadrants(mode=mode), format)
    rendered = renditions.render(content, f"image/{format.lower()}")
    assert alike(colours(opened(rendered, "256")), colours(images.quadrants(mode=mode).convert("L")), tolerance=12)


def test_transparent_is_white_in_every_rendition() -> None:
    clear = images.quadrants(mode="RGBA")
    clear.putalpha(0)
    for format in ("PNG", "WEBP", "TIFF", "AVIF"):
        rendered = renditions.render(images.encoded(clear, format), f"image/{format.lower()}")
        assert all(alike(colours(opened(rendered, n)), [(255, 255, 255)] * 4) for n in rendered.renditions), format


@pytest.mark.parametrize("saver", ["jpegsave_buffer", "pngsave_buffer", "webpsave_buffer", "tiffsave_buffer"])
def test_wide_gamut_becomes_srgb_everywhere(saver: str) -> None:
    wide = pyvips.Image.new_from_buffer(images.encoded(images.quadrants(), "PNG"), "").icc_transform("p3")
    rendered = renditions.render(getattr(wide, saver)(), f"image/{saver.removesuffix('save_buffer')}")
    assert shows_quadrants(rendered, tolerance=12)


def test_a_jpeg_is_copied_without_encoding_it_again() -> None:
    for options in ({}, {"progressive": True}):
        photo = images.encoded(images.quadrants(), "JPEG", quality=60, **images.metadata(), **options)
        copy = renditions.render(photo, "image/jpeg").renditions["full"].content
        assert Image.open(io.BytesIO(copy)).tobytes() == Image.open(io.BytesIO(photo)).tobytes()
        assert len(copy) < len(photo)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_nothing_that_was_written_into_a_photo_gets_out(format: str, orientation: int) -> None:
    original = images.oriented(orientation, format)
    assert re.findall(rb"CANARY-(?:SERIAL|GPS)", original) == [b"CANARY-SERIAL", b"CANARY-GPS"]
    rendered = renditions.render(original, f"image/{format.lower()}")
    for name, rendition in rendered.renditions.items():
        found = re.findall(rb"CANARY|Exif|EXIF|eXIf|ICC|iCCP|xmp|XMP|acsp|sRGB|Canon", rendition.content)
        assert not found, name
        assert not set(opened(rendered, name).info) & {"exif", "xmp", "comment", "icc_profile"}, name


@pytest.mark.parametrize("name", images.polyglots())
def test_a_second_file_inside_a_photo_does_not_get_out(name: str) -> None:
    content, declared = images.polyglots()[name]
    assert images.PAYLOAD in content
    rendered = renditions.render(content, declared)
    assert all(b"CANARY" not in rendition.content for rendition in rendered.renditions.values())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_what_the_camera_noted_is_read(format: str) -> None:
    rendered = renditions.render(images.photo(64, 48, format=format), f"image/{format.lower()}")
    noted = rendered.exif
    assert rendered.taken_at == "2024-07-01T10:30:45.250Z"
    assert (noted.camera, noted.lens, noted.iso) == ("Canon EOS R5", "RF35mm F1.8 MACRO", 400)
    assert (noted.aperture, noted.shutter, noted.focal_length) == (2.8, "1/250", 35.0)
    assert (noted.latitude, noted.longitude, noted.altitude) == (images.LATITUDE, images.LONGITUDE, images.ALTITUDE)


@pytest.mark.parametrize(
    ("details", "taken_at"),
    [
        ({0x9011: None}, "2024-07-01T12:30:45.250Z"),
        ({0x9011: "-05:30", 0x9291: None}, "2024-07-01T18:00:45.000Z"),
        ({0x9011: "+99:99"}, "2024-07-01T12:30:45.250Z"),
        ({0x9003: "0000:00:00 00:00:00"}, None),
        ({0x9003: "2024:02:31 12:00:00"}, None),
        ({0x9003: "9999:12:31 23:59:59", 0x9011: "-14:00"}, None),
        ({0x9003: None}, None),
    ],
)
def test_taken_at_is_utc_or_unknown(details: dict[int, str | None], taken_at: str | None) -> None:
    photo = images.encoded(images.quadrants(), "JPEG", exif=images.exif_block(details=details))
    assert renditions.render(photo, "image/jpeg").taken_at == taken_at


def test_the_placeholder_is_a_thumbhash() -> None:
    vectors = {(32, 20): "HvgFBICFeaeJVYcgh4gGblSr/g==", (20, 32): "HvgFDAJhpXgIhZdFglVfWVeQxA=="}
    for (width, height), expected in vectors.items():
        pixels = bytes(n * n // 7 % 251 for n in range(3 * width * height))
        assert thumbhash.encode(width, height, pixels) == expected
    assert re.fullmatch(r"[A-Za-z0-9+/]{20,40}=*", renditions.render(images.photo(640, 480), "image/jpeg").placeholder)


@pytest.mark.parametrize("name", images.IMPOSTORS)
def test_what_is_no_photo_is_refused(name: str) -> None:
    assert renditions.sniff(images.IMPOSTORS[name]) is None
    with pytest.raises(renditions.NotAnImage):
        renditions.render(images.IMPOSTORS[name], "image/jpeg")


@pytest.mark.parametrize("declared", images.SMALL)
def test_a_photo_of_another_type_than_declared_is_refused(declared: str) -> None:
    content = images.SMALL[declared]()
    assert renditions.sniff(content) == declared
    for other in {*images.SMALL, "image/svg+xml", ""} - {declared}:
        with pytest.raises(renditions.TypeMismatch):
            renditions.render(content, other)


@pytest.mark.parametrize("declared", images.SMALL)
def test_half_an_upload_is_refused(declared: str) -> None:
    content = images.SMALL[declared]()
    with pytest.raises((renditions.Truncated, renditions.Damaged)) as refusal:
        renditions.render(content[: len(content) // 2], declared)
    assert refusal.value.code == "Truncated" or declared == "image/tiff"


def test_a_few_stray_bytes_between_segments_are_no_reason_to_refuse() -> None:
    content = images.SMALL["image/jpeg"]()
    tables = content.index(b"\xff\xdb")
    assert shows_quadrants(renditions.render(content[:tables] + bytes(7) + content[tables:], "image/jpeg"))


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(renditions.TooManyBytes):
        renditions.render(images.SMALL["image/jpeg"]() + bytes(50_000_000), "image/jpeg")


@pytest.mark.parametrize("name", images.bombs())
def test_a_bomb_is_refused_by_name_and_at_once(name: str) -> None:
    content, declared, refusal = images.bombs()[name]
    began = time.process_time()
    with pytest.raises(Refused) as refused:
        renditions.render(content, declared)
    assert refused.value.code == refusal
    assert time.process_time() - began < 2


def test_bombs_that_are_never_opened_cost_neither_time_nor_memory() -> None:
    script = """
        import resource, time
        from tests import images
        from chalicelib import renditions
        for name, (content, declared) in images.defused().items():
            began = time.process_time()
            renditions.render(content, declared)
            assert time.process_time() - began < 2, name
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 400_000
    """
    run_in_another_process(script)


def test_importing_the_module_loads_no_decoder() -> None:
    run_in_another_process(
        "import sys, chalicelib.renditions; assert not {'PIL', 'pyvips', 'pi_heif'} & set(sys.modules)"
    )


def run_in_another_process(script: str) -> None:
    here = Path(__file__).parent
    lines = script.strip("\n")
    indent = len(lines) - len(lines.lstrip())
    code = "\n".join(line[indent:] for line in lines.splitlines())
    done = subprocess.run([sys.executable, "-c", code], cwd=here.parent, env={"PYTHONPATH": str(here.parent)})
    assert done.returncode == 0


SAMPLES = [(declared, make()) for declared, make in images.SMALL.items()]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6),
    st.floats(0.1, 1),
)
def test_whatever_is_done_to_a_photo_it_is_rendered_or_refused(
    sample: tuple[str, bytes], changes: list[tuple[float, bytes]], kept: float
) -> None:
    declared, content = sample
    mutated = bytearray(content)
    for place, replacement in changes:
        at = int(place * len(mutated))
        mutated[at : at + len(replacement)] = replacement
    try:
        rendered = renditions.render(bytes(mutated[: round(kept * len(mutated))]), declared)
    except Refused:
        return
    assert set(rendered.renditions) == {"256", "1024", "2048", "full"}
    assert rendered.width >= 1 <= rendered.height


@given(st.sampled_from([content[:16] for _, content in SAMPLES]), st.binary(max_size=200))
def test_noise_under_a_photo_s_first_bytes_is_refused(magic: bytes, noise: bytes) -> None:
    with pytest.raises(Refused):
        renditions.render(magic + noise, renditions.sniff(magic) or "")


def test_the_size_in_a_frame_of_a_gif_counts_too() -> None:
    still = images.SMALL["image/gif"]()
    frame = still.index(struct.pack("<BHHHH", 0x2C, 0, 0, 96, 64))
    with pytest.raises(renditions.TooManyPixels):
        renditions.render(
            still[:frame] + struct.pack("<BHHHH", 0x2C, 0, 0, 65_000, 64) + still[frame + 9 :], "image/gif"
        )
