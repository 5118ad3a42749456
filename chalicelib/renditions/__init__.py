"""From an upload's bytes to what people see of it, in memory. The decoders are loaded with the first photo."""

import logging
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from chalicelib.ids import Timestamp
from chalicelib.models import Exif
from chalicelib.renditions import exif, icc, thumbhash
from chalicelib.renditions.coded import MAX_PROFILE_BYTES, Coded, check_size
from chalicelib.renditions.containers import sniff, unwrap
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
_STRIP = 512


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


@dataclass(frozen=True, slots=True)
class _Picture:
    """An opened picture, of which nothing is decoded yet."""

    facts: exif.Facts
    profile: bytes
    pixels: Callable[[int], "Image"]
    """Decodes, at one `n`th of the size where the format can: 1, 2, 4 or 8."""
    width: int
    height: int
    copy: bytes = b""
    """The same picture as a file without metadata, where the container gave one."""

    @property
    def may_be_copied(self) -> bool:
        """Whether `copy` looks right without the orientation and the profile that it lost."""
        upright_srgb = self.facts.orientation == 1 and (not self.profile or icc.is_srgb(self.profile))
        return bool(self.copy) and upright_srgb


def render(content: bytes, content_type: str) -> Rendered:
    """Everything that is derived from an upload declared to be of `content_type`.

    Raises:
        Refused: and nothing else. Its subclasses say when.
    """
    try:
        coded = unwrap(content, content_type)
        return _rendered(_OPENERS[content_type](coded))
    except Refused:
        raise
    except Exception as e:
        # Decoders raise what they like on hostile bytes: pyvips.Error, OSError, ValueError, SyntaxError, MemoryError.
        raise Damaged from e


def _rendered(picture: _Picture) -> Rendered:
    if picture.may_be_copied:
        image = _srgb(_fit(picture.pixels(_shrink(picture)), _SIDES["2048"]), picture.profile)
        full = Rendition(picture.copy, "image/jpeg", "jpg")
    else:
        image = _upright(_srgb(_flat(picture.pixels(1)), picture.profile).copy_memory(), picture.facts.orientation)
        full = Rendition(image.jpegsave_buffer(Q=_FULL_QUALITY, keep="none"), "image/jpeg", "jpg")
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


def _shrink(picture: _Picture) -> int:
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
            image = fitted.copy_memory()
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
        vips, profiled = _vips(), image.copy()
        profiled.set_type(vips.GValue.blob_type, "icc-profile-data", profile)
        # A broken profile costs a shade, not the photo.
        with suppress(vips.Error):
            image = profiled.icc_transform("srgb", embedded=True, intent="perceptual")
    if (image.interpretation, image.bands, image.format) == ("srgb", 3, "uchar"):
        return image
    return image.colourspace("srgb").extract_band(0, n=3).cast("uchar")


def _upright(image: "Image", orientation: int) -> "Image":
    if orientation == 1:
        return image
    image = image.copy()
    image.set_type(_vips().GValue.gint_type, "orientation", orientation)
    return image.autorot()


@cache
def _vips() -> Any:
    os.environ["VIPS_BLOCK_UNTRUSTED"] = "1"
    # At INFO pyvips tells of every thread and mask, into whatever log the service has.
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    import pyvips

    pyvips.block_untrusted_set(True)
    # One processor is what the function has; and no photo comes twice.
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    return pyvips


def _opened_by_vips(loader: str, coded: Coded) -> _Picture:
    load = partial(getattr(_vips().Image, loader), coded.content, access="sequential", fail_on="error")
    shrinks = loader == "jpegload_buffer"
    return _Picture(
        exif.read(coded.exif),
        coded.profile,
        lambda shrink: load(shrink=shrink) if shrinks else load(),
        coded.width,
        coded.height,
        coded.content if coded.downloadable else b"",
    )


def _opened_tiff(coded: Coded) -> _Picture:
    picture = _opened_by_vips("tiffload_buffer", coded)
    image = picture.pixels(1)
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else b""
    return _Picture(picture.facts, profile, picture.pixels, coded.width, coded.height)


def _opened_heic(coded: Coded) -> _Picture:
    import pi_heif

    # An embedded thumbnail can show another picture, and none of these is ever looked at.
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    pi_heif.options.DECODE_THREADS = 1
    heif = pi_heif.open_heif(coded.content)
    # Its decoder need not go by the extents that were checked.
    check_size(*heif.size, cost=coded.cost)
    facts = exif.read(heif.info.get("exif") or b"")
    # libheif has turned the pixels already, whatever EXIF still says.
    upright = exif.Facts(facts.exif, facts.taken_at)

    def pixels(_shrink: int) -> "Image":
        return _from_memory(heif.data, *heif.size, deep=heif.mode == "I;16")

    return _Picture(upright, heif.info.get("icc_profile") or b"", pixels, *heif.size)


def _opened_avif(coded: Coded) -> _Picture:
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with warnings.catch_warnings():
        # About EXIF that is broken, which is no harm.
        warnings.simplefilter("ignore")
        # Not through Image.open, which would load its other plugins first.
        avif = AvifImagePlugin.AvifImageFile(BytesIO(coded.content))
    check_size(*avif.size, cost=coded.cost)
    # Pillow writes the container's rotation into this EXIF in place of the camera's.
    facts = exif.read(avif.info.get("exif") or b"")

    def pixels(_shrink: int) -> "Image":
        # In strips, because Pillow holds twice what it gives out.
        width, height = avif.size
        decoded = bytearray()
        for top in range(0, height, _STRIP):
            decoded += avif.crop((0, top, width, min(top + _STRIP, height))).tobytes()
        avif.close()
        return _from_memory(decoded, width, height)

    return _Picture(facts, avif.info.get("icc_profile") or b"", pixels, *avif.size)


def _from_memory(pixels: bytes | bytearray, width: int, height: int, *, deep: bool = False) -> "Image":
    if deep:
        image = _vips().Image.new_from_memory(pixels, width, height, 1, "ushort")
        return image.copy(interpretation="grey16")
    bands = len(pixels) // (width * height)
    image = _vips().Image.new_from_memory(pixels, width, height, bands, "uchar")
    return image.copy(interpretation="srgb" if bands > 2 else "b-w")


_OPENERS: dict[str, Callable[[Coded], _Picture]] = {
    "image/jpeg": partial(_opened_by_vips, "jpegload_buffer"),
    "image/png": partial(_opened_by_vips, "pngload_buffer"),
    "image/gif": partial(_opened_by_vips, "gifload_buffer"),
    "image/webp": partial(_opened_by_vips, "webpload_buffer"),
    "image/tiff": _opened_tiff,
    "image/heic": _opened_heic,
    "image/heif": _opened_heic,
    "image/avif": _opened_avif,
}
