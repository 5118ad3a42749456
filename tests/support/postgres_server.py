"""A PostgreSQL server for tests, in a temporary folder and without a network port."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import psycopg
import pytest

_START_SECONDS = 30
_UNTIL_END_OF_INPUT = '"$@" & server=$!; read -r _; kill -QUIT $server; wait $server'
"""Run a program in the background until the standard input of this shell is closed."""
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


class PostgresServer(NamedTuple):
    """A running server."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres") -> str:
        """Return the connection string of a database."""
        return f"host={self.folder} user=postgres dbname={database}"

    def create_database(self) -> str:
        """Create an empty database, and return its name."""
        name = f"test_{secrets.token_hex(8)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def restart(self) -> "PostgresServer":
        """Stop the server as a crash would, and start it again with the same data."""
        self.stop()
        return start(self.folder)

    def stop(self) -> None:
        """Stop the server at once, and cut all connections."""
        self.process.communicate()


def find_binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`, or None if PostgreSQL is not installed."""
    found = shutil.which("initdb")
    installed = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(installed) if (folder / "postgres").exists()), None)


def skip_except_in_ci(message: str) -> NoReturn:
    """Skip the test because a program is not installed. Fail in CI, which has all programs."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Yield a server without data. Skip the test if PostgreSQL is not installed, except in CI."""
    if not (binaries := find_binaries()):
        skip_except_in_ci("PostgreSQL is not installed. Install Debian's package `postgresql`.")
    folder = Path(tempfile.mkdtemp(prefix="photoshare-postgres-"))
    try:
        if user := _get_user():
            shutil.chown(folder, user)
        options = ["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        command = [str(binaries / "initdb"), "-D", str(folder), *options]
        subprocess.run(command, check=True, capture_output=True, **_as_user(folder))
        server = start(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path) -> PostgresServer:
    """Start a server on the data in a folder. The server stops when this process ends, however it ends."""
    binaries = find_binaries()
    assert binaries
    settings = [f"--{name}={value}" for name, value in (_SETTINGS | {"unix_socket_directories": str(folder)}).items()]
    command = ["sh", "-c", _UNTIL_END_OF_INPUT, "sh", str(binaries / "postgres"), "-D", str(folder), *settings]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, **_as_user(folder))
    server = PostgresServer(folder, process)
    _wait(server)
    return server


def _wait(server: PostgresServer) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(server.url()).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise AssertionError((server.folder / "log").read_text()) from None
        time.sleep(0.05)


def _as_user(folder: Path) -> dict[str, Any]:
    """Return the arguments that run a program as another user if this user is root, whom PostgreSQL refuses."""
    user = _get_user()
    return {"cwd": folder} | ({"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {})


def _get_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
