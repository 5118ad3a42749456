import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import renditions
from chalicelib.renditions import Rejection, heif
from tests.support import images


@pytest.mark.parametrize("name", images.IMPOSTORS)
def test_file_that_is_not_a_photo_is_rejected(name: str) -> None:
    assert renditions.sniff(images.IMPOSTORS[name]) is None
    with pytest.raises(renditions.NotAnImage):
        renditions.render(images.IMPOSTORS[name], "image/jpeg")


@pytest.mark.parametrize("media_type", images.SMALL)
def test_bytes_determine_the_type_despite_any_declared_type(media_type: str) -> None:
    content = images.SMALL[media_type]()
    assert renditions.sniff(content) == media_type
    rendered = renditions.render(content)
    assert rendered.content_type == media_type
    for declared in ("image/jpeg", "image/avif", "image/svg+xml", "", "nonsense"):
        assert renditions.render(content, declared) == rendered


@pytest.mark.parametrize("declared", images.SMALL)
def test_truncated_photo_is_rejected(declared: str) -> None:
    content = images.SMALL[declared]()
    with pytest.raises((renditions.Truncated, renditions.Damaged)) as refusal:
        renditions.render(content[: len(content) // 2], declared)
    assert refusal.value.code == "Truncated" or declared == "image/tiff"


def test_file_over_the_size_limit_is_rejected() -> None:
    with pytest.raises(renditions.TooManyBytes):
        renditions.render(images.SMALL["image/jpeg"]() + bytes(200_000_000), "image/jpeg")


def test_item_whose_type_is_not_text_is_rejected_without_a_crash() -> None:
    for name in (b"\x7f\xff\xff\xff", b"\xc3\x28xf"):
        with pytest.raises(renditions.Damaged):
            renditions.render(images.HEIC.replace(b"Exif", name, 1), "image/heic")


SAMPLES = [(declared, make()) for declared, make in images.SMALL.items()]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6),
    st.floats(0.1, 1),
)
def test_mutated_photo_is_rendered_or_rejected(
    sample: tuple[str, bytes], changes: list[tuple[float, bytes]], kept_fraction: float
) -> None:
    declared, content = sample
    mutated = bytearray(content)
    for position, replacement in changes:
        offset = int(position * len(mutated))
        mutated[offset : offset + len(replacement)] = replacement
    try:
        rendered = renditions.render(bytes(mutated[: round(kept_fraction * len(mutated))]), declared)
    except Rejection:
        return
    assert set(rendered.renditions) == {"256", "1024", "2048", "full"}
    assert rendered.width >= 1 <= rendered.height


@given(st.sampled_from([content[:16] for _, content in SAMPLES]), st.binary(max_size=200))
def test_noise_after_valid_magic_bytes_is_rejected(magic: bytes, noise: bytes) -> None:
    with pytest.raises(Rejection):
        renditions.render(magic + noise, renditions.sniff(magic) or "")


def test_gif_without_a_size_has_the_size_of_its_frame() -> None:
    still = images.SMALL["image/gif"]()
    rendered = renditions.render(still[:6] + bytes(2) + still[8:], "image/gif")
    assert (rendered.width, rendered.height) == (96, 64)


def test_pixel_limit_applies_to_the_frames_of_a_gif() -> None:
    still = images.SMALL["image/gif"]()
    frame = still.index(struct.pack("<BHHHH", 0x2C, 0, 0, 96, 64))
    with pytest.raises(renditions.TooManyPixels):
        renditions.render(
            still[:frame] + struct.pack("<BHHHH", 0x2C, 0, 0, 65_000, 64) + still[frame + 9 :], "image/gif"
        )


@pytest.mark.parametrize(("declared", "coded"), [("image/heic", b"hvc1"), ("image/avif", b"av01")])
@pytest.mark.parametrize("item_type", [b"unci", b"mski", b"jpeg", b"avc1", b"none"])
def test_heif_item_of_an_unsupported_codec_never_reaches_the_decoder(
    declared: str, coded: bytes, item_type: bytes
) -> None:
    content = images.SMALL[declared]()
    assert heif.read(heif.Memory(0, 4), content), "the unchanged file must be readable"
    offset = content.index(coded, content.index(b"infe"))
    with pytest.raises(renditions.UnsupportedVariant):
        heif.read(heif.Memory(0, 4), content[:offset] + item_type + content[offset + 4 :])
