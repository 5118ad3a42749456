"""Build the same package from the same commit, and only from files whose hash is in the lock file.

Chalice writes the files to the archive in the order of the folder, and with their permissions. It builds pyvips with
the newest setuptools, and downloads the wheels of another platform by version only.
"""

import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can hold."""
_FILE_MODE = 0o100644
_COMPILED = "__pycache__"


def extend_packager(packager: Any, os_utils: Any) -> None:
    """Extend the modules of Chalice that download the libraries and write the archive."""
    # pip stores the variable under the name `build_isolation`, so "0" turns isolation off. pip then builds with the
    # locked setuptools of this environment, and downloads no build tools.
    os.environ["PIP_NO_BUILD_ISOLATION"] = "0"
    base, builder, runner = packager.BaseLambdaDeploymentPackager, packager.DependencyBuilder, packager.PipRunner
    base._get_requirements_filename = lambda _, project: str(Path(project) / get_lock_name())
    base._iter_app_filenames = _wrap_iter(base._iter_app_filenames)
    builder.build_site_packages = _wrap_build(builder.build_site_packages, packager.MissingDependencyError)
    builder._install_wheels = _wrap_install(builder._install_wheels)
    runner._execute = _wrap_execute(runner._execute)
    os_utils.open_zip = _wrap_open_zip(os_utils.open_zip)


def get_lock_name() -> str:
    """Return the name of the lock file of the package. `STORE` chooses the package with the driver of SQL databases."""
    return "requirements-sql.txt" if os.environ.get("STORE") in {"dsql", "postgres"} else "requirements.txt"


class ReproducibleZip(zipfile.ZipFile):
    """An archive whose bytes depend only on the names and contents of its files."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename, "w", zipfile.ZIP_DEFLATED)
        self._paths: dict[str, str] = {}

    def write(self, filename: Any, arcname: Any = None, *_args: Any, **_options: Any) -> None:
        """Remember a file. `close` writes all files, sorted by name. Ignore compiled modules, which contain times."""
        if _COMPILED not in Path(arcname).parts:
            self._paths[str(arcname)] = str(filename)

    def close(self) -> None:
        """Write the files, and close the archive."""
        for name, path in sorted(self._paths.items()):
            entry = zipfile.ZipInfo(name, _FIRST_TIME)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, _FILE_MODE << 16
            self.writestr(entry, Path(path).read_bytes())
        self._paths = {}
        super().close()


def find_locked(requirement: str, lock: str) -> str:
    """Return the lines of a lock file for `name==version`, with their hashes.

    Raises:
        KeyError: the lock file does not contain this version.
    """
    name, _, version = requirement.partition("==")
    for entry in re.split(r"\n(?=\S)", lock):
        locked = re.match(r"([\w.-]+)(?:\[.*?\])?==([^\s;]+)", entry)
        if locked and (_normalize(locked[1]), locked[2]) == (_normalize(name), version):
            return entry
    raise KeyError(requirement)


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _wrap_execute(execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_with_hashes(runner: Any, command: str, args: list[str], *more: Any, **options: Any) -> Any:
        if command != "download":
            return execute(runner, command, args, *more, **options)
        if "-r" in args:
            return execute(runner, command, ["--require-hashes", *args], *more, **options)
        # Chalice changes to the folder of the project. pip takes hashes only from a file.
        lock = Path(get_lock_name())
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(find_locked(args[-1], lock.read_text()))
            file.flush()
            return execute(runner, command, ["--require-hashes", *args[:-1], "-r", file.name], *more, **options)

    return execute_with_hashes


def _wrap_build(build: Callable[..., None], missing: type[Exception]) -> Callable[..., None]:
    def build_or_stop(builder: Any, *args: Any) -> None:
        try:
            build(builder, *args)
        except missing as error:
            # Chalice would only print a warning, and deploy a package without the libraries.
            names = sorted(package.identifier for package in error.missing)  # type: ignore[attr-defined]
            raise RuntimeError(f"There is no file with a locked hash for {', '.join(names)}.") from error

    return build_or_stop


def _wrap_install(install: Callable[..., None]) -> Callable[..., None]:
    def install_in_order(builder: Any, source: str, target: str, wheels: set[Any]) -> None:
        install(builder, source, target, sorted(wheels, key=lambda wheel: str(wheel.filename)))

    return install_in_order


def _wrap_iter(iterate: Callable[..., Iterator[tuple[str, str]]]) -> Callable[..., list[tuple[str, str]]]:
    """Sort the files, because Chalice derives the name of its cached package from their contents in this order."""

    def iterate_in_order(packager: Any, project: str) -> list[tuple[str, str]]:
        return sorted((path, name) for path, name in iterate(packager, project) if _COMPILED not in Path(name).parts)

    return iterate_in_order


def _wrap_open_zip(open_zip: Callable[..., Any]) -> Callable[..., Any]:
    def open_reproducible_zip(utils: Any, filename: str, mode: str, *args: Any) -> Any:
        return ReproducibleZip(filename) if mode == "w" else open_zip(utils, filename, mode, *args)

    return open_reproducible_zip
