"""`python -m release.report`: size, cold import and resources of what `make package` has built."""

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
"""Bytes zipped. Lambda takes twice as much; the rest is cold start. AWS contract LAM-10."""
# Lambda has boto3. AWS contract LAM-11.
_FOREIGN = ("tests", "docs", "bench", "local", "boto3", "botocore", "pip", "pytest")
_MACHINES = {"x86_64": "Linux x86_64", "arm64": "Linux aarch64"}
_IMPORT = "import time; begun = time.perf_counter(); import app; print(f'{time.perf_counter() - begun:.2f}')"


def main() -> None:
    """Print it.

    Raises:
        SystemExit: the package is too large, or holds what does not run.
    """
    package = OUT / "deployment.zip"
    size = package.stat().st_size
    template = YAMLTemplateSerializer().load_template((OUT / "sam.yaml").read_text())
    took = f"{cold_import(package)} s" if runs_here(template) else "not measured, as the package is for other machines"
    print(f"package: {size / 1e6:.1f} MB of {LIMIT / 1e6:.0f}\ncold import: {took}\n")
    for line in table(template):
        print(line)
    found = foreign(package)
    if size > LIMIT or found:
        sys.exit(f"The package is over {LIMIT} bytes, or holds {sorted(found)}.")


def foreign(package: Path) -> set[str]:
    """What is in the package and should not be."""
    with zipfile.ZipFile(package) as opened:
        return {name.split("/")[0] for name in opened.namelist()} & {*_FOREIGN}


def runs_here(template: dict[str, Any]) -> bool:
    """Whether the wheels in the package are for this machine."""
    built_for = template["Resources"]["APIHandler"]["Properties"]["Architectures"]
    return f"{platform.system()} {platform.machine()}" in [_MACHINES[each] for each in built_for]


def cold_import(package: Path) -> str:
    """Seconds to import the app from the package alone, beside the boto3 of this environment, as in Lambda."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as opened:
            opened.extractall(folder)
        best = [
            subprocess.run([sys.executable, "-c", _IMPORT], cwd=folder, capture_output=True, check=True, text=True)
            for _ in range(3)
        ]
    return min(each.stdout.strip() for each in best)


def table(template: dict[str, Any]) -> list[str]:
    """How many resources there are of each type, and which have a condition."""
    resources = template["Resources"]
    kinds = Counter(each["Type"] for each in resources.values())
    conditional = Counter(each["Type"] for each in resources.values() if "Condition" in each)
    lines = [f"{'resources':<44}{'all':>5}{'on demand':>11}"]
    lines += [f"{kind:<44}{count:>5}{conditional[kind] or '':>11}" for kind, count in sorted(kinds.items())]
    return [*lines, f"{'together':<44}{sum(kinds.values()):>5}{sum(conditional.values()):>11}"]


if __name__ == "__main__":
    main()
