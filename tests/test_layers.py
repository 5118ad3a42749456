"""Imports point one way, importing the app has no side effects, and files stay short."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FOLDERS = ("chalicelib", "local", "release", "bench", "tests")
FILES = [ROOT / "app.py", *sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]

BASE = {"domain", "infra"}
STORAGE = BASE | {"stores", "storage", "renditions", "auth"}
USE_CASES = STORAGE | {"photos", "albums", "uploads", "search", "accounts"}
MAY_IMPORT = {
    "domain": set[str](),
    "infra": {"domain"},
    "renditions": {"domain"},
    "auth": BASE,
    "storage": BASE,
    "stores": BASE,
    "photos": STORAGE,
    "albums": STORAGE | {"photos"},
    "search": STORAGE | {"photos"},
    "uploads": STORAGE | {"photos", "albums"},
    "accounts": STORAGE,
    "deploy": {"domain"},
    "http": USE_CASES,
    "jobs": USE_CASES,
    "reconcile": USE_CASES | {"wiring"},
    "wiring": USE_CASES | {"jobs"},
    "app": USE_CASES | {"http", "jobs", "reconcile", "wiring", "deploy"},
    "local": BASE | {"auth", "http", "stores", "deploy", "app", "release"},
    "release": BASE | {"auth", "stores", "deploy", "albums", "accounts", "reconcile", "wiring"},
    "bench": USE_CASES | {"http", "jobs", "reconcile", "wiring", "app", "local", "tests"},
}
"""The other folders that the modules of each folder may import."""
LIBRARIES = {
    "chalice": {"app", "http", "deploy", "local", "release", "tests"},
    "boto3": {"infra", "stores", "local", "release", "bench", "tests"},
    "botocore": {"infra", "storage", "auth", "stores", "local", "release", "bench", "tests"},
    "PIL": {"renditions", "release", "bench", "tests"},
    "psycopg": {"stores", "local", "release", "tests"},
    "pi_heif": {"renditions", "bench", "tests"},
    "pyvips": {"renditions", "bench", "tests"},
}
"""The folders that may import each library."""


def get_layer(module: str) -> str:
    """Return the folder of a module of this project, below `chalicelib` if applicable. Otherwise, name the library."""
    package, _, rest = module.partition(".")
    if package == "chalicelib":
        return rest.partition(".")[0] or package
    return package if package in {"app", *FOLDERS} else f"library {package}"


def get_module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def list_imports(path: Path) -> set[str]:
    """Return the full names of the modules that a file imports."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= names if node.module == "chalicelib" else {node.module, *names}
    return {module for module in modules if not module.startswith("mypy_boto3")}


def test_every_folder_has_import_rules() -> None:
    packages = {get_layer(get_module_name(path)) for path in FILES} - {"chalicelib", "tests"}
    assert packages == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=get_module_name)
def test_imports_point_one_way(path: Path) -> None:
    layer = get_layer(get_module_name(path))
    used = {get_layer(module) for module in list_imports(path)} & {*MAY_IMPORT, "tests"}
    if layer != "tests":
        assert used - {layer} <= MAY_IMPORT.get(layer, set())
        return
    assert "bench" not in used, "tests do not depend on benches"
    modules = {module.split(".")[-2] for module in list_imports(path) if module.startswith("tests.")}
    assert not any(module.startswith("test_") for module in modules), "tests do not import other tests"


@pytest.mark.parametrize("library", LIBRARIES)
def test_library_is_used_only_in_its_folders(library: str) -> None:
    users = {
        get_layer(get_module_name(path))
        for path in FILES
        if any(module.split(".")[0] == library for module in list_imports(path))
    }
    assert users <= LIBRARIES[library]


def test_use_cases_do_not_import_jobs() -> None:
    """Check that use cases depend on a `Queue` instead. Otherwise, albums and jobs would import each other."""
    assert "jobs" not in set().union(*(MAY_IMPORT[folder] for folder in USE_CASES))


def test_files_and_functions_stay_short() -> None:
    for path in FILES:
        text = path.read_text()
        assert text.count("\n") <= 300 or path.name == "app.py", path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 40, f"{path}: {node.name}"


def test_app_file_has_little_besides_routes() -> None:
    text = (ROOT / "app.py").read_text()
    assert text.count("\n") <= 100 + 8 * text.count("@app.route(")


def test_package_has_at_most_20_entries() -> None:
    entries = [path for path in (ROOT / "chalicelib").iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 20


def test_importing_the_app_builds_no_client_and_opens_no_socket() -> None:
    script = (
        "import sys, socket, boto3\n"
        "def refuse(*_, **__): raise AssertionError('used at import')\n"
        "socket.socket.connect = boto3.session.Session.client = boto3.session.Session.resource = refuse\n"
        "import app\n"
        "assert not {'pyvips', 'PIL', 'pi_heif'} & set(sys.modules), 'an image library was loaded'\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True, env={"PATH": ""})
