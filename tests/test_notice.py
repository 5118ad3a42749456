"""NOTICE lists the libraries of the package, with the versions and the licences of the installed wheels."""

import re
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pi_heif
import pytest
import pyvips
from cryptography.hazmat.backends.openssl import backend

from tests.support.paths import ROOT

NOTICE = (ROOT / "NOTICE").read_text()
# Rows have the columns library, version and licence. The rule above the rows consists of dashes.
ROWS = {
    name.removesuffix(" (runtime)"): (version, license_text)
    for name, version, license_text in re.findall(r"^(\S+(?: \(runtime\))?) {2,}([\d.]+) {2,}(\S.*)$", NOTICE, re.M)
}
SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
}
"""SPDX identifiers of the names in classifiers, and of the titles of licence texts."""
# The names in NOTICE of shared libraries in Pillow's wheel, if they differ from the names of their files.
PILLOW_LIBRARIES = {
    "brotlicommon": "brotli",
    "brotlidec": "brotli",
    "freetype": "FreeType",
    "harfbuzz": "HarfBuzz",
    "jpeg": "libjpeg-turbo",
    "lcms2": "Little CMS",
    "openjp2": "OpenJPEG",
    "png16": "libpng",
    "sharpyuv": "libwebp",
    "webpdemux": "libwebp",
    "webpmux": "libwebp",
    "zstd": "Zstandard",
}


def read_licenses(library: Distribution) -> set[str]:
    """Return the licences that a wheel states in its fields, in its classifiers and in the titles of its texts."""
    metadata = library.metadata
    stated = {metadata.get("License-Expression", ""), metadata.get("License", "")}
    stated |= {SPDX.get(name.rpartition(" :: ")[2], "") for name in metadata.get_all("Classifier", [])}
    texts = [file for file in library.files or [] if file.name == "LICENSE"]
    return (stated | {SPDX.get(file.read_text().splitlines()[0], "") for file in texts}) - {""}


def test_each_library_of_the_package_is_listed() -> None:
    locked = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert {name.lower() for name in ROWS} == {*locked, "chalice"}


@pytest.mark.parametrize("name", ROWS)
def test_version_and_licence_are_those_of_the_wheel(name: str) -> None:
    library = distribution(name)
    version, license_text = ROWS[name]
    assert version == library.version
    assert {*license_text.split("; the wheel: ")} <= read_licenses(library)


def test_versions_of_libraries_inside_the_wheels() -> None:
    heif = pi_heif.libheif_info()
    decoder = re.search(r"[\d.]+$", heif["decoders"]["libde265"])
    assert decoder
    for name, version in {
        "OpenSSL": backend.openssl_version_text().split()[1],
        "libheif": heif["libheif"],
        "libde265": decoder[0],
        "libvips": ".".join(str(pyvips.version(part)) for part in range(3)),
    }.items():
        assert {*re.findall(rf"\b{name} ([\d.]+\d)", NOTICE)} == {version}


def test_named_folders_exist() -> None:
    site = Path(pyvips.__file__).parent.parent
    folders = re.findall(r"[\w-]+-[\d.]+\.dist-info/[\w/]+", NOTICE)
    assert len(folders) == 2
    assert [folder for folder in folders if not (site / folder).exists()] == []


def test_shared_libraries_in_the_wheel_of_pillow_are_listed() -> None:
    folder = Path(pyvips.__file__).parent.parent / "pillow.libs"
    if not folder.exists():
        pytest.skip("wheels for macOS have another folder")
    stems = {path.name.removeprefix("lib").partition("-")[0] for path in folder.iterdir()}
    listed = NOTICE.partition("pillow contains ")[2].partition(" All have permissive")[0]
    assert [stem for stem in stems if PILLOW_LIBRARIES.get(stem, f"lib{stem}") not in listed] == []
