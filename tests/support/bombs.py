"""Files made to exhaust a decoder."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PIL import Image

from tests.support import heif, heif_builder, images, tiff
from tests.support.metadata_blocks import png_international_text


def jpeg_with_many_scans(scans: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan."""
    content = images.encoded(images.quadrants(1024, 768), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + b"\xff\xd9"


def gif_with_many_frames(frames: int) -> bytes:
    """Return a GIF that repeats its first frame."""
    content = images.encoded(images.quadrants(8, 8, "P"), "GIF")
    frame = content.index(b"\x2c", 13 + 3 * 2 ** ((content[10] & 7) + 1))
    return content[:frame] + content[frame:-1] * frames + b";"


class Bomb(NamedTuple):
    """A file for a decoder. Building some of them takes seconds, so that only the test that needs one builds it."""

    build: Callable[[], bytes]
    declared: str
    outcome: str


def _png_of_size(width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    return images.png(header=struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def _claim_size(content: bytes, declared: str, width: int = 60_000, height: int = 60_000) -> bytes:
    """Return a picture of 96 by 64 pixels that claims another size."""
    extent, larger = struct.pack(">II", 96, 64), struct.pack(">II", width, height)
    claims = {
        "image/jpeg": (struct.pack(">HH", 64, 96), struct.pack(">HH", height, width)),
        "image/gif": (struct.pack("<HH", 96, 64), struct.pack("<HH", width, height)),
        "image/webp": (b"\x5f\0\0\x3f\0\0", b"\xff\xff\0\xff\xff\0"),
        "image/tiff": (struct.pack("<HHII", 256, 4, 1, 96), struct.pack("<HHII", 256, 4, 1, width)),
    }
    heif_claim = (b"ispe\0\0\0\0" + extent, b"ispe\0\0\0\0" + larger)
    return images.replace_first(content, *claims.get(declared, heif_claim))


def _claim_3600_megapixels() -> dict[str, Bomb]:
    exif, grey = {"exif": images.exif_block()}, images.quadrants(mode="P")
    pictures: dict[str, Callable[[], bytes]] = {
        "jpeg": lambda: images.encoded(images.quadrants(), "JPEG"),
        "gif": lambda: images.encoded(grey, "GIF"),
        "webp": lambda: images.encoded(images.quadrants(mode="RGBA"), "WEBP", **exif),
        "tiff": lambda: images.encoded(images.quadrants(), "TIFF"),
        "avif": lambda: images.encoded(images.quadrants(), "AVIF"),
        "heic": lambda: images.HEIC,
    }
    bombs = {"png": Bomb(lambda: _png_of_size(60_000, 60_000), "image/png", "TooManyPixels")}
    for name, build in pictures.items():
        declared = f"image/{name}"
        bombs[name] = Bomb(partial(_build_claim, build, declared), declared, "TooManyPixels")
    return {f"{name} of 3,600 MP": bomb for name, bomb in bombs.items()}


def _build_claim(build: Callable[[], bytes], declared: str) -> bytes:
    return _claim_size(build(), declared)


def bombs() -> dict[str, Bomb]:
    """Return files made to exhaust a decoder, by name."""
    return {
        **_claim_3600_megapixels(),
        "png too wide": Bomb(lambda: _png_of_size(30_001, 1, colour=0), "image/png", "TooManyPixels"),
        "png interlaced": Bomb(lambda: _png_of_size(9_000, 9_000, 16, 6, 1), "image/png", "TooManyPixels"),
        "png profile": Bomb(lambda: _png_with_profile(100_000_000), "image/png", "DecompressionBomb"),
        "png chunks": Bomb(lambda: images.png(*[(b"tEXt", b"")] * 300_000), "image/png", "DecompressionBomb"),
        "avif behind a decoy": Bomb(lambda: _avif_with_decoy(), "image/avif", "TooManyPixels"),
        "webp with a second size": Bomb(lambda: _webp_with_two_sizes(), "image/webp", "TooManyPixels"),
        "heic layers of layers": Bomb(lambda: heif.layered(7, 8), "image/heic", "DecompressionBomb"),
        "heic of large tiles": Bomb(lambda: heif.large_tiles(25), "image/heic", "DecompressionBomb"),
        "heic of one tile": Bomb(lambda: _heic_of_one_tile(25), "image/heic", "DecompressionBomb"),
        "heic of references": Bomb(lambda: _heic_with_many_references(100), "image/heic", "DecompressionBomb"),
        "heic of identities": Bomb(lambda: _heic_of_identities(2_000), "image/heic", "DecompressionBomb"),
        "heic of shared transparency": Bomb(
            lambda: _heic_of_shared_transparency(2_000, 5_000), "image/heic", "DecompressionBomb"
        ),
        "heic of shared metadata": Bomb(lambda: heif.shared(90), "image/heic", "DecompressionBomb"),
        "heic items": Bomb(lambda: _heic_with_many_items(200_000), "image/heic", "Damaged"),
        "heic items that overlap": Bomb(
            lambda: _heic_with_many_items(200_000, size=1_500_000), "image/heic", "Damaged"
        ),
        "jpeg of one scan, progressive": Bomb(
            lambda: _jpeg_with_one_scan(progressive=True), "image/jpeg", "TooManyPixels"
        ),
        "jpeg of one scan of three": Bomb(lambda: _jpeg_with_one_scan(), "image/jpeg", "TooManyPixels"),
        "tiff of jpeg": Bomb(lambda: _tiff_of_jpeg(), "image/tiff", "TooManyPixels"),
        "tiff of shared tiles": Bomb(lambda: _tiff_of_shared_tiles(100_000), "image/tiff", "DecompressionBomb"),
        "tiff of 65 scans": Bomb(lambda: _tiff_of_scans(65), "image/tiff", "DecompressionBomb"),
        "jpeg scans": Bomb(lambda: jpeg_with_many_scans(5_000), "image/jpeg", "DecompressionBomb"),
        # The number of pixels alone would not cause a refusal.
        "jpeg of 65 scans": Bomb(lambda: jpeg_with_many_scans(65), "image/jpeg", "DecompressionBomb"),
        "jpeg segments": Bomb(lambda: _jpeg_with_segments(1_000_000), "image/jpeg", "DecompressionBomb"),
    }


def _png_with_profile(size: int) -> bytes:
    return images.png((b"iCCP", b"x\0\0" + zlib.compress(bytes(size), 9)))


def _jpeg_with_segments(count: int) -> bytes:
    return b"\xff\xd8" + b"\xff\xe1\0\2" * count + images.encoded(images.quadrants(), "JPEG")[2:]


def _avif_with_decoy() -> bytes:
    """Return a picture of 55 MP. A search in the file finds only a small size, which decoders ignore."""
    real = b"ispe\0\0\0\0" + struct.pack(">II", 7_400, 7_400)
    content = io.BytesIO()
    Image.new("L", (7_400, 7_400)).save(content, "AVIF", speed=10, quality=1)
    flagged = images.replace_first(content.getvalue(), real, real[:4] + b"\0\0\0\1" + real[8:])
    return flagged + struct.pack(">I4s", 28, b"free") + _extent(64, 64)


def jpeg_with_many_restarts(restarts: int) -> bytes:
    """Return a picture with restart markers behind its pixels, of which its decoder warns."""
    content = images.encoded(images.quadrants(), "JPEG", restart_marker_blocks=1)
    first = content.index(b"\xff\xd0")
    return content[:first] + bytes(100) + content[first:-2] + b"\xff\xd0" * restarts + content[-2:]


def _jpeg_with_one_scan(*, progressive: bool = False) -> bytes:
    """Return a picture of 100 MP. A decoder keeps its coefficients in memory, because another scan could follow."""
    content = images.encoded(images.quadrants(), "JPEG", progressive=progressive, subsampling=0)
    first = content.index(b"\xff\xda")
    last = content.index(b"\xff\xc4", first) if progressive else -2
    header = content[first : first + 14] if progressive else b"\xff\xda\0\x08\1\1\0\0\x3f\0"
    size, larger = struct.pack(">HH", 64, 96), struct.pack(">HH", 10_000, 10_000)
    return images.replace_first(content[:first], size, larger) + header + content[first + 14 : last] + b"\xff\xd9"


def _tiff_of_jpeg() -> bytes:
    """Return a picture of 64 MP that could be progressive. Decoding takes 800 MB and five seconds."""
    content = images.encoded(images.quadrants(), "TIFF", compression="jpeg")
    for tag, side in ((256, 96), (257, 64)):
        claimed = struct.pack("<HHII", tag, 3, 1, 8_000)
        content = images.replace_first(content, struct.pack("<HHII", tag, 3, 1, side), claimed)
    return content


def _webp_with_two_sizes() -> bytes:
    """Return a WebP of 268 MP, followed by a small lossless one with a shorter header."""
    size, larger = struct.pack("<HH", 96, 64), struct.pack("<HH", 16_383, 16_383)
    lossy_chunk, lossless_chunk = (
        images.encoded(images.quadrants(), "WEBP", lossless=lossless)[12:] for lossless in (False, True)
    )
    chunks = b"WEBP" + images.replace_first(lossy_chunk, size, larger) + lossless_chunk
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def _heic_with_many_items(count: int, size: int = 0x41414141) -> bytes:
    boxes = _extent(64, 64) + (struct.pack(">I", size) + b"infe") * count
    return b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + struct.pack(">I4s", 8 + len(boxes), b"free") + boxes


def _heic_of_one_tile(across: int) -> bytes:
    """Return a picture that uses the same tile of 16 MP in all places of a grid."""
    tile = heif_builder.hevc()
    tile = heif_builder.Item(tile.kind, tile.body, (tile.properties[0], heif_builder.extent(4_000, 4_000)))
    items = (heif_builder.grid(across, across), tile)
    return heif_builder.File(items, ((b"dimg", 1, [2] * across**2),), (b"heic", b"mif1")).encode()


def _heic_of_identities(count: int) -> bytes:
    """Return an identity that names the same grid many times."""
    identity = heif_builder.Item(b"iden", b"", (heif_builder.extent(),))
    references = ((b"dimg", 1, [2] * count), (b"dimg", 2, [3] * count))
    items = (identity, heif_builder.grid(1, 1), heif_builder.hevc())
    return heif_builder.File(items, references, (b"heic", b"mif1")).encode()


def _heic_of_shared_transparency(pictures: int, tiles: int) -> bytes:
    """Return a picture with many transparency pictures, which are all identities of the same grid."""
    picture, alpha = heif_builder.hevc(), heif_builder.auxiliary(heif_builder.ALPHA)
    identity = heif_builder.Item(b"iden", b"", (heif_builder.extent(), alpha))
    items = (picture, heif_builder.grid(1, 1), picture, *[identity] * pictures)
    numbers = range(4, 4 + pictures)
    references = [(kind, number, [target]) for number in numbers for kind, target in ((b"auxl", 1), (b"dimg", 2))]
    return heif_builder.File(items, ((b"dimg", 2, [3] * tiles), *references), (b"heic", b"mif1")).encode()


def _tiff_of_shared_tiles(size: int) -> bytes:
    """Return a TIFF whose tiles all declare the same bytes."""
    tiles: dict[int, tiff.Values] = {322: (16,), 323: (16,), 324: (8,) * 24, 325: (size,) * 24, 700: bytes(size)}
    page = tiff.page(b"", number=1, photometric=1, tags={259: (8,), **tiles})
    return tiff.write(tiff.Page([], page.fields))


def _tiff_of_scans(scans: int) -> bytes:
    return tiff.write(tiff.page(jpeg_with_many_scans(scans), photometric=6, tags={259: (7,)}))


def _heic_with_many_references(count: int) -> bytes:
    references = ((b"dimg", 1, [1] * 60_000),) * count
    return heif_builder.File((heif_builder.hevc(),), references, (b"heic", b"mif1")).encode()


def _extent(width: int, height: int) -> bytes:
    return b"\0\0\0\x14ispe\0\0\0\0" + struct.pack(">II", width, height)


def defused() -> dict[str, Bomb]:
    """Return photos with a bomb in a part that the service never decodes. The service accepts them."""
    return {
        "xmp elements": Bomb(lambda: _png_with_long_namespace(1_000_000, "<a:b{}/>"), "image/png", "ready"),
        "xmp attributes": Bomb(lambda: _png_with_long_namespace(1_000_000, '<x:x a:b{}=""/>'), "image/png", "ready"),
        "png text": Bomb(lambda: _png_with_texts(100_000_000), "image/png", "ready"),
        "gif frames": Bomb(lambda: gif_with_many_frames(100_000), "image/gif", "ready"),
        "tiff pages": Bomb(lambda: _tiff_with_many_pages(100_000), "image/tiff", "ready"),
        "jpeg restarts": Bomb(lambda: jpeg_with_many_restarts(1_000_000), "image/jpeg", "ready"),
        "exif loop": Bomb(lambda: _looping_exif(), "image/jpeg", "ready"),
        "exif of millions": Bomb(lambda: images.png((b"eXIf", _exif_with_millions_of_values())), "image/png", "ready"),
        "heic pictures with the same exif": Bomb(lambda: heif.described_often(150), "image/heic", "ready"),
        "avif exif of millions": Bomb(lambda: _avif_with_millions_of_values(), "image/avif", "ready"),
    }


def _png_with_texts(size: int) -> bytes:
    return images.png(*[(b"zTXt", b"x\0\0" + zlib.compress(bytes(size), 9))] * 7)


def _png_with_long_namespace(letters: int, element: str) -> bytes:
    """Return a PNG whose XMP has many names in a long namespace. `element` is a form of an element with a number."""
    names = "".join(element.format(number) for number in range(1_500))
    packet = f'<x:x xmlns:x="y" xmlns:a="{"u" * letters}">{names}</x:x>'
    return images.png(png_international_text("XML:com.adobe.xmp", packet.encode(), compressed=True))


def _tiff_with_many_pages(pages: int) -> bytes:
    content = images.encoded(images.quadrants(), "TIFF")
    (directory,) = struct.unpack_from("<I", content, 4)
    (fields,) = struct.unpack_from("<H", content, directory)
    size, start = 2 + 12 * fields, len(content)
    page = content[directory : directory + size]
    chain = b"".join(page + struct.pack("<I", start + (n + 1) * (size + 4)) for n in range(pages))
    return content[: directory + size] + struct.pack("<I", start) + content[directory + size + 4 :] + chain


def _looping_exif() -> bytes:
    main = b"II*\0" + struct.pack("<IH", 8, 2)
    main += struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8) + struct.pack("<I", 8)
    return images.encoded(images.quadrants(), "JPEG", exif=b"Exif\0\0" + main)


def _exif_with_millions_of_values() -> bytes:
    main = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x8769, 4, 1, 26) + bytes(4)
    details = struct.pack("<HHHII", 1, 0x8827, 5, 4_000_000, 44) + bytes(4)
    return main + details + struct.pack("<II", 400, 1) * 4_000_000


def _avif_with_millions_of_values() -> bytes:
    """Return an AVIF whose EXIF and container have different orientations. Pillow then rewrites the EXIF."""
    placeholder, orientation = (struct.pack("<HHII", tag, 3, 1, 6) for tag in (0x0111, 0x0112))
    fields = placeholder + struct.pack("<HHII", 0x0200, 5, 4_000_000, 38) + bytes(4)
    block = b"II*\0" + struct.pack("<IH", 8, 2) + fields + struct.pack("<II", 400, 1) * 4_000_000
    return images.replace_first(images.encoded(images.quadrants(), "AVIF", exif=block), placeholder, orientation)
