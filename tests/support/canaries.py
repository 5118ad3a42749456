"""Photos with a canary in each part of a file that can contain more than the picture."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image, PngImagePlugin, TiffImagePlugin

from tests.support import images

CANARY = b"<!--CANARY-IN-A-PHOTO-->"

type Planted = tuple[str, str, bytes]
"""The name of the part, the declared type, and the file."""


def everywhere() -> Iterator[Planted]:
    """Yield a photo for each part that can contain a canary."""
    for format, parts in {"jpeg": _jpeg, "png": _png, "webp": _webp, "gif": _gif, "tiff": _tiff}.items():
        yield from ((f"{format} {part}", f"image/{format}", content) for part, content in parts())
    for format, plain in {"heic": images.HEIC, "avif": images.encoded(images.quadrants(), "AVIF")}.items():
        yield from ((f"{format} {part}", f"image/{format}", content) for part, content in _boxes(plain))
    for format in ("jpeg", "png", "webp", "tiff", "avif"):
        yield f"{format} exif", f"image/{format}", images.encoded(images.quadrants(), format, exif=_exif())
        # Pillow writes no XMP to PNG, and compresses ICC profiles.
        for name, block in {"xmp": CANARY, "icc_profile": images.srgb_profile() + CANARY}.items():
            content = images.encoded(images.quadrants(), format, **{name: block})
            if CANARY in content:
                yield f"{format} {name}", f"image/{format}", content


def _exif() -> bytes:
    return images.exif_block(details={0x927C: CANARY, 0x9286: b"ASCII\0\0\0" + CANARY, 0xA431: CANARY.decode()})


def _segment(code: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(body) + 2) + body


def _jpeg() -> Iterator[tuple[str, bytes]]:
    plain = images.encoded(images.quadrants(), "JPEG")
    for number in range(16):
        yield f"APP{number}", plain[:2] + _segment(0xE0 + number, CANARY) + plain[2:]
    identified = {
        "JFXX": (0xE0, b"JFXX\0\x10"),
        "JFIF thumbnail": (0xE0, b"JFIF\0\1\1\0\0\1\0\1\4\2"),
        "FlashPix": (0xE2, b"FPXR\0"),
        "MPF": (0xE2, b"MPF\0II*\0"),
        "IPTC": (0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x18"),
        "Adobe": (0xEE, b"Adobe\0\x64\0\0\0\0\1"),
        "comment": (0xFE, b""),
        "JPG0": (0xF0, b""),
    }
    for name, (code, identifier) in identified.items():
        yield name, plain[:2] + _segment(code, identifier + CANARY) + plain[2:]
    yield "behind the picture", plain + CANARY
    yield "second picture", plain + images.encoded(images.quadrants(), "JPEG", comment=CANARY)
    tables = plain.index(b"\xff\xdb")
    yield "between segments", plain[:tables] + CANARY + plain[tables:]
    yield "end of the scan", plain[:-2] + CANARY + plain[-2:]
    restarted = images.encoded(images.quadrants(), "JPEG", restart_marker_rows=1)
    yield "end of a restart interval", restarted.replace(b"\xff\xd0", CANARY + b"\xff\xd0", 1)
    progressive = images.encoded(images.quadrants(), "JPEG", progressive=True)
    second = progressive.index(b"\xff\xc4", progressive.index(b"\xff\xda"))
    yield "end of a first scan", progressive[:second] + CANARY + progressive[second:]
    yield "end of the last scan", progressive[:-2] + CANARY + progressive[-2:]
    yield from _in_headers(plain)


def _in_headers(plain: bytes) -> Iterator[tuple[str, bytes]]:
    scan, frame = plain.index(b"\xff\xda"), plain.index(b"\xff\xc0")
    sixty_four = CANARY.ljust(64, b"\1")
    yield "unused quantizers", plain[:scan] + _segment(0xDB, b"\3" + sixty_four) + plain[scan:]
    yield "replaced quantizers", plain[:frame] + _segment(0xDB, b"\0" + sixty_four) + plain[2:]
    symbols = bytes((0,) * 7 + (len(CANARY), *(0,) * 8)) + CANARY
    yield "unused codes", plain[:scan] + _segment(0xC4, b"\x13" + symbols) + plain[scan:]
    header = plain[scan + 4 : scan + 14]
    yield "scan header", plain[:scan] + _segment(0xDA, header + CANARY) + plain[scan + 14 :]
    body = plain[frame + 4 : frame + 19]
    yield "frame header", plain[:frame] + _segment(0xC0, body + CANARY) + plain[frame + 19 :]
    yield "restart interval", plain[:scan] + _segment(0xDD, b"\0\0" + CANARY) + plain[scan:]
    bands = [images.encoded(band, "JPEG") for band in images.quadrants().split()]
    coded = bands[0][bands[0].index(b"\xff\xda") :]
    hidden = coded[:10] + CANARY + coded[10:-2]
    yield "scan that another replaces", bands[0].replace(coded, hidden + coded)


def _png() -> Iterator[tuple[str, bytes]]:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", CANARY.decode())
    texts.add_itxt("Title", CANARY.decode())
    yield "texts", images.encoded(images.quadrants(), "PNG", pnginfo=texts)
    for kind in (b"tEXt", b"iTXt", b"eXIf", b"caNy", b"iCCP", b"sPLT", b"tIME", b"pHYs"):
        yield kind.decode(), images.png((kind, b"x\0" + CANARY))
    plain = images.encoded(images.quadrants(), "PNG")
    yield "behind the picture", plain + CANARY
    yield "end of its data", images.png((b"IDAT", zlib.compress(b"\0\x80") + CANARY))
    yield "end chunk", plain[:-12] + struct.pack(">I4s", len(CANARY), b"IEND") + CANARY + bytes(4)


def _webp() -> Iterator[tuple[str, bytes]]:
    for name, options in {"lossy": {}, "lossless": {"lossless": True}}.items():
        plain = images.encoded(images.quadrants(), "WEBP", **options)
        for kind in (b"EXIF", b"XMP ", b"ICCP", b"CANY"):
            yield f"{name} {kind.decode()}", _riff(plain[12:] + kind + struct.pack("<I", len(CANARY)) + CANARY)
        body = plain[20:] + CANARY
        yield (
            f"{name} end of its data",
            _riff(plain[12:16] + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)),
        )
        yield f"{name} behind the picture", plain + CANARY


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _gif() -> Iterator[tuple[str, bytes]]:
    plain = images.encoded(images.quadrants(mode="P"), "GIF")
    block = bytes((len(CANARY),)) + CANARY + b"\0"
    frame = plain.index(b"\x2c", 13 + 3 * 2 ** ((plain[10] & 7) + 1))
    yield "comment", plain[:frame] + b"\x21\xfe" + block + plain[frame:]
    yield "XMP", plain[:frame] + b"\x21\xff\x0bXMP DataXMP" + block + plain[frame:]
    yield "comment behind the frame", plain[:-1] + b"\x21\xfe" + block + b";"
    yield "behind the picture", plain + CANARY
    yield "end of its data", plain[:-2] + block + b";"


def _tiff() -> Iterator[tuple[str, bytes]]:
    for tag in (270, 305, 315, 700, 33432, 33723, 34377, 37724, 65000):
        fields = TiffImagePlugin.ImageFileDirectory_v2()
        fields[tag] = CANARY if tag in {700, 33723, 34377, 37724, 65000} else CANARY.decode()
        if isinstance(fields[tag], bytes):
            fields.tagtype[tag] = 7
        yield f"field {tag}", images.encoded(images.quadrants(), "TIFF", tiffinfo=fields)
    plain = images.encoded(images.quadrants(), "TIFF")
    yield "behind the picture", plain + CANARY
    pages = [Image.new("RGB", (8, 8))]
    yield "second page", images.encoded(images.quadrants(), "TIFF", save_all=True, append_images=pages) + CANARY


def _boxes(plain: bytes) -> Iterator[tuple[str, bytes]]:
    for kind in (b"free", b"skip", b"uuid", b"mdat"):
        yield f"{kind.decode()} box", plain + struct.pack(">I4s", len(CANARY) + 8, kind) + CANARY
    last = plain.rindex(b"mdat") - 4
    body = plain[last + 8 :] + CANARY
    yield "end of its data", plain[:last] + struct.pack(">I4s", len(body) + 8, b"mdat") + body
    if b"CANARY-MAKE" in plain:
        yield "camera", plain
