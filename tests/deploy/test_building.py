"""The package is built reproducibly, and only from files with a locked hash."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from chalice.deploy.packager import DependencyBuilder, PipRunner, SubprocessPip
from chalice.utils import OSUtils

from chalicelib.deploy import building
from chalicelib.deploy.building import ReproducibleZip, find_locked
from tests.support.paths import ROOT

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
"""The tag of wheels for the Python that runs chalice, because Lambda runs the package with the same Python."""
LOCK = """# A comment
one-two==1.0 \\
    --hash=sha256:aa
    # via three
three[binary]==2.0 ; python_version >= '3.12' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
"""


def write_archive(folder: Path, names: list[str], mode: int) -> bytes:
    """Return the archive of files that are written and added in the given order."""
    folder.mkdir()
    with ReproducibleZip(str(folder / "package.zip")) as archive:
        for name in names:
            path = folder / name.replace("/", "-")
            path.write_text(name)
            path.chmod(mode)
            archive.write(path, name)
    return (folder / "package.zip").read_bytes()


def test_bytes_depend_only_on_names_and_contents(tmp_path: Path) -> None:
    names = ["b.py", "a/c.py", "a/__pycache__/c.cpython-312.pyc"]
    first = write_archive(tmp_path / "1", names, 0o600)
    os.utime(tmp_path / "1" / "b.py", (0, 0))
    assert write_archive(tmp_path / "2", names[::-1], 0o755) == first
    assert write_archive(tmp_path / "3", [*names, "d.py"], 0o600) != first
    with zipfile.ZipFile(tmp_path / "1" / "package.zip") as archive:
        assert [entry.filename for entry in archive.infolist()] == ["a/c.py", "b.py"]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert archive.read("a/c.py") == b"a/c.py"


def test_lock_is_searched_by_normalized_name_and_exact_version() -> None:
    assert find_locked("One_Two==1.0", LOCK) == "one-two==1.0 \\\n    --hash=sha256:aa\n    # via three"
    assert find_locked("three==2.0", LOCK).count("--hash") == 2
    for missing in ("one-two==1.1", "one==1.0", "three==2"):
        with pytest.raises(KeyError):
            find_locked(missing, LOCK)


def test_project_is_locked_for_both_architectures_of_lambda_and_for_macos() -> None:
    # Each wheel of pillow has its own hash. A lock of one platform would contain only a few.
    assert find_locked("pillow==13.0.0", (ROOT / "requirements.txt").read_text()).count("--hash") > 40


def make_wheel(folder: Path, platform: str) -> str:
    """Write a wheel without modules. Return its hash."""
    folder.mkdir(exist_ok=True)
    info = "tiny-1.0.dist-info"
    files = {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {TAG}-{TAG}-{platform}\n",
    }
    digest = {name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for name, text in files.items()}
    record = "".join(f"{name},sha256={digest[name].decode().rstrip('=')},\n" for name in files)
    path = folder / f"tiny-1.0-{TAG}-{TAG}-{platform}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("is_locked", [True, False])
def test_wheel_of_another_platform_needs_a_locked_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    digest = make_wheel(tmp_path / "index", "manylinux2014_aarch64")
    lock = f"tiny==1.0 \\\n    --hash=sha256:{digest if is_locked else '0' * 64}\n"
    (tmp_path / building.get_lock_name()).write_text(lock)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setattr(PipRunner, "_execute", building._wrap_execute(PipRunner._execute))
    runner = PipRunner(SubprocessPip(OSUtils()))
    runner.download_manylinux_wheels(TAG, ["tiny==1.0"], str(tmp_path / "found"), ["manylinux2014_aarch64"])
    assert [path.name for path in (tmp_path / "found").glob("*")] == (
        [f"tiny-1.0-{TAG}-{TAG}-manylinux2014_aarch64.whl"] if is_locked else []
    )


def test_package_without_a_library_is_an_error() -> None:
    class Missing(Exception):
        def __init__(self) -> None:
            self.missing = {type("Package", (), {"identifier": "tiny==1.0"})()}

    def build(_builder: DependencyBuilder, *_: Any) -> None:
        raise Missing

    with pytest.raises(RuntimeError, match="no file with a locked hash for tiny=="):
        building._wrap_build(build, Missing)(None)


@pytest.mark.parametrize(
    ("store", "has_driver"), [("postgres", True), ("dsql", True), ("dynamodb", False), ("", False)]
)
def test_package_has_the_driver_only_for_an_sql_store(
    monkeypatch: pytest.MonkeyPatch, store: str, has_driver: bool
) -> None:
    monkeypatch.setenv("STORE", store)
    lock = (ROOT / building.get_lock_name()).read_text()
    assert ("psycopg-binary==" in lock) == has_driver
    assert find_locked("pillow==13.0.0", lock).count("--hash") > 40


def test_functions_do_not_import_the_builder() -> None:
    code = "import sys, app; assert 'chalicelib.deploy.building' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=os.environ | {"AWS_DEFAULT_REGION": "x"})
