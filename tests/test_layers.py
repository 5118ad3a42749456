"""Imports point one way, importing the app does nothing, and files stay readable."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "local").rglob("*.py")])
MAY_IMPORT = {
    "PIL": {"chalicelib.renditions"},
    "pi_heif": {"chalicelib.renditions"},
    "pyvips": {"chalicelib.renditions"},
    "chalice": {"app", "chalicelib.errors", "chalicelib.packaging"},
    "boto3": {"chalicelib.aws", "chalicelib.stores.items"},
    "botocore": {
        "chalicelib.aws",
        "chalicelib.bucket",
        "chalicelib.identity",
        "chalicelib.presign",
        "chalicelib.stores.calls",
    },
}
PURE_NAMES = ("ids", "models", "listing", "feed", "cursors", "strictjson", "sharing", "words", "terms")
PURE = [
    *(ROOT / "chalicelib" / f"{name}.py" for name in PURE_NAMES),
    *sorted((ROOT / "chalicelib" / "renditions").glob("*.py")),
]
USE_CASES = {
    *("accounts", "uploads", "grants", "photos", "lists", "jobs", "access"),
    *("albums", "entries", "links", "upkeep", "cancelling", "ratings", "search"),
}
PURE_MAY_IMPORT = {"ids", "models", "feed", "errors", "strictjson", "renditions", "words", "terms"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Modules imported at run time, fully named."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {each for each in found if not each.startswith("mypy_boto3")}


@pytest.mark.parametrize("library", MAY_IMPORT)
def test_a_library_is_known_only_where_it_belongs(library: str) -> None:
    knowing = {
        name_of(path)
        for path in SOURCES
        if any(each.split(".")[0] == library for each in imports(path)) and "local" not in path.parts
    }
    knowing = {"chalicelib.renditions" if name.startswith("chalicelib.renditions.") else name for name in knowing}
    assert knowing <= MAY_IMPORT[library]


def test_nothing_imports_the_app_or_the_wiring_but_the_app_and_local() -> None:
    for path in SOURCES:
        if path.parent.name == "chalicelib":
            assert not imports(path) & {"app", "chalicelib.wiring"}, path


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_modules_import_only_each_other(path: Path) -> None:
    used = {each.split(".")[1] for each in imports(path) if each.startswith("chalicelib.")}
    assert used <= PURE_MAY_IMPORT


@pytest.mark.parametrize("module", sorted(USE_CASES))
def test_use_cases_are_handed_their_store(module: str) -> None:
    used = imports(ROOT / "chalicelib" / f"{module}.py")
    assert not any("dynamodb" in each or "stores.calls" in each or "stores.items" in each for each in used)


def test_files_and_functions_stay_short() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert text.count("\n") <= 300 or path.name == "app.py", path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{path}: {node.name}"


def test_importing_the_app_builds_no_client_and_opens_no_socket() -> None:
    script = (
        "import sys, socket, boto3\n"
        "def refuse(*_, **__): raise AssertionError('used at import')\n"
        "socket.socket.connect = boto3.session.Session.client = boto3.session.Session.resource = refuse\n"
        "import app\n"
        "assert not {'pyvips', 'PIL', 'pi_heif'} & set(sys.modules), 'an image library was loaded'\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True, env={"PATH": ""})
