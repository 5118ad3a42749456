"""Photos, and files that only look like photos. All are generated, except one HEIC.

Metadata that no rendition may contain includes the word CANARY.
"""

import io
import random
import struct
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from PIL import Image, ImageCms, TiffImagePlugin
from PIL.Image import Resampling, Transpose

RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 60)
QUADRANTS = (RED, GREEN, BLUE, YELLOW)
"""From left to right, then from top to bottom."""

ORIENTED = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
"""The transformation that a camera applies to an upright scene before it stores it, by EXIF orientation."""

LATITUDE, LONGITUDE, ALTITUDE = 52.520008, -13.404954, 34.5
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>CANARY-XMP</x:xmpmeta>"

# The quadrants, 64 by 96 pixels on display. They are stored rotated, with an `irot` and an EXIF orientation of 6.
# Pillow cannot write HEIC, so the file was encoded with x265.
HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAA"
    "AERAAAIAAQAAAAABxQABAAAAAAAAAKAAAgAAAAACZQABAAAAAAAAAE4AAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZl"
    "AgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH/"
    "/wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNj"
    "b2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMICAgAAAAJaXJvdAMAAAAYaXBtYQAAAAAAAAABAAEFgQIDBIUA"
    "AAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAPZtZGF0AAAAnCgBrxOAeXMFyL//5QUf/vI6v/Mlw8iYxf2ls/+3D5fVYsp4Q81nGJar6zkWc3RF"
    "6e1x90ofi2U6Tc+DiYcqw5oJ8WHyiiuLJpn2iS4TVhkXbrepjn/9xrjD+6/02oZFT7j/2Un/6dPr88WK9m0g6olYnRiaAMQxifhoF6itv+m3yMgG"
    "7sDJbpA0jyHhYZ3kynkzwmxggzUwTNOY/wAAAAZFeGlmAABNTQAqAAAACAADAQ8AAgAAAAwAAAAyARAAAgAAAAYAAAA+ARIAAwAAAAEABgAAAAAA"
    "AENBTkFSWS1NQUtFAFBob25lAA=="
)


@cache
def photo(width: int, height: int, *, format: str = "JPEG", exif: bool = True, seed: int = 0) -> bytes:
    """Return a photo with light, texture and colour, in a format of Pillow. If `exif`, add the metadata of a camera."""
    rng = random.Random(seed)
    light = Image.frombytes("RGB", (8, 6), rng.randbytes(144)).resize((width, height), Resampling.BICUBIC)
    grain = Image.frombytes("RGB", (256, 256), rng.randbytes(3 * 256 * 256))
    texture = Image.new("RGB", (width, height))
    for tile in range(-(-width // 256) * -(-height // 256)):
        texture.paste(grain, (tile % -(-width // 256) * 256, tile // -(-width // 256) * 256))
    return encoded(Image.blend(light, texture, 0.06), format, **(metadata() if exif else {}))


def metadata(orientation: int = 1) -> dict[str, Any]:
    """Return metadata of each kind that a file can contain, as options for Pillow."""
    return {"exif": exif_block(orientation), "xmp": XMP, "comment": b"CANARY-COMMENT", "icc_profile": srgb_profile()}


def exif_block(orientation: int = 1, details: Mapping[int, Any] | None = None) -> bytes:
    """Return the EXIF of a camera with changed `details`, by tag. None removes a tag."""
    exif = Image.Exif()
    exif.update({**_MAIN, 0x0112: orientation})
    exif.get_ifd(0x8769).update(
        {tag: value for tag, value in {**_DETAILS, **(details or {})}.items() if value is not None}
    )
    exif.get_ifd(0x8825).update(_GPS)
    return exif.tobytes()


def _sexagesimal(degrees: float) -> tuple[TiffImagePlugin.IFDRational, ...]:
    rational = TiffImagePlugin.IFDRational
    minutes = degrees % 1 * 60
    return rational(int(degrees), 1), rational(int(minutes), 1), rational(round(minutes % 1 * 6e7), 1_000_000)


_MAIN = {
    0x010E: "CANARY-DESCRIPTION",
    0x010F: "Canon",
    0x0110: "Canon EOS R5",
    0x0131: "CANARY-SOFTWARE",
    0x013B: "CANARY-ARTIST",
    0x8298: "CANARY-COPYRIGHT",
}
_DETAILS = {
    0x829A: 0.004,
    0x829D: 2.8,
    0x8827: 400,
    0x9003: "2024:07:01 12:30:45",
    0x9011: "+02:00",
    0x9291: "250",
    0x920A: 35.0,
    0x927C: b"CANARY-MAKERNOTE",
    0xA430: "CANARY-OWNER",
    0xA431: "CANARY-SERIAL",
    0xA434: "RF35mm F1.8 MACRO",
    0xA435: "CANARY-LENS-SERIAL",
}
_GPS = {
    1: "N",
    2: _sexagesimal(LATITUDE),
    3: "W",
    4: _sexagesimal(-LONGITUDE),
    5: b"\0",
    6: TiffImagePlugin.IFDRational(345, 10),
    0x1B: b"CANARY-GPS",
}


@cache
def srgb_profile() -> bytes:
    """Return an ICC profile for sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    """Encode an image as a file."""
    file = io.BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def quadrants(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Return an image with red and green above blue and yellow. It shows each rotation, flip or lost profile."""
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate(QUADRANTS):
        left, top = width // 2 * (index % 2), height // 2 * (index // 2)
        image.paste(colour, (left, top, width, height))
    return image.convert(mode)


def oriented(orientation: int, format: str, **options: Any) -> bytes:
    """Encode the quadrants with an EXIF orientation. The displayed size is 96 by 64."""
    transformation = ORIENTED[orientation]
    stored = quadrants() if transformation is None else quadrants().transpose(transformation)
    return encoded(stored, format, **{**metadata(orientation), **options})


def png(*chunks: tuple[bytes, bytes], header: bytes | None = None) -> bytes:
    """Return a PNG of one grey pixel, with `chunks` before the pixel. `header` replaces the IHDR."""
    parts = [(b"IHDR", header or struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(encode_chunk(kind, body) for kind, body in parts)


def encode_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def replace_first(content: bytes, old: bytes, new: bytes) -> bytes:
    """Replace the first `old` in `content`, without changing the length."""
    assert len(old) == len(new)
    assert old in content
    return content.replace(old, new, 1)


def polyglots() -> dict[str, tuple[bytes, str]]:
    """Return photos that are also valid as another format. Each contains PAYLOAD."""
    jpeg, still = encoded(quadrants(), "JPEG"), encoded(quadrants(mode="P"), "GIF")
    comment = struct.pack(">H", len(PAYLOAD) + 2) + PAYLOAD
    return {
        "jpeg and html": (jpeg[:2] + b"\xff\xfe" + comment + jpeg[2:], "image/jpeg"),
        "jpeg and zip": (jpeg + b"PK\3\4" + PAYLOAD, "image/jpeg"),
        "jpeg between markers": (jpeg[:2] + b"\xff\xe9" + comment + PAYLOAD + jpeg[2:], "image/jpeg"),
        "png and zip": (encoded(quadrants(), "PNG") + b"PK\3\4" + PAYLOAD, "image/png"),
        "png and text": (png((b"tEXt", b"x\0" + PAYLOAD)), "image/png"),
        "gif and script": (still[:-1] + b"\x21\xfe" + bytes((len(PAYLOAD),)) + PAYLOAD + b"\0;", "image/gif"),
        "webp and more": (encoded(quadrants(), "WEBP") + PAYLOAD, "image/webp"),
    }


PAYLOAD = b"<script>CANARY</script>"

IMPOSTORS: dict[str, bytes] = {
    "nothing": b"",
    "text": b"a photo of my cat",
    "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "pdf and jpeg": b"%PDF-1.7\n" + encoded(quadrants(), "JPEG"),
    "video": b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + bytes(64),
    "bmp": encoded(quadrants(), "BMP"),
}

SMALL: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: oriented(6, "JPEG"),
    "image/png": lambda: oriented(1, "PNG"),
    "image/gif": lambda: encoded(quadrants(mode="P"), "GIF"),
    "image/webp": lambda: oriented(1, "WEBP"),
    "image/tiff": lambda: encoded(quadrants(), "TIFF", exif=exif_block()),
    "image/avif": lambda: oriented(8, "AVIF"),
    "image/heic": lambda: HEIC,
}
"""Functions that return a small valid file, by media type."""
