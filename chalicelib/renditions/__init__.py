"""Convert the bytes of an upload to renditions and metadata, in memory. The first photo loads the decoders."""

import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.ids import Timestamp
from chalicelib.domain.photos import Exif, Rotation
from chalicelib.domain.taken import Taken
from chalicelib.renditions import thumbhash
from chalicelib.renditions.coded_picture import MAX_PIXELS, MAX_PROFILE_BYTES
from chalicelib.renditions.colours import hdr, icc, icc_writer
from chalicelib.renditions.completeness import ignore_fault
from chalicelib.renditions.containers import extract_picture, identify, sniff
from chalicelib.renditions.decoders import Picture, load_vips, open_picture
from chalicelib.renditions.metadata.captions import Captions
from chalicelib.renditions.rejections import (
    Damaged,
    DecompressionBomb,
    NotAnImage,
    Rejection,
    TooManyBytes,
    TooManyPixels,
    TooSlow,
    Truncated,
    UnsupportedVariant,
)
from chalicelib.renditions.rotation import turn

if TYPE_CHECKING:
    from pyvips import Image

__all__ = [
    "MAX_PIXELS",
    "Captions",
    "Damaged",
    "DecompressionBomb",
    "NotAnImage",
    "Rejection",
    "Rendered",
    "Rendition",
    "TooManyBytes",
    "TooManyPixels",
    "TooSlow",
    "Truncated",
    "UnsupportedVariant",
    "encode_jpeg",
    "render",
    "sniff",
]

Refused = Rejection
"""The earlier name, which scripts outside the project use."""

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

    content_type: str
    """The media type of the bytes."""
    width: int
    """Pixels after the orientation and the rotation are applied. The height too."""
    height: int
    taken: Taken
    exif: Exif
    captions: Captions
    placeholder: str
    """The ThumbHash in base64."""
    renditions: dict[str, Rendition]
    """The renditions by name: `256`, `1024` and `2048` for their longest side, and `full` for downloads by others.

    A rendition is never larger than the photo.
    """

    @property
    def taken_at(self) -> Timestamp | None:
        """Return the moment at which the photo was taken."""
        return self.taken.at


def render(
    content: bytes, _declared_type: str = "", *, rotation: Rotation = 0, max_pixels: int = MAX_PIXELS
) -> Rendered:
    """Return the renditions and the metadata of an upload. The bytes alone determine its type.

    Turn the renditions clockwise by `rotation` degrees after the orientation is applied.
    The second argument is ignored. Scripts outside the project still pass the declared type.

    Raises:
        Rejection: the upload is rejected. The subclass is the reason.
        TooSlow: the picture has more than `max_pixels`. It was not decoded.
    """
    try:
        content_type = identify(content)
        coded = extract_picture(content, content_type)
        if coded.width * coded.height > max_pixels:
            raise TooSlow
        try:
            return _render(turn(open_picture(coded, content_type), rotation), content_type)
        except Rejection:
            raise
        except Exception as fault:
            # Decoders raise any exception: pyvips.Error, OSError, ValueError, SyntaxError, MemoryError.
            complete = ignore_fault(coded, fault)
            return _render(turn(open_picture(complete, content_type, is_tolerant=True), rotation), content_type)
    except (Rejection, TooSlow):
        raise
    except Exception as e:
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


def _render(picture: Picture, content_type: str) -> Rendered:
    image = _decode_copy(picture)
    if image is not None and picture.copy:
        full = Rendition(picture.copy.content, "image/jpeg", "jpg")
    else:
        orientation = picture.metadata.orientation
        full_image = _to_opaque_srgb(picture.decode_pixels(picture.copy_shrink), picture)
        if picture.profile or picture.colour_space or not picture.is_in_memory:
            full_image = full_image.copy_memory()
        upright = _rotate(full_image, orientation)
        full = Rendition(upright.jpegsave_buffer(Q=_FULL_QUALITY, keep="none"), "image/jpeg", "jpg")
        # Rotate the small image: rotating the whole image again would take as long as shrinking it.
        image = _rotate(_shrink_to_fit(full_image, _SIDES["2048"]).copy_memory(), orientation).copy_memory()
    renditions, image = _make_renditions(image)
    swaps_sides = picture.metadata.orientation > 4
    return Rendered(
        content_type=content_type,
        width=picture.height if swaps_sides else picture.width,
        height=picture.width if swaps_sides else picture.height,
        taken=picture.metadata.taken,
        exif=picture.metadata.exif,
        captions=picture.metadata.captions,
        placeholder=_encode_placeholder(image),
        renditions={**renditions, "full": full},
    )


def _decode_copy(picture: Picture) -> "Image | None":
    """Decode enough pixels of the copy for every rendition. Return None if other users must not get the copy."""
    if not picture.copy:
        return None
    pixels = picture.copy.decode_pixels(_choose_shrink_factor(picture))
    image = _to_srgb(_shrink_to_fit(pixels, _SIDES["2048"]), picture).copy_memory()
    return image if picture.copy.is_fully_read else None


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


def _to_opaque_srgb(image: "Image", picture: Picture) -> "Image":
    """Convert an image to sRGB on a white background.

    Convert the colours first, as browsers do. The background shines through otherwise if the colours are linear.
    """
    is_converted = picture.colour_space or (picture.profile and not icc.is_srgb(picture.profile))
    if not is_converted or not image.hasalpha() or image.interpretation == "cmyk":
        return _to_srgb(_flatten(image), picture)
    colours = _to_srgb(image.extract_band(0, n=image.bands - 1), picture)
    alpha = image[image.bands - 1]
    return _flatten(colours.bandjoin((alpha >> 8).cast("uchar") if alpha.format == "ushort" else alpha))


def _to_srgb(image: "Image", picture: Picture) -> "Image":
    """Convert an image to sRGB with three bands of eight bits. Use the photo's profile if it matches the pixels."""
    profile, space = picture.profile, picture.colour_space
    if space and image.bands in (1, 3):
        if space.is_hdr:
            return hdr.convert_to_srgb(image, space)
        # Primaries that cannot be converted only change the colours. Do not reject the photo.
        with suppress(ArithmeticError, struct.error):
            profile = icc_writer.make_profile(space, is_grey=image.bands == 1)
    matches_pixels = {"RGB": 3, "GRAY": 1, "CMYK": 4}.get(icc.read_colour_space(profile)) == image.bands
    if matches_pixels and len(profile) <= MAX_PROFILE_BYTES and not icc.is_srgb(profile):
        image_with_profile = image.copy()
        image_with_profile.set_type(load_vips().GValue.blob_type, "icc-profile-data", profile)
        # A broken profile only changes the colours. Do not reject the photo.
        with suppress(load_vips().Error):
            image = image_with_profile.icc_transform("srgb", embedded=True, intent="perceptual")
    if image.interpretation == "cmyk":
        return _mix_inks(image)
    if (image.interpretation, image.bands, image.format) == ("srgb", 3, "uchar"):
        return image
    return image.colourspace("srgb").extract_band(0, n=3).cast("uchar")


def _mix_inks(image: "Image") -> "Image":
    """Convert CMYK to RGB as browsers do without a profile: each ink absorbs its share of the light."""
    white = 65535 if image.format == "ushort" else 255
    light = image.invert()
    mixed = light.extract_band(0, n=3) * light.extract_band(3) * (255 / white**2)
    return mixed.rint().cast("uchar").copy(interpretation="srgb")


def _rotate(image: "Image", orientation: int) -> "Image":
    if orientation == 1:
        return image
    image = image.copy()
    image.set_type(load_vips().GValue.gint_type, "orientation", orientation)
    return image.autorot()
