"""Print the size, the cold import and the resources of the package: `python -m release.report` after `make package`."""

import platform
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer

OUT = Path(__file__).parent.parent / "out"
LIMIT = 25_000_000
"""Bytes of the zipped package. Lambda accepts twice as much, but a larger package slows the cold start.

AWS contract LAM-10.
"""
LIMIT_WITH_DRIVER = 30_000_000
"""Bytes of the zipped package with the driver of SQL databases."""
# Lambda provides boto3. AWS contract LAM-11.
_UNNEEDED = ("tests", "docs", "bench", "local", "boto3", "botocore", "pip", "pytest")
_MACHINES = {"x86_64": "Linux x86_64", "arm64": "Linux aarch64"}
_IMPORT = "import time; begun = time.perf_counter(); import app; print(f'{time.perf_counter() - begun:.2f}')"


def main() -> None:
    """Print the report.

    Raises:
        SystemExit: the package is too large, or contains files that the functions do not need.
    """
    package = OUT / "deployment.zip"
    size = package.stat().st_size
    template = YAMLTemplateSerializer().load_template((OUT / "sam.yaml").read_text())
    duration = (
        f"{measure_cold_import(package)} s" if can_run_here(template) else "not measured: built for another platform"
    )
    names = list_entries(package)
    limit = LIMIT_WITH_DRIVER if "psycopg" in names else LIMIT
    print(f"package: {size / 1e6:.1f} MB of {limit / 1e6:.0f}\ncold import: {duration}\n")
    for line in format_table(template):
        print(line)
    unneeded = find_unneeded(package)
    if size > limit or unneeded:
        sys.exit(f"The package is over {limit} bytes, or contains {sorted(unneeded)}.")


def list_entries(package: Path) -> set[str]:
    """Return the names of the files and folders at the top of the package."""
    with zipfile.ZipFile(package) as archive:
        return {name.split("/")[0] for name in archive.namelist()}


def find_unneeded(package: Path) -> set[str]:
    """Return the names in the package that the functions do not need."""
    return list_entries(package) & {*_UNNEEDED}


def can_run_here(template: dict[str, Any]) -> bool:
    """Return whether the wheels in the package run on this machine."""
    built_for = template["Resources"]["APIHandler"]["Properties"]["Architectures"]
    return f"{platform.system()} {platform.machine()}" in [_MACHINES[machine] for machine in built_for]


def measure_cold_import(package: Path) -> str:
    """Return the seconds to import the app from the package alone. As in Lambda, boto3 comes from the environment."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
        runs = [
            subprocess.run([sys.executable, "-c", _IMPORT], cwd=folder, capture_output=True, check=True, text=True)
            for _ in range(3)
        ]
    return min(run.stdout.strip() for run in runs)


def format_table(template: dict[str, Any]) -> list[str]:
    """Return a table of the resources by type, and of the resources with a condition."""
    resources = template["Resources"]
    kinds = Counter(resource["Type"] for resource in resources.values())
    conditional = Counter(resource["Type"] for resource in resources.values() if "Condition" in resource)
    lines = [f"{'resources':<44}{'total':>7}{'conditional':>13}"]
    lines += [f"{kind:<44}{count:>7}{conditional[kind] or '':>13}" for kind, count in sorted(kinds.items())]
    return [*lines, f"{'total':<44}{sum(kinds.values()):>7}{sum(conditional.values()):>13}"]


if __name__ == "__main__":
    main()
