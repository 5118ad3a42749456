"""One picture in every encoding that the service accepts."""

from collections.abc import Iterator

import pyvips
from PIL import Image

from tests.support import images


def encode_quadrants() -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, format and bytes of the quadrants in every encoding of a camera, a scanner or an editor."""
    for mode in ("RGB", "RGBA", "P"):
        for format in ("PNG", "WEBP", "TIFF", "GIF", "AVIF"):
            yield f"{format} {mode}", format, images.encoded(images.quadrants(mode=mode), format)
    picture = images.quadrants()
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"TIFF {compression}", "TIFF", images.encoded(picture, "TIFF", compression=compression)
    for options in ({"progressive": True}, {"subsampling": 0}, {"keep_rgb": True}, {"restart_marker_rows": 1}):
        yield f"JPEG {options}", "JPEG", images.encoded(picture, "JPEG", **options)
    rgb = images.encoded(picture, "JPEG", keep_rgb=True)
    for named, numbered in ((b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0"), (b"R\0G\0B\0", b"\1\0\2\0\3\0")):
        rgb = images.replace_first(rgb, named, numbered)
    yield "JPEG of RGB by Adobe's marker alone", "JPEG", rgb
    yield "WebP lossless", "WEBP", images.encoded(picture, "WEBP", lossless=True)
    others = [Image.new("RGB", picture.size, "black")] * 3
    for format in ("GIF", "WEBP", "PNG", "TIFF", "AVIF"):
        content = images.encoded(picture, format, save_all=True, append_images=others)
        yield f"{format} of several frames", format, content
    yield "AVIF of limited range", "AVIF", images.encoded(picture, "AVIF", range="limited")
    for subsampling in ("4:4:4", "4:2:2"):
        yield f"AVIF {subsampling}", "AVIF", images.encoded(picture, "AVIF", subsampling=subsampling)
    deep = pyvips.Image.new_from_buffer(images.encoded(picture, "PNG"), "").colourspace("rgb16")
    yield "PNG 16-bit", "PNG", deep.pngsave_buffer(bitdepth=16)
    yield "PNG interlaced", "PNG", deep.colourspace("srgb").pngsave_buffer(interlace=True)
    yield "TIFF 16-bit", "TIFF", deep.tiffsave_buffer()
    yield "TIFF tiled", "TIFF", deep.colourspace("srgb").tiffsave_buffer(tile=True)
    yield "TIFF big-endian", "TIFF", images.encoded(picture, "TIFF", exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0")
    yield "BigTIFF", "TIFF", deep.colourspace("srgb").tiffsave_buffer(bigtiff=True)
