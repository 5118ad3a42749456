"""From an upload's bytes to what people see of it, in memory. The decoders are loaded with the first photo."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.ids import Timestamp
from chalicelib.domain.photos import Exif
from chalicelib.renditions import icc, thumbhash
from chalicelib.renditions.coded import MAX_PROFILE_BYTES
from chalicelib.renditions.containers import sniff, unwrap
from chalicelib.renditions.decoders import Picture, opened, vips
from chalicelib.renditions.refusals import (
    Damaged,
    DecompressionBomb,
    NotAnImage,
    Refused,
    TooManyBytes,
    TooManyPixels,
    Truncated,
    TypeMismatch,
)

if TYPE_CHECKING:
    from pyvips import Image

__all__ = [
    "Damaged",
    "DecompressionBomb",
    "NotAnImage",
    "Refused",
    "Rendered",
    "Rendition",
    "TooManyBytes",
    "TooManyPixels",
    "Truncated",
    "TypeMismatch",
    "jpeg_of",
    "render",
    "sniff",
]

_SIDES = {"2048": 2048, "1024": 1024, "256": 256}
_QUALITY = 80
_FULL_QUALITY = 90
# A shrink on load that ends this little under the largest rendition is not worth decoding four times the pixels for.
_TOLERANCE = 0.02
# Shrinking on load cuts what is left of a side, which shows where the side is thin.
_THINNEST = 64


@dataclass(frozen=True, slots=True)
class Rendition:
    """A file that is served as it is."""

    content: bytes
    content_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A photo's facts and files."""

    width: int
    """As seen, so after orientation, like the height."""
    height: int
    taken_at: Timestamp | None
    exif: Exif
    placeholder: str
    """ThumbHash, base64."""
    renditions: dict[str, Rendition]
    """By longest side: `256`, `1024`, `2048`, never enlarged; and `full`, the copy that others may download."""


def render(content: bytes, content_type: str) -> Rendered:
    """Everything that is derived from an upload declared to be of `content_type`.

    Raises:
        Refused: and nothing else. Its subclasses say when.
    """
    try:
        return _rendered(opened(unwrap(content, content_type), content_type))
    except Refused:
        raise
    except Exception as e:
        # Decoders raise what they like on hostile bytes: pyvips.Error, OSError, ValueError, SyntaxError, MemoryError.
        raise Damaged from e


def jpeg_of(rendered: Rendered) -> bytes:
    """What the photo looks like at 1024 px at most, for services that read JPEG and nothing newer.

    Its edges are drawn out to 64 px where it has less: Rekognition wants 50 a side
    (https://docs.aws.amazon.com/rekognition/latest/dg/limits.html). AWS contract REK-1.
    """
    small = rendered.renditions["1024"]
    image = _flat(vips().Image.new_from_buffer(small.content, ""))
    sides = max(image.width, _THINNEST), max(image.height, _THINNEST)
    return bytes(image.gravity("centre", *sides, extend="copy").jpegsave_buffer(Q=_FULL_QUALITY, keep="none"))


def _rendered(picture: Picture) -> Rendered:
    image = _copied(picture)
    if image is not None and picture.copy:
        full = Rendition(picture.copy.content, "image/jpeg", "jpg")
    else:
        whole, orientation = _srgb(_flat(picture.pixels(1)), picture.profile), picture.facts.orientation
        if picture.profile or not picture.in_memory:
            whole = whole.copy_memory()
        upright = _upright(whole, orientation)
        full = Rendition(upright.jpegsave_buffer(Q=_FULL_QUALITY, keep="none"), "image/jpeg", "jpg")
        # Turned once it is small: turning all of it again would take as long as shrinking it.
        image = _upright(_fit(whole, _SIDES["2048"]).copy_memory(), orientation).copy_memory()
    renditions, image = _smaller(image)
    turned = picture.facts.orientation > 4
    return Rendered(
        width=picture.height if turned else picture.width,
        height=picture.width if turned else picture.height,
        taken_at=picture.facts.taken_at,
        exif=picture.facts.exif,
        placeholder=_placeholder(image),
        renditions={**renditions, "full": full},
    )


def _copied(picture: Picture) -> "Image | None":
    """Enough pixels for every rendition, from the copy; None where others must not have that as it is."""
    if picture.copy:
        with suppress(vips().Error):
            pixels = picture.copy.pixels(_shrink(picture))
            image = _srgb(_fit(pixels, _SIDES["2048"]), picture.profile).copy_memory()
            return image if picture.copy.was_read else None
    return None


def _shrink(picture: Picture) -> int:
    long, short = max(picture.width, picture.height), min(picture.width, picture.height)
    enough = max(_SIDES.values()) * (1 - _TOLERANCE)
    return max((n for n in (2, 4, 8) if long / n >= enough and short / n >= _THINNEST), default=1)


def _smaller(image: "Image") -> tuple[dict[str, Rendition], "Image"]:
    """The renditions by name, each made from the one before, and the last one's pixels."""
    renditions: dict[str, Rendition] = {}
    encoded = None
    for name, side in _SIDES.items():
        fitted = _fit(image, side)
        if encoded is None or fitted is not image:
            image = fitted if fitted is image else fitted.copy_memory()
            encoded = _webp(image, effort=4 if name == "256" else 2)
        renditions[name] = encoded
    return renditions, image


def _webp(image: "Image", effort: int) -> Rendition:
    return Rendition(image.webpsave_buffer(Q=_QUALITY, effort=effort, keep="none"), "image/webp", "webp")


def _placeholder(image: "Image") -> str:
    small = _fit(image, thumbhash.MAX_SIDE)
    return thumbhash.encode(small.width, small.height, bytes(small.write_to_memory()))


def _fit(image: "Image", side: int) -> "Image":
    """No side longer than `side`, and none shorter than a pixel."""
    scale = side / max(image.width, image.height)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in (image.width, image.height))
    return image.resize(width / image.width, vscale=height / image.height, kernel="lanczos3")


def _flat(image: "Image") -> "Image":
    """On white where it is transparent."""
    if not image.hasalpha():
        return image
    cmyk, white = image.interpretation == "cmyk", 65535 if image.format == "ushort" else 255
    return image.flatten(background=0 if cmyk else white)


def _srgb(image: "Image", profile: bytes) -> "Image":
    """Three bands of eight bits, through the photo's own profile where that fits its pixels."""
    fits = {"RGB": 3, "GRAY": 1, "CMYK": 4}.get(icc.colour_space(profile)) == image.bands
    if fits and len(profile) <= MAX_PROFILE_BYTES and not icc.is_srgb(profile):
        profiled = image.copy()
        profiled.set_type(vips().GValue.blob_type, "icc-profile-data", profile)
        # A broken profile costs a shade, not the photo.
        with suppress(vips().Error):
            image = profiled.icc_transform("srgb", embedded=True, intent="perceptual")
    if (image.interpretation, image.bands, image.format) == ("srgb", 3, "uchar"):
        return image
    return image.colourspace("srgb").extract_band(0, n=3).cast("uchar")


def _upright(image: "Image", orientation: int) -> "Image":
    if orientation == 1:
        return image
    image = image.copy()
    image.set_type(vips().GValue.gint_type, "orientation", orientation)
    return image.autorot()
