"""Measure the similarity of a rendition to its photo: the SSIM of the luminance (Wang et al., 2004)."""

import io
from pathlib import Path

import pyvips
from PIL import Image, ImageCms, ImageOps

_SIGMA = 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def original(photo: Path) -> Image.Image:
    """Open a photo upright and in sRGB."""
    image = ImageOps.exif_transpose(Image.open(photo))
    profile = image.info.get("icc_profile")
    image = image.convert("RGB")
    if not profile:
        return image
    transformed = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    )
    return transformed or image


def ssim(rendition: bytes, photo: Image.Image) -> float:
    """Return the SSIM of a rendition. 1 means that the rendition equals the resized photo."""
    actual = Image.open(io.BytesIO(rendition)).convert("L")
    expected = photo.resize(actual.size, Image.Resampling.LANCZOS).convert("L")
    a, b = (
        pyvips.Image.new_from_memory(image.tobytes(), *image.size, 1, "uchar").cast("float")
        for image in (actual, expected)
    )
    mean_a, mean_b = a.gaussblur(_SIGMA), b.gaussblur(_SIGMA)
    variances = (a * a).gaussblur(_SIGMA) - mean_a * mean_a + (b * b).gaussblur(_SIGMA) - mean_b * mean_b
    covariance = (a * b).gaussblur(_SIGMA) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    return float((likeness / ((mean_a * mean_a + mean_b * mean_b + _C1) * (variances + _C2))).avg())
