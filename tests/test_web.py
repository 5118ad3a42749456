"""The scripts of the web page: their own tests, and the files that the first view needs."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

WEB = ROOT / "chalicelib" / "web"
INDEX = (WEB / "index.html").read_text()
FIRST_VIEW_BYTES = 60_000
_IMPORT = re.compile(r'^(?:import|export) [^"]*?"(\.{1,2}/[^"]+)";', re.MULTILINE)


def find_imports(*names: str) -> set[Path]:
    """Return the modules, and all modules that they import when they load."""
    found: set[Path] = set()
    waiting = [WEB / name for name in names]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [(module.parent / name).resolve() for name in _IMPORT.findall(module.read_text())]
    return found


FIRST_VIEW = find_imports("app.js", "views/explore.js")


def test_scripts_pass_their_own_tests() -> None:
    node = Path(sys.executable).parent / "node"
    files = sorted(map(str, (ROOT / "tests" / "web").glob("*.test.js")))
    run = subprocess.run([str(node), "--test", *files], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout
    assert int(re.findall(r"pass (\d+)", run.stdout)[0]) > 8


def test_page_preloads_exactly_the_modules_of_its_first_view() -> None:
    preloaded = re.findall(r'<link rel="modulepreload" href="/web/([^"]+)">', INDEX)
    assert sorted(preloaded) == sorted(str(path.relative_to(WEB)) for path in FIRST_VIEW - {WEB / "app.js"})


def test_first_view_is_small() -> None:
    styles = [WEB / name for name in re.findall(r'<link rel="stylesheet" href="/web/([^"]+)">', INDEX)]
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in [WEB / "index.html", *styles, *FIRST_VIEW]}
    assert sum(sizes.values()) <= FIRST_VIEW_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:8]


def test_every_import_and_link_of_the_page_exists() -> None:
    names = re.findall(r'(?:href|src)="/web/([^"]+)"', INDEX)
    modules = [path for path in WEB.rglob("*.js") if path.name != "sw.js"]
    for module in modules:
        for name in re.findall(r'(?:from|import\(|import) ?"(\.{1,2}/[^"]+)"', module.read_text()):
            names.append(str((module.parent / name).resolve().relative_to(WEB)))
    assert len(names) > 50
    for name in sorted(set(names)):
        assert (WEB / name).is_file(), name
        assert name.count("/") < 2, f"{name}: the service answers files in folders of one level"


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.js")), ids=lambda path: str(path.relative_to(WEB)))
def test_module_begins_with_its_purpose(path: Path) -> None:
    assert re.match(r"/\*\* [A-Z]", path.read_text()), path
