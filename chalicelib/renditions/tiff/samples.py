"""Read from the tags of a TIFF how its samples are stored, and which of them are colours (TIFF 6.0)."""

import math
from dataclasses import dataclass, replace
from enum import Enum, auto

from chalicelib.renditions.rejections import Damaged, UnsupportedVariant
from chalicelib.renditions.tiff.structure import Field, get_first_integer

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _PREDICTOR = 258, 259, 262, 277, 284, 317
_INK_SET, _INKS, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 332, 334, 338, 339
_COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 529, 530, 532

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB, ITULAB = 0, 1, 2, 3, 5, 6, 8, 9, 10
LABS = {CIELAB, ICCLAB, ITULAB}
_COLOURS = {
    **dict.fromkeys((WHITE_IS_ZERO, BLACK_IS_ZERO, PALETTE), 1),
    **dict.fromkeys((RGB, YCBCR, CIELAB, ICCLAB, ITULAB), 3),
    CMYK: 4,
}
_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA = 1, 2

UNSIGNED, SIGNED, FLOAT, _UNDEFINED = 1, 2, 3, 4

JPEG = 7
OLD_JPEG = 6
_FAX, _WEBP, _WEBP_MEMORY = {2, 3, 4}, 50001, 9
_LZW_AND_DEFLATE, _UNCOMPRESSED_AND_PACKBITS = {5, 8, 32946}, {1, 32773}
PILLOW_STREAMS = {34925, 50000}
"""LZMA and ZSTD, which only Pillow decodes."""
_NO_PREDICTOR, _PREDICTORS = 1, {1, 2, 3}

_VIPS_SAMPLES = {*((kind, bits) for kind in (UNSIGNED, SIGNED) for bits in (8, 16, 32)), (FLOAT, 16), (FLOAT, 32)}
_SCALED_BITS = {1, 2, 4}
# The samples that Pillow decodes after a predictor: samples of a pixel, and their bits.
_PILLOW_SAMPLES = {(1, 8), (3, 8), (4, 8), (1, 16), (3, 16)}
_SPLIT_FLOATS = {32, 64}
_MAX_BITS, _MAX_PALETTE_BITS = 64, 16


class Reading(Enum):
    """How the decoder delivers samples."""

    SAMPLES = auto()
    """As numbers. Samples of 1, 2 and 4 bits are scaled to 8 bits."""
    BYTES = auto()
    """As rows of bytes, which `bits` splits into samples."""
    COLOURS = auto()
    """As RGB in 8 bits."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a page."""

    photometric: int
    number: int
    """Samples of a pixel."""
    bits: int
    """Bits of each sample."""
    format: int
    """UNSIGNED, SIGNED or FLOAT."""
    compression: int
    predictor: int
    is_planar: bool
    alpha: int | None
    """The index of the sample for transparency."""
    is_premultiplied: bool
    reading: Reading
    coefficients: tuple[float, ...]
    """The luma coefficients of YCbCr, for red, green and blue."""
    subsampling: tuple[int, int]
    """The pixels across and down that share the colours of YCbCr."""
    reference: tuple[float, ...]
    """The values of black and white of each sample of YCbCr, for 8 bits. Empty if the page does not declare them."""

    @property
    def colours(self) -> int:
        """Return the number of samples that are colours. They come first."""
        return _COLOURS[self.photometric]

    @property
    def used(self) -> list[int]:
        """Return the indexes of the samples that are shown."""
        return [*range(self.colours), *([] if self.alpha is None else [self.alpha])]

    @property
    def memory_per_pixel(self) -> float:
        """Return the memory for decoding, in bytes per pixel."""
        size = self.number * max(self.bits, 8) / 8
        if self.reading is Reading.COLOURS and self.compression != JPEG:
            return size + 8
        if self.reading is Reading.BYTES or self.compression in PILLOW_STREAMS:
            # Pillow holds the rows four times. Then samples of other than whole bytes are written twice.
            return max(4 * size, size + 4 * self.number) + 3
        if self.compression == _WEBP:
            return size + _WEBP_MEMORY
        # A JPEG inside may have several scans, so the decoder keeps all coefficients.
        return size + (2 * self.number if self.compression == JPEG else 0) + 3


def read_samples(fields: dict[int, Field]) -> Samples:
    """Return the samples of a page.

    Raises:
        Damaged: the page has fewer samples than its colours need.
        UnsupportedVariant: no decoder shows such samples correctly.
    """
    number = get_first_integer(fields.get(_SAMPLES), 1)
    photometric = get_first_integer(fields.get(_PHOTOMETRIC), RGB if number > 2 else BLACK_IS_ZERO)
    if photometric not in _COLOURS:
        raise UnsupportedVariant
    colours = _COLOURS[photometric]
    if number < colours:
        raise Damaged
    alpha, is_premultiplied = _find_alpha(fields, number, colours)
    samples = Samples(
        photometric=photometric,
        number=number,
        bits=_get_common(fields, _BITS, colours, 1),
        format={_UNDEFINED: UNSIGNED}.get(
            sample_format := _get_common(fields, _SAMPLE_FORMAT, colours, UNSIGNED), sample_format
        ),
        compression=get_first_integer(fields.get(_COMPRESSION), 1),
        predictor=get_first_integer(fields.get(_PREDICTOR), _NO_PREDICTOR),
        is_planar=number > 1 and get_first_integer(fields.get(_PLANAR), 1) == 2,
        alpha=alpha,
        is_premultiplied=is_premultiplied,
        reading=Reading.SAMPLES,
        coefficients=_get_numbers(fields, _COEFFICIENTS, 3) or (0.299, 0.587, 0.114),
        subsampling=_get_subsampling(fields) if photometric == YCBCR else (1, 1),
        reference=_get_numbers(fields, _REFERENCE, 6),
    )
    _check_colours(samples, fields)
    return _choose_reading(samples)


def _get_numbers(fields: dict[int, Field], tag: int, count: int) -> tuple[float, ...]:
    numbers = fields.get(tag, ())
    if not isinstance(numbers, tuple) or len(numbers) < count or not all(map(math.isfinite, numbers[:count])):
        return ()
    return numbers[:count]


def _get_subsampling(fields: dict[int, Field]) -> tuple[int, int]:
    across, down = _get_numbers(fields, _SUBSAMPLING, 2) or (2, 2)
    if not {across, down} <= {1, 2, 4}:
        raise Damaged
    return int(across), int(down)


def _get_common(fields: dict[int, Field], tag: int, colours: int, default: int) -> int:
    """Return the number that all colours have in a field with one number per sample."""
    values = fields.get(tag) or (default,)
    if not isinstance(values, tuple) or len(set(values[:colours])) != 1:
        raise UnsupportedVariant
    return get_first_integer(values)


def _find_alpha(fields: dict[int, Field], number: int, colours: int) -> tuple[int | None, bool]:
    """Return the index of the sample for transparency, and whether the colours are multiplied by it."""
    kinds = fields.get(_EXTRA_SAMPLES, ())
    for index, kind in enumerate(kinds if isinstance(kinds, tuple) else (), colours):
        if kind in {_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA} and index < number:
            return index, kind == _ASSOCIATED_ALPHA
    return None, False


def _check_colours(samples: Samples, fields: dict[int, Field]) -> None:
    """Check that the colours have a meaning that the service knows."""
    is_other_ink = get_first_integer(fields.get(_INK_SET), 1) != 1 or get_first_integer(fields.get(_INKS), 4) != 4
    is_lab_or_palette = samples.photometric in {PALETTE, *LABS}
    if (
        (samples.photometric == CMYK and is_other_ink)
        or samples.format not in {UNSIGNED, SIGNED, FLOAT}
        or (samples.photometric in LABS and samples.bits not in {8, 16})
        or (samples.photometric == ITULAB and samples.bits != 8)
        or (samples.photometric == PALETTE and samples.bits > _MAX_PALETTE_BITS)
        or (is_lab_or_palette and (samples.format == FLOAT or samples.is_premultiplied))
        or (samples.photometric in {PALETTE, YCBCR} and samples.format != UNSIGNED)
    ):
        raise UnsupportedVariant


def _choose_reading(samples: Samples) -> Samples:
    """Return the samples with the way to read them."""
    compression, in_a_plane = samples.compression, 1 if samples.is_planar else samples.number
    if samples.predictor != _NO_PREDICTOR and compression not in _LZW_AND_DEFLATE | PILLOW_STREAMS:
        samples = replace(samples, predictor=_NO_PREDICTOR)
    if samples.predictor not in _PREDICTORS:
        raise UnsupportedVariant
    is_eight_bit = (samples.format, samples.bits) == (UNSIGNED, 8)
    is_subsampled = samples.subsampling != (1, 1)
    if samples.photometric == YCBCR and (compression == JPEG or is_subsampled):
        is_supported = compression in {JPEG} | _LZW_AND_DEFLATE | _UNCOMPRESSED_AND_PACKBITS
        if is_eight_bit and in_a_plane == 3 and is_supported:
            return replace(samples, reading=Reading.COLOURS)
    elif compression == JPEG or (compression == _WEBP and samples.photometric == RGB):
        if is_eight_bit:
            return samples
    elif compression in _FAX:
        if samples.bits == in_a_plane == 1:
            return samples
    elif compression in _LZW_AND_DEFLATE | _UNCOMPRESSED_AND_PACKBITS | PILLOW_STREAMS:
        return _choose_reading_of_bytes(samples, in_a_plane)
    raise UnsupportedVariant


def _choose_reading_of_bytes(samples: Samples, in_a_plane: int) -> Samples:
    kind = (samples.format, samples.bits)
    if samples.compression in PILLOW_STREAMS:
        is_decoded = samples.predictor != _NO_PREDICTOR and (in_a_plane, samples.bits) in _PILLOW_SAMPLES
    else:
        is_decoded = kind in _VIPS_SAMPLES or (in_a_plane == 1 and samples.bits in _SCALED_BITS)
    if is_decoded:
        return samples
    is_split = samples.bits in _SPLIT_FLOATS if samples.format == FLOAT else 0 < samples.bits <= _MAX_BITS
    if is_split and samples.predictor == _NO_PREDICTOR:
        return replace(samples, reading=Reading.BYTES)
    raise UnsupportedVariant
