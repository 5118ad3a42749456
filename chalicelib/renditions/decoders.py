"""The decoders, each behind the one face of an opened picture. Loaded with the first photo."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from chalicelib.renditions import exif, icc
from chalicelib.renditions.coded import Coded, check_size

if TYPE_CHECKING:
    from pyvips import Image

_LAST = 64


class Copy:
    """A JPEG without metadata, which shows whether there is anything in it that its decoder did not need."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._reader = _Reader(content)
        self._source: Any = None

    def pixels(self, shrink: int) -> "Image":
        """As `Picture.pixels`; any warning of the decoder fails it, such as of bytes that it skips."""
        # libvips calls back into it for as long as pixels are decoded, and does not keep it.
        self._source = vips().SourceCustom()
        self._source.on_read(self._reader.read)
        return vips().Image.jpegload_source(self._source, access="sequential", fail_on="warning", shrink=shrink)

    @property
    def was_read(self) -> bool:
        """Whether the decoder, once it is done, had asked for every byte: it stops behind the last pixel."""
        return self._reader.at == len(self.content)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self.at = content, 0

    def read(self, size: int) -> bytes:
        # The last ones singly, because it asks for thousands at a time.
        left = len(self._content) - self.at
        part = self._content[self.at : self.at + (min(size, left - _LAST) if left > _LAST else 1)]
        self.at += len(part)
        return part


@dataclass(frozen=True, slots=True)
class Picture:
    """An opened picture, of which nothing is decoded yet."""

    facts: exif.Facts
    profile: bytes
    pixels: Callable[[int], "Image"]
    """Decodes, at one `n`th of the size where the format can: 1, 2, 4 or 8."""
    width: int
    height: int
    in_memory: bool = False
    """Whether `pixels` makes them all at once, so that they can be read twice."""
    copy: Copy | None = None
    """The same as a file without metadata, where that looks right: the orientation and the profile are lost."""


def opened(coded: Coded, content_type: str) -> Picture:
    """By the decoder of this type, which may raise anything."""
    return _OPENERS[content_type](coded)


@cache
def vips() -> Any:
    """pyvips, set up for strangers' bytes."""
    os.environ["VIPS_BLOCK_UNTRUSTED"] = "1"
    # At INFO pyvips tells of every thread and mask, into whatever log the service has.
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    import pyvips

    pyvips.block_untrusted_set(True)
    # One processor is what the function has; and no photo comes twice.
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    return pyvips


def _opened_by_vips(loader: str, coded: Coded) -> Picture:
    image = getattr(vips().Image, loader)(coded.content, access="sequential", fail_on="error")
    # A second header can hold the size that counts, or none at all.
    check_size(image.width, image.height, cost=coded.cost)
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else coded.profile
    return Picture(exif.read(coded.exif), profile, lambda _shrink: image, image.width, image.height)


def _opened_jpeg(coded: Coded) -> Picture:
    facts = exif.read(coded.exif)
    upright_srgb = facts.orientation == 1 and (not coded.profile or icc.is_srgb(coded.profile))
    load = partial(vips().Image.jpegload_buffer, coded.content, access="sequential", fail_on="error")
    return Picture(
        facts,
        coded.profile,
        lambda shrink: load(shrink=shrink),
        coded.width,
        coded.height,
        copy=Copy(coded.content) if coded.downloadable and upright_srgb else None,
    )


def _opened_heic(coded: Coded) -> Picture:
    import pi_heif

    # An embedded thumbnail can show another picture, and none of these is ever looked at.
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    pi_heif.options.DECODE_THREADS = 1
    heif = pi_heif.open_heif(coded.content)
    # Its decoder need not go by the extents that were checked.
    width, height = heif.size
    check_size(width, height, cost=coded.cost)
    # libheif has turned the pixels already, whatever EXIF still says.
    upright = replace(exif.read(coded.exif), orientation=1)

    def pixels(_shrink: int) -> "Image":
        return _from_memory(heif.data, width, height, deep=heif.mode == "I;16")

    return Picture(upright, heif.info.get("icc_profile") or b"", pixels, width, height, in_memory=True)


def _opened_avif(coded: Coded) -> Picture:
    # Not through Image.open, whose plugin writes EXIF anew: of millions of fractions it makes gigabytes.
    from PIL import _avif

    avif = _avif.AvifDecoder(coded.content, "auto", 1)
    (width, height), _, _, profile, _, orientation, _ = avif.get_info()
    check_size(width, height, cost=coded.cost)
    # What the container says of the orientation counts, not what the camera noted.
    facts = replace(exif.read(coded.exif), orientation=orientation)

    def pixels(_shrink: int) -> "Image":
        return _from_memory(avif.get_frame(0)[0], width, height)

    return Picture(facts, profile or b"", pixels, width, height, in_memory=True)


def _from_memory(pixels: bytes | bytearray, width: int, height: int, *, deep: bool = False) -> "Image":
    if deep:
        image = vips().Image.new_from_memory(pixels, width, height, 1, "ushort")
        return image.copy(interpretation="grey16")
    bands = len(pixels) // (width * height)
    image = vips().Image.new_from_memory(pixels, width, height, bands, "uchar")
    return image.copy(interpretation="srgb" if bands > 2 else "b-w")


_OPENERS: dict[str, Callable[[Coded], Picture]] = {
    "image/jpeg": _opened_jpeg,
    "image/png": partial(_opened_by_vips, "pngload_buffer"),
    "image/gif": partial(_opened_by_vips, "gifload_buffer"),
    "image/webp": partial(_opened_by_vips, "webpload_buffer"),
    "image/tiff": partial(_opened_by_vips, "tiffload_buffer"),
    "image/heic": _opened_heic,
    "image/heif": _opened_heic,
    "image/avif": _opened_avif,
}
