"""Decoders of all formats with one interface, `Picture`. They are loaded with the first photo."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from chalicelib.renditions.coded_picture import CodedPicture, check_size, get_memory_limit
from chalicelib.renditions.colours import icc
from chalicelib.renditions.colours.colour import SRGB, ColourSpace
from chalicelib.renditions.completeness import check_gif, check_jpeg
from chalicelib.renditions.metadata import Metadata, read_metadata
from chalicelib.renditions.tiff import pixels as tiff_pixels
from chalicelib.renditions.tiff.samples import Samples

if TYPE_CHECKING:
    from pyvips import Image

_FINAL_BYTES = 64
_SRGB_BYTES = 3


class Copy:
    """A JPEG without metadata. It records whether its decoder needed every byte."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._reader = _Reader(content)
        self._source: Any = None

    def decode_pixels(self, shrink: int) -> "Image":
        """Decode pixels as `Picture.decode_pixels` does. Fail on any warning, such as for skipped bytes."""
        # libvips calls the source while it decodes pixels, but holds no reference to it.
        self._source = load_vips().SourceCustom()
        self._source.on_read(self._reader.read)
        return load_vips().Image.jpegload_source(self._source, access="sequential", fail_on="warning", shrink=shrink)

    @property
    def is_fully_read(self) -> bool:
        """Return whether the decoder has read every byte. Decode first: the decoder stops after the last pixel."""
        return self._reader.at == len(self.content)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self.at = content, 0

    def read(self, size: int) -> bytes:
        # Return the last bytes one at a time, because the decoder requests thousands at once.
        remaining = len(self._content) - self.at
        part = self._content[
            self.at : self.at + (min(size, remaining - _FINAL_BYTES) if remaining > _FINAL_BYTES else 1)
        ]
        self.at += len(part)
        return part


@dataclass(frozen=True, slots=True)
class Picture:
    """An opened picture. None of its pixels are decoded yet."""

    metadata: Metadata
    profile: bytes
    decode_pixels: Callable[[int], "Image"]
    """Decode the pixels, shrunk by a factor of 1, 2, 4 or 8 if the format supports it."""
    width: int
    height: int
    colour_space: ColourSpace | None = None
    """The colour space of the pixels if there is no profile. None stands for sRGB."""
    is_in_memory: bool = False
    """True if `decode_pixels` decodes all pixels at once, so that they can be read twice."""
    copy_shrink: int = 1
    """The factor by which a new copy is smaller than the picture, because the whole picture does not fit in memory."""
    copy: Copy | None = None
    """The picture as a file without metadata. None if the picture needs its orientation or its profile."""


def open_picture(coded: CodedPicture, content_type: str, *, is_tolerant: bool = False) -> Picture:
    """Open a picture with the decoder of its type. The decoder may raise any exception.

    If `is_tolerant`, ignore faults that `completeness.ignore_fault` has found harmless.
    """
    picture = _open(coded, content_type, is_tolerant=is_tolerant)
    needs_space = not picture.profile and coded.colour_space != SRGB
    return replace(picture, colour_space=coded.colour_space) if needs_space else picture


def _open(coded: CodedPicture, content_type: str, *, is_tolerant: bool) -> Picture:
    # The only strip of a TIFF can be a JPEG file.
    if coded.content.startswith(b"\xff\xd8"):
        return _open_jpeg(coded, is_tolerant=is_tolerant)
    if coded.samples:
        return _open_tiff(coded, coded.samples)
    if content_type == "image/png":
        return _open_with_vips("pngload_buffer", coded, fail_on="none" if is_tolerant else "error")
    return _OPENERS[content_type](coded)


@cache
def load_vips() -> Any:
    """Return pyvips, configured for untrusted files."""
    os.environ["VIPS_BLOCK_UNTRUSTED"] = "1"
    # At INFO, pyvips logs every thread and mask to the log of the service.
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    import pyvips

    pyvips.block_untrusted_set(True)
    # The Lambda function has one processor. A cache is useless, because each photo is decoded once.
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    return pyvips


vips = load_vips
"""The earlier name, which scripts outside the project use."""


def _open_with_vips(loader: str, coded: CodedPicture, *, fail_on: str = "error") -> Picture:
    image = getattr(load_vips().Image, loader)(coded.content, access="sequential", fail_on=fail_on)
    # Check the size that the decoder uses. The file may have a second header with another size, or without a size.
    check_size(image.width, image.height, len(coded.content), memory_per_pixel=coded.memory_per_pixel)
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else coded.profile
    return Picture(read_metadata(coded), profile, lambda _shrink: image, image.width, image.height)


def _open_tiff(coded: CodedPicture, samples: Samples) -> Picture:
    image = tiff_pixels.decode(load_vips(), coded, samples)
    return Picture(read_metadata(coded), coded.profile, lambda _shrink: image, image.width, image.height)


def _open_gif(coded: CodedPicture) -> Picture:
    if coded.is_cut:
        check_gif(coded)
    return _open_with_vips("gifload_buffer", coded)


def _open_jpeg(coded: CodedPicture, *, is_tolerant: bool) -> Picture:
    if is_tolerant:
        check_jpeg(load_vips(), coded)
    metadata = read_metadata(coded)
    is_srgb = icc.is_srgb(coded.profile) if coded.profile else coded.colour_space is None
    is_upright_srgb = metadata.orientation == 1 and is_srgb
    # libjpeg only warns of missing pixels, as of stray bytes.
    fail_on = "error" if is_tolerant else "warning"
    load = partial(load_vips().Image.jpegload_buffer, coded.content, access="sequential", fail_on=fail_on)
    return Picture(
        metadata,
        coded.profile,
        lambda shrink: load(shrink=shrink),
        coded.width,
        coded.height,
        copy_shrink=_choose_copy_shrink(coded),
        copy=Copy(coded.content) if coded.is_downloadable and is_upright_srgb and not is_tolerant else None,
    )


def _choose_copy_shrink(coded: CodedPicture) -> int:
    """Return the factor that a JPEG must be shrunk by, so that its coefficients and its pixels fit in memory."""
    pixels, limit = coded.width * coded.height, get_memory_limit(len(coded.content))
    fits = (n for n in (1, 2, 4) if pixels * (coded.memory_per_pixel + _SRGB_BYTES / n**2) <= limit)
    return next(fits, 8)


def _open_heic(coded: CodedPicture) -> Picture:
    import pi_heif

    # Skip these images, which are never used. A thumbnail can show another picture.
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    pi_heif.options.DECODE_THREADS = 1
    heif = pi_heif.open_heif(coded.content)
    # Check again: the decoder may use another size than the extents that were checked.
    width, height = heif.size
    check_size(width, height, len(coded.content), memory_per_pixel=coded.memory_per_pixel)
    # libheif has already rotated the pixels, so ignore the orientation in EXIF.
    metadata = replace(read_metadata(coded), orientation=1)

    def decode_pixels(_shrink: int) -> "Image":
        image = _build_image(heif.data, width, height, is_16_bit=heif.mode == "I;16")
        return image.unpremultiply().cast("uchar") if heif.premultiplied_alpha else image

    return Picture(metadata, heif.info.get("icc_profile") or b"", decode_pixels, width, height, is_in_memory=True)


def _open_avif(coded: CodedPicture) -> Picture:
    # Do not use Image.open: its plugin writes EXIF again and turns millions of fractions into gigabytes.
    from PIL import _avif

    avif = _avif.AvifDecoder(coded.content, "auto", 1)
    (width, height), _, _, profile, _, orientation, _ = avif.get_info()
    check_size(width, height, len(coded.content), memory_per_pixel=coded.memory_per_pixel)
    # Use the orientation of the container, not the one in EXIF.
    metadata = replace(read_metadata(coded), orientation=orientation)

    def decode_pixels(_shrink: int) -> "Image":
        return _build_image(avif.get_frame(0)[0], width, height)

    return Picture(metadata, profile or b"", decode_pixels, width, height, is_in_memory=True)


def _build_image(pixels: bytes | bytearray, width: int, height: int, *, is_16_bit: bool = False) -> "Image":
    if is_16_bit:
        image = load_vips().Image.new_from_memory(pixels, width, height, 1, "ushort")
        return image.copy(interpretation="grey16")
    bands = len(pixels) // (width * height)
    image = load_vips().Image.new_from_memory(pixels, width, height, bands, "uchar")
    return image.copy(interpretation="srgb" if bands > 2 else "b-w")


_OPENERS: dict[str, Callable[[CodedPicture], Picture]] = {
    "image/gif": _open_gif,
    "image/webp": partial(_open_with_vips, "webpload_buffer"),
    "image/heic": _open_heic,
    "image/heif": _open_heic,
    "image/avif": _open_avif,
}
