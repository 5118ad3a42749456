"""Decode the samples of a TIFF, and convert them to grey, RGB or CMYK in 8 or 16 bits."""

import io
from typing import TYPE_CHECKING, Any

from chalicelib.renditions.coded_picture import CodedPicture
from chalicelib.renditions.rejections import Damaged, UnsupportedVariant
from chalicelib.renditions.tiff.bits import Rows, split_floats, split_integers
from chalicelib.renditions.tiff.samples import (
    CIELAB,
    FLOAT,
    ICCLAB,
    ITULAB,
    JPEG,
    LABS,
    PALETTE,
    PILLOW_STREAMS,
    SIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Reading,
    Samples,
)

if TYPE_CHECKING:
    from pyvips import Image

_INTERPRETATIONS = {1: ("b-w", "grey16"), 3: ("srgb", "rgb16"), 4: ("cmyk", "cmyk")}
_FLOAT_WHITES = tuple((1 << bits) - 1 for bits in (8, 10, 12, 14, 16, 32))
_D50 = [96.42, 100, 82.49]
# The Bradford adaptation of XYZ from D50 to D65 (ICC.1:2022, annex E, inverted).
_D50_TO_D65 = [
    [0.9555766, -0.0230393, 0.0631636],
    [-0.0282895, 1.0099416, 0.0210077],
    [0.0122982, -0.0204830, 1.3299098],
]


def decode(vips: Any, coded: CodedPicture, samples: Samples) -> "Image":
    """Return the picture as grey, RGB or CMYK, with a further band if it has transparency. The decoder may raise."""
    image, bits = _load(vips, coded, samples)
    if samples.reading is Reading.COLOURS:
        return image.extract_band(0, n=3).copy(interpretation="srgb")
    image = image.crop(0, 0, coded.width, coded.height)
    if not samples.is_planar:
        image = _select(image, samples.used)
    if samples.format == FLOAT:
        image, bits = _scale_floats(image, _find_white(vips, coded, samples)), 16
    elif samples.format == SIGNED:
        image = image ^ (1 << bits - 1)
    return _convert(vips, coded, samples, image, bits)


def _convert(vips: Any, coded: CodedPicture, samples: Samples, image: "Image", bits: int) -> "Image":
    """Return grey, RGB or CMYK from unsigned samples of `bits` bits, of which transparency is the last."""
    colours, alpha = image, None
    if samples.alpha is not None:
        alpha = _widen(image[samples.colours], bits)
        colours = image.extract_band(0, n=samples.colours)
    if samples.photometric == PALETTE:
        colours = _apply_palette(vips, coded, samples, colours)
    elif samples.photometric in LABS:
        colours = _convert_lab(samples, colours, bits)
    else:
        colours = _widen(colours, bits)
    if alpha is not None and samples.is_premultiplied:
        white = _white_of(colours)
        colours = colours.bandjoin(alpha).unpremultiply(max_alpha=white).extract_band(0, n=colours.bands)
        colours = colours.cast("uchar" if white == 255 else "ushort")
    if samples.photometric == YCBCR:
        colours = _convert_ycbcr(samples, colours)
    elif samples.photometric == WHITE_IS_ZERO:
        colours = (_white_of(colours) - colours).cast(colours.format)
    names = _INTERPRETATIONS[colours.bands]
    if alpha is not None:
        scale = _white_of(colours) / _white_of(alpha)
        colours = colours.bandjoin(alpha if scale == 1 else (alpha * scale).cast(colours.format))
    return colours.copy(interpretation=names[colours.format == "ushort"])


def _white_of(image: "Image") -> int:
    return 255 if image.format == "uchar" else 65_535


def _select(image: "Image", indexes: list[int]) -> "Image":
    if indexes == list(range(image.bands)):
        return image
    first, *rest = (image[index] for index in indexes)
    return first.bandjoin(rest) if rest else first


def _load(vips: Any, coded: CodedPicture, samples: Samples) -> tuple["Image", int]:
    """Return the samples as the decoder delivers them, and their bits."""
    first, *rest = (
        _load_page(vips, coded, samples, page) for page in range(len(samples.used) if samples.is_planar else 1)
    )
    image = first.bandjoin(rest) if rest else first
    if samples.reading is Reading.BYTES:
        return image, min(samples.bits, 16)
    if image.format == "uint":
        return (image >> 16).cast("ushort"), 16
    return image, 8 if image.format == "uchar" else 16


def _load_page(vips: Any, coded: CodedPicture, samples: Samples, page: int) -> "Image":
    if samples.reading is not Reading.BYTES and samples.compression not in PILLOW_STREAMS:
        # libtiff needs more than libvips allows for a large strip of subsampled YCbCr. Its memory was checked before.
        is_unlimited = samples.reading is Reading.COLOURS and samples.compression != JPEG
        return vips.Image.tiffload_buffer(
            coded.content, page=page, access="sequential", fail_on="error", unlimited=is_unlimited
        )
    # libvips reads neither these compressions, nor tiles of any number of bytes.
    content, width, height, bands, is_wide = _load_with_pillow(coded.content, page)
    if samples.reading is not Reading.BYTES:
        return vips.Image.new_from_memory(content, width, height, bands, "ushort" if is_wide else "uchar")
    rows = Rows(content, width, height, is_big_endian=coded.content[:2] == b"MM")
    split = split_floats if samples.format == FLOAT else split_integers
    return split(vips, rows, samples.bits, 1 if samples.is_planar else samples.number)


def _load_with_pillow(content: bytes, page: int) -> tuple[bytes, int, int, int, bool]:
    """Return the pixels, the width, the height, the number of bands, and whether they have 16 bits."""
    from PIL import Image

    # Pillow's own limit counts bytes as pixels here. The size was checked before.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(io.BytesIO(content), formats=["TIFF"]) as image:
        image.seek(page)
        return image.tobytes(), *image.size, len(image.getbands()), image.mode.startswith("I;16")


def _widen(image: "Image", bits: int) -> "Image":
    """Scale samples of `bits` bits to all values of 8 or 16 bits."""
    full = _white_of(image)
    return image if full == (1 << bits) - 1 else (image * (full / ((1 << bits) - 1)) + 0.5).cast(image.format)


def _find_white(vips: Any, coded: CodedPicture, samples: Samples) -> float:
    """Return the value of white. It is 1 unless the mean is larger, as in floats with integer values."""
    statistics = _load(vips, coded, samples)[0].extract_band(0, n=samples.colours).stats()
    highest, mean = statistics(1, 0)[0], statistics(4, 0)[0]
    if not abs(highest) < float("inf"):
        raise UnsupportedVariant
    return next((white for white in _FLOAT_WHITES if highest <= white), highest) if mean > 1 else 1


def _scale_floats(image: "Image", white: float) -> "Image":
    return (image * (65_535 / white) + 0.5).cast("ushort")


def _apply_palette(vips: Any, coded: CodedPicture, samples: Samples, indexes: "Image") -> "Image":
    size = 1 << samples.bits
    if len(coded.palette) < 3 * size:
        raise Damaged
    # Some programs write a palette of 8 bits instead of 16.
    shift = 8 if max(coded.palette) > 255 else 0
    planes = (coded.palette[size * plane :][:size] for plane in range(3))
    entries = bytes(value >> shift & 255 for rgb in zip(*planes, strict=True) for value in rgb)
    table = vips.Image.new_from_memory(entries, size, 1, 3, "uchar")
    if samples.bits < 8 and samples.reading is Reading.SAMPLES:
        indexes = (indexes * ((size - 1) / 255) + 0.5).cast("uchar")
    return indexes.maplut(table)


def _convert_ycbcr(samples: Samples, image: "Image") -> "Image":
    """Convert YCbCr to RGB (TIFF 6.0, section 21)."""
    full = _white_of(image)
    red, green, blue = samples.coefficients
    black_y, white_y, black_cb, white_cb, black_cr, white_cr = samples.reference or (0, 255, 128, 255, 128, 255)
    unit = full / 255
    try:
        scale = [255 / (white_y - black_y), 127 / (white_cb - black_cb), 127 / (white_cr - black_cr)]
        matrix = [
            [1, 0, 2 - 2 * red],
            [1, -blue * (2 - 2 * blue) / green, -red * (2 - 2 * red) / green],
            [1, 2 - 2 * blue, 0],
        ]
    except ZeroDivisionError as e:
        raise Damaged from e
    offset = [-black * factor * unit for black, factor in zip((black_y, black_cb, black_cr), scale, strict=True)]
    return (image.linear(scale, offset).recomb(matrix) + 0.5).cast(image.format)


def _convert_lab(samples: Samples, image: "Image", bits: int) -> "Image":
    """Convert Lab of D50 to sRGB (TIFF 6.0, section 23, Adobe TIFF Technical Note 4, and ITU-T T.42)."""
    if samples.photometric == ITULAB:
        lab = image.linear([100 / 255, 170 / 255, 200 / 255], [0, -128 * 170 / 255, -96 * 200 / 255])
    else:
        unit = 1 << bits - 8
        if samples.photometric == CIELAB:
            image = image ^ [0, 1 << bits - 1, 1 << bits - 1]
        white = 0xFF00 if samples.photometric == ICCLAB and bits == 16 else (1 << bits) - 1
        lab = image.linear([100 / white, 1 / unit, 1 / unit], [0, -128, -128])
    xyz = lab.copy(interpretation="lab").Lab2XYZ(temp=_D50).recomb(_D50_TO_D65)
    return xyz.copy(interpretation="xyz").colourspace("srgb")
