"""Write a CycloneDX SBOM of the package to `out/sbom.json`: `python -m release.sbom` after `make package`."""

import hashlib
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.metadata import Metadata
from packaging.utils import canonicalize_name

from release.report import OUT

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_CHALICE_VERSION = re.compile(r"__version__: str = ['\"]([\d.]+)['\"]")


def main() -> None:
    """Write the SBOM beside the package."""
    (OUT / "sbom.json").write_text(serialize(build(OUT / "deployment.zip")))


def build(package: Path) -> Bom:
    """Return the SBOM of a package. Equal packages have equal SBOMs, so it has neither a time nor a random number."""
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    bom = Bom(serial_number=uuid5(NAMESPACE_OID, digest))
    with zipfile.ZipFile(package) as archive:
        found = dict(_find_libraries(archive))
    bom.components.update(component for component, _ in found.values())
    project = tomllib.loads((OUT.parent / "pyproject.toml").read_text())["project"]
    root = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        licenses=[LicenseFactory().make_from_string(project["license"])],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        bom_ref=project["name"],
    )
    bom.metadata.component = root
    bom.register_dependency(root, bom.components)
    for component, needs in found.values():
        bom.register_dependency(component, [found[need][0] for need in needs if need in found])
    return bom


def serialize(bom: Bom) -> str:
    """Return an SBOM as JSON."""
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library always writes the current time.
    del document["metadata"]["timestamp"]
    return json.dumps(document, indent=2) + "\n"


def _find_libraries(archive: zipfile.ZipFile) -> Iterator[tuple[str, tuple[Component, list[str]]]]:
    """Yield each library by its name, with the names of the libraries that it needs."""
    for path in archive.namelist():
        if _METADATA.fullmatch(path):
            metadata = Metadata.from_email(archive.read(path), validate=False)
            stated = [name for name in metadata.classifiers or [] if name.startswith("License ::")]
            license_text = metadata.license_expression or metadata.license or ", ".join(stated)
            component = _describe(metadata.name, str(metadata.version), license_text)
            component.components.update(_find_embedded(archive, path.rpartition("/")[0]))
            needs = [need for need in metadata.requires_dist or [] if need.marker is None or need.marker.evaluate()]
            yield canonicalize_name(metadata.name), (component, [canonicalize_name(need.name) for need in needs])
    # Chalice copies its runtime without its metadata.
    version = _CHALICE_VERSION.search(archive.read("chalice/app.py").decode())
    if version is None:
        raise ValueError("The package does not name the version of chalice.")
    yield "chalice", (_describe("chalice", version[1], "Apache-2.0"), ["jmespath"])


def _find_embedded(archive: zipfile.ZipFile, folder: str) -> Iterator[Component]:
    """Yield the libraries that a wheel contains, from the SBOMs in the wheel."""
    for path in archive.namelist():
        if path.startswith(f"{folder}/sboms/") and path.endswith(".json"):
            for listed in json.loads(archive.read(path)).get("components", []):
                yield Component(
                    name=listed["name"],
                    version=listed.get("version"),
                    type=ComponentType.LIBRARY,
                    purl=PackageURL.from_string(listed["purl"]) if "purl" in listed else None,
                    bom_ref=f"{path}#{listed['name']}@{listed.get('version')}",
                )


def _describe(name: str, version: str, license_text: str) -> Component:
    purl = PackageURL("pypi", name=canonicalize_name(name), version=version)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        licenses=[LicenseFactory().make_from_string(license_text)],
        purl=purl,
        bom_ref=str(purl),
    )


if __name__ == "__main__":
    main()
