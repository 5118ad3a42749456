"""A PostgreSQL server for tests, in a temporary folder and without a network port."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

_START_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
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

    def restart(self) -> "PostgresServer":
        """Stop the server as a crash would, and start it again with the same data."""
        self.stop()
        return _start(self.folder)

    def stop(self) -> None:
        """Stop the server at once, and cut all connections."""
        self.process.terminate() if self.process.poll() else self.process.send_signal(3)
        self.process.wait()


def find_binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`, or None if PostgreSQL is not installed."""
    found = shutil.which("initdb")
    installed = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(installed) if (folder / "postgres").exists()), None)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Yield a server without data. Skip the test if PostgreSQL is not installed, except in CI."""
    binaries = find_binaries()
    if binaries is None:
        message = "PostgreSQL is not installed. Install Debian's package `postgresql`."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="photoshare-postgres-"))
    try:
        if _get_user():
            shutil.chown(folder, _get_user())
        options = ["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(
            [binaries / "initdb", "-D", folder, *options], check=True, capture_output=True, **_as_user(folder)
        )
        server = _start(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> PostgresServer:
    binaries = find_binaries()
    assert binaries
    settings = [f"--{name}={value}" for name, value in (_SETTINGS | {"unix_socket_directories": folder}).items()]
    with (folder / "log").open("ab") as log:
        command = [binaries / "postgres", "-D", folder, *settings]
        server = PostgresServer(folder, subprocess.Popen(command, stdout=log, stderr=log, **_as_user(folder)))
    _wait(server)
    return server


def _wait(server: PostgresServer) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(server.url()).close()
            return
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > end:
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
