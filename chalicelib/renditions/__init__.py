"""Convert the bytes of an upload to renditions and metadata, in memory. The first photo loads the decoders."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.ids import Timestamp
from chalicelib.domain.photos import Exif, Rotation
from chalicelib.renditions import icc, thumbhash
from chalicelib.renditions.coded_picture import MAX_PROFILE_BYTES
from chalicelib.renditions.containers import extract_picture, sniff
from chalicelib.renditions.decoders import Picture, load_vips, open_picture
from chalicelib.renditions.rejections import (
    Damaged,
    DecompressionBomb,
    NotAnImage,
    Rejection,
    TooManyBytes,
    TooManyPixels,
    Truncated,
    TypeMismatch,
)
from chalicelib.renditions.rotation import turn

if TYPE_CHECKING:
    from pyvips import Image

__all__ = [
    "Damaged",
    "DecompressionBomb",
    "NotAnImage",
    "Rejection",
    "Rendered",
    "Rendition",
    "TooManyBytes",
    "TooManyPixels",
    "Truncated",
    "TypeMismatch",
    "encode_jpeg",
    "render",
    "sniff",
]

_SIDES = {"2048": 2048, "1024": 1024, "256": 256}
_QUALITY = 80
_FULL_QUALITY = 90
# A shrink on load may be this much smaller than the largest rendition. The next larger one has four times the pixels.
_TOLERANCE = 0.02
# Shrinking on load cuts off the remainder of a side, which is visible if the side is short.
_MIN_SHRUNK_SIDE = 64
_MIN_JPEG_SIDE = 64


@dataclass(frozen=True, slots=True)
class Rendition:
    """A file that is served unchanged."""

    content: bytes
    content_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The metadata and the files of a photo."""

    width: int
    """Pixels after the orientation and the rotation are applied. The height too."""
    height: int
    taken_at: Timestamp | None
    exif: Exif
    placeholder: str
    """The ThumbHash in base64."""
    renditions: dict[str, Rendition]
    """The renditions by name: `256`, `1024` and `2048` for their longest side, and `full` for downloads by others.

    A rendition is never larger than the photo.
    """


def render(content: bytes, content_type: str, *, rotation: Rotation = 0) -> Rendered:
    """Return the renditions and the metadata of an upload with the declared `content_type`.

    Turn the renditions clockwise by `rotation` degrees after the orientation is applied.

    Raises:
        Rejection: the upload is rejected. The subclass is the reason. No other exception is raised.
    """
    try:
        return _render(turn(open_picture(extract_picture(content, content_type), content_type), rotation))
    except Rejection:
        raise
    except Exception as e:
        # Decoders raise any exception on hostile bytes: pyvips.Error, OSError, ValueError, SyntaxError, MemoryError.
        raise Damaged from e


def encode_jpeg(rendered: Rendered) -> bytes:
    """Return the photo as a JPEG of at most 1024 px, for services that read no newer format.

    Extend its edges to 64 px if a side is shorter. Rekognition requires at least 50 px per side
    (https://docs.aws.amazon.com/rekognition/latest/dg/limits.html). AWS contract REK-1.
    """
    small = rendered.renditions["1024"]
    image = _flatten(load_vips().Image.new_from_buffer(small.content, ""))
    sides = max(image.width, _MIN_JPEG_SIDE), max(image.height, _MIN_JPEG_SIDE)
    return bytes(image.gravity("centre", *sides, extend="copy").jpegsave_buffer(Q=_FULL_QUALITY, keep="none"))


def _render(picture: Picture) -> Rendered:
    image = _decode_copy(picture)
    if image is not None and picture.copy:
        full = Rendition(picture.copy.content, "image/jpeg", "jpg")
    else:
        orientation = picture.metadata.orientation
        full_image = _to_srgb(_flatten(picture.decode_pixels(1)), picture.profile)
        if picture.profile or not picture.is_in_memory:
            full_image = full_image.copy_memory()
        upright = _rotate(full_image, orientation)
        full = Rendition(upright.jpegsave_buffer(Q=_FULL_QUALITY, keep="none"), "image/jpeg", "jpg")
        # Rotate the small image: rotating the whole image again would take as long as shrinking it.
        image = _rotate(_shrink_to_fit(full_image, _SIDES["2048"]).copy_memory(), orientation).copy_memory()
    renditions, image = _make_renditions(image)
    swaps_sides = picture.metadata.orientation > 4
    return Rendered(
        width=picture.height if swaps_sides else picture.width,
        height=picture.width if swaps_sides else picture.height,
        taken_at=picture.metadata.taken_at,
        exif=picture.metadata.exif,
        placeholder=_encode_placeholder(image),
        renditions={**renditions, "full": full},
    )


def _decode_copy(picture: Picture) -> "Image | None":
    """Decode enough pixels of the copy for every rendition. Return None if other users must not get the copy."""
    if picture.copy:
        with suppress(load_vips().Error):
            pixels = picture.copy.decode_pixels(_choose_shrink_factor(picture))
            image = _to_srgb(_shrink_to_fit(pixels, _SIDES["2048"]), picture.profile).copy_memory()
            return image if picture.copy.is_fully_read else None
    return None


def _choose_shrink_factor(picture: Picture) -> int:
    long, short = max(picture.width, picture.height), min(picture.width, picture.height)
    min_side = max(_SIDES.values()) * (1 - _TOLERANCE)
    return max((n for n in (2, 4, 8) if long / n >= min_side and short / n >= _MIN_SHRUNK_SIDE), default=1)


def _make_renditions(image: "Image") -> tuple[dict[str, Rendition], "Image"]:
    """Return the renditions by name, and the pixels of the smallest. Each is made from the next larger one."""
    renditions: dict[str, Rendition] = {}
    encoded = None
    for name, side in _SIDES.items():
        shrunk_image = _shrink_to_fit(image, side)
        if encoded is None or shrunk_image is not image:
            image = shrunk_image if shrunk_image is image else shrunk_image.copy_memory()
            encoded = _encode_webp(image, effort=4 if name == "256" else 2)
        renditions[name] = encoded
    return renditions, image


def _encode_webp(image: "Image", effort: int) -> Rendition:
    return Rendition(image.webpsave_buffer(Q=_QUALITY, effort=effort, keep="none"), "image/webp", "webp")


def _encode_placeholder(image: "Image") -> str:
    small = _shrink_to_fit(image, thumbhash.MAX_SIDE)
    return thumbhash.encode(small.width, small.height, bytes(small.write_to_memory()))


def _shrink_to_fit(image: "Image", side: int) -> "Image":
    """Shrink an image so that no side is longer than `side`. Each side keeps at least one pixel."""
    scale = side / max(image.width, image.height)
    if scale >= 1:
        return image
    width, height = (max(1, round(length * scale)) for length in (image.width, image.height))
    return image.resize(width / image.width, vscale=height / image.height, kernel="lanczos3")


def _flatten(image: "Image") -> "Image":
    """Put a transparent image on a white background."""
    if not image.hasalpha():
        return image
    cmyk, white = image.interpretation == "cmyk", 65535 if image.format == "ushort" else 255
    return image.flatten(background=0 if cmyk else white)


def _to_srgb(image: "Image", profile: bytes) -> "Image":
    """Convert an image to sRGB with three bands of eight bits. Use the photo's profile if it matches the pixels."""
    matches_pixels = {"RGB": 3, "GRAY": 1, "CMYK": 4}.get(icc.read_colour_space(profile)) == image.bands
    if matches_pixels and len(profile) <= MAX_PROFILE_BYTES and not icc.is_srgb(profile):
        image_with_profile = image.copy()
        image_with_profile.set_type(load_vips().GValue.blob_type, "icc-profile-data", profile)
        # A broken profile only changes the colours. Do not reject the photo.
        with suppress(load_vips().Error):
            image = image_with_profile.icc_transform("srgb", embedded=True, intent="perceptual")
    if (image.interpretation, image.bands, image.format) == ("srgb", 3, "uchar"):
        return image
    return image.colourspace("srgb").extract_band(0, n=3).cast("uchar")


def _rotate(image: "Image", orientation: int) -> "Image":
    if orientation == 1:
        return image
    image = image.copy()
    image.set_type(load_vips().GValue.gint_type, "orientation", orientation)
    return image.autorot()
