"""Photos with a changed end: without an end mark, with bytes behind it, or cut off."""

import io
import random
import struct
from collections.abc import Iterator
from functools import cache

import pyvips
from PIL import Image

from chalicelib.renditions.completeness import build_png_chunk, iterate_png_chunks
from tests.support import images, tiff

NOISE = random.Random(1).randbytes(500)
"""Without a marker of a JPEG picture."""


@cache
def picture() -> Image.Image:
    """Return a picture with texture, so that missing bytes are missing pixels."""
    return Image.open(io.BytesIO(images.photo(128, 96, exif=False))).convert("RGB")


def _jpegs() -> dict[str, bytes]:
    return {
        "baseline": images.encoded(picture(), "JPEG"),
        "progressive": images.encoded(picture(), "JPEG", progressive=True),
        "on its side": images.encoded(picture(), "JPEG", exif=images.exif_block(6)),
        "with restarts": images.encoded(picture(), "JPEG", restart_marker_blocks=10),
    }


def jpegs_with_a_warning() -> dict[str, bytes]:
    """Return photos of which libjpeg warns before it decodes the last pixels, although all pixels are there."""
    jpegs = _jpegs()
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x07"
    unknown = {f"{name}, unknown colours of Adobe": jpeg[:2] + adobe + jpeg[20:] for name, jpeg in jpegs.items()}
    restart = jpegs["with restarts"].index(b"\xff\xd1")
    progressive = jpegs["progressive"]
    second_scan = progressive.index(b"\xff\xc4", progressive.index(b"\xff\xda"))
    return unknown | {
        "with restarts, with stray bytes": _with_stray_bytes(jpegs["with restarts"], restart),
        "progressive, with stray bytes": _with_stray_bytes(progressive, second_scan),
    }


def _with_stray_bytes(jpeg: bytes, at: int) -> bytes:
    return jpeg[:at] + b"stray" + jpeg[at:]


def _pngs() -> dict[str, bytes]:
    interlaced = pyvips.Image.new_from_buffer(images.encoded(picture(), "PNG"), "").pngsave_buffer(interlace=True)
    return {
        "RGB": images.encoded(picture(), "PNG"),
        "with a palette": images.encoded(picture().quantize(50), "PNG"),
        "black and white": images.encoded(picture().convert("1"), "PNG"),
        "interlaced": _with_data(interlaced, get_png_data(interlaced)),
    }


def get_png_data(content: bytes) -> bytes:
    return b"".join(body for kind, body, _ in iterate_png_chunks(content) if kind == b"IDAT")


def _with_data(png: bytes, data: bytes) -> bytes:
    """Return a PNG with one chunk of `data`."""
    parts = [(kind, body) for kind, body, _ in iterate_png_chunks(png) if kind not in {b"IDAT", b"IEND"}]
    chunks = [*parts, (b"IDAT", data), (b"IEND", b"")]
    return png[:8] + b"".join(build_png_chunk(kind, body) for kind, body in chunks)


def _webps() -> dict[str, bytes]:
    return {
        "lossy": images.encoded(picture(), "WEBP"),
        "lossless": images.encoded(picture(), "WEBP", lossless=True),
        "transparent": images.encoded(picture().rotate(9).convert("RGBA"), "WEBP"),
    }


def _iterate_complete() -> Iterator[tuple[str, bytes, bytes]]:
    for name, jpeg in _jpegs().items():
        for ending, end in {"no": b"", "half an": b"\xff", "zeros for the": bytes(50), "noise for the": NOISE}.items():
            yield f"JPEG {name}, {ending} end mark", jpeg, jpeg[:-2] + end
        yield f"JPEG {name}, noise behind", jpeg, jpeg + NOISE
    for name, jpeg in jpegs_with_a_warning().items():
        for start, original in _jpegs().items():
            if name.startswith(start):
                yield f"JPEG {name}", original, jpeg
    flat = images.encoded(Image.new("L", (128, 96), 90), "JPEG", optimize=True)
    yield "JPEG of one colour, zeros for the end mark", flat, flat[:-2] + bytes(50)
    for name, png in _pngs().items():
        data = get_png_data(png)
        for size, part in {12: "end mark", 5: "half the end mark", 16: "CRC", 20: "checksum of the pixels"}.items():
            yield f"PNG {name}, no {part}", png, png[:-size]
        yield f"PNG {name}, a wrong CRC", png, png[:-16] + bytes(4) + png[-12:]
        yield f"PNG {name}, a wrong checksum", png, _with_data(png, data[:-1] + bytes((data[-1] ^ 1,)))
        yield f"PNG {name}, zeros for the end mark", png, png[:-12] + bytes(30)
        yield f"PNG {name}, noise behind", png, png + NOISE
    gif, animation = images.encoded(picture(), "GIF"), _animation("GIF")
    for size in (1, 2):
        yield f"GIF without its last {size} bytes", gif, gif[:-size]
    yield "GIF, noise behind", gif, gif + NOISE
    yield "GIF cut in the second frame", animation, animation[:-200]
    for name, webp in _webps().items():
        size = struct.unpack_from("<I", webp, 4)[0]
        for offset in (-3, -1, 1, 2, 1000):
            yield f"WebP {name}, size {offset:+}", webp, webp[:4] + struct.pack("<I", size + offset) + webp[8:]
        yield f"WebP {name}, noise behind", webp, webp + NOISE
    yield from _iterate_webp_chunks()
    for name, content in {"HEIC": images.HEIC, "AVIF": images.encoded(picture(), "AVIF")}.items():
        for end in (bytes(1), bytes(4), bytes(6), bytes(8), b"text behind it", NOISE):
            yield f"{name}, {len(end)} bytes behind", content, content + end
    yield "HEIC cut in its EXIF", images.HEIC, images.HEIC[:-30]
    yield "AVIF cut in the second frame", _animation("AVIF"), _animation("AVIF")[:-200]
    for compression in ("raw", "tiff_lzw", "jpeg"):
        whole = images.encoded(picture(), "TIFF", compression=compression)
        yield f"TIFF {compression}, noise behind", whole, whole + NOISE


def _iterate_webp_chunks() -> Iterator[tuple[str, bytes, bytes]]:
    animation = _animation("WEBP")
    yield "WebP cut in the second frame", animation, animation[:-200]
    profile = images.srgb_profile()
    odd = images.encoded(picture(), "WEBP", icc_profile=profile + bytes(1 - len(profile) % 2))
    end = odd.index(b"VP8 ")
    yield "WebP without the byte after an odd chunk", odd, odd[: end - 1] + odd[end:]
    exif = images.encoded(picture(), "WEBP", exif=images.exif_block())
    yield "WebP cut in its EXIF", exif, exif[:-20]


@cache
def _animation(format: str) -> bytes:
    frames = [picture().rotate(9), picture().rotate(20)]
    return images.encoded(picture(), format, save_all=True, append_images=frames)


def _iterate_cut() -> Iterator[tuple[str, bytes]]:
    for name, jpeg in _jpegs().items():
        half = jpeg[: len(jpeg) // 2]
        yield f"JPEG {name}", half
        yield f"JPEG {name}, with an end mark", half + b"\xff\xd9"
        yield f"JPEG {name}, filled with zeros", half + bytes(len(half))
        yield f"JPEG {name}, without its last byte", jpeg[:-3] + b"\xff\xd9"
    for name, jpeg in jpegs_with_a_warning().items():
        for share in (0.5, 0.7, 0.9):
            yield f"JPEG {name}, {share:.0%}", jpeg[: int(len(jpeg) * share)] + b"\xff\xd9"
        yield f"JPEG {name}, without its last byte", jpeg[:-3] + b"\xff\xd9"
        old_tiff = tiff.page(jpeg[: len(jpeg) // 2] + b"\xff\xd9", photometric=6, tags={259: (6,)})
        size = {256: (picture().width,), 257: (picture().height,)}
        yield f"JPEG {name}, in a TIFF", tiff.write(tiff.Page(old_tiff.cells, {**old_tiff.fields, **size}))
    progressive = _jpegs()["progressive"]
    yield "JPEG without its last scan", progressive[: progressive.rindex(b"\xff\xda")]
    for name, png in _pngs().items():
        yield f"PNG {name}", png[: len(png) // 2]
        yield f"PNG {name}, with an end mark", _with_data(png, get_png_data(png)[:-60])
    gif = images.encoded(picture(), "GIF")
    yield "GIF", gif[: len(gif) // 2]
    yield "GIF, with an end mark", _without_last_gif_block(gif)
    for name, webp in _webps().items():
        yield f"WebP {name}", webp[: len(webp) // 2]
    avif = images.encoded(picture(), "AVIF")
    for name, content in {"HEIC": images.HEIC[:-110], "AVIF": avif[:-1], "AVIF, half": avif[: len(avif) // 2]}.items():
        yield name, content
    yield "AVIF animation", _animation("AVIF")[:600]
    whole = images.encoded(picture(), "TIFF")
    yield "TIFF", whole[: len(whole) // 2]


def _without_last_gif_block(gif: bytes) -> bytes:
    at, last = gif.index(b"\x2c", 13 + 768) + 11, 0
    while gif[at]:
        at, last = at + gif[at] + 1, at
    return gif[:last] + b"\0;"


@cache
def complete() -> dict[str, tuple[bytes, bytes]]:
    """Return photos with all pixels, each as it was and with its changed end."""
    return {name: (whole, changed) for name, whole, changed in _iterate_complete()}


@cache
def cut() -> dict[str, bytes]:
    """Return photos with missing pixels."""
    return dict(_iterate_cut())
