"""A PostgreSQL server for tests, in a temporary folder and without a network port."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from local import postgres
from tests.support.programs import skip_except_in_ci

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
}


class PostgresServer(NamedTuple):
    """A running server. Its socket is in the folder of its data."""

    running: postgres.PostgresServer

    @property
    def folder(self) -> Path:
        """The folder of the data, and of the socket."""
        return self.running.folder

    def url(self, database: str = "postgres") -> str:
        """Return the connection string of a database."""
        return build_url(self.folder, database)

    def create_database(self) -> str:
        """Create an empty database, and return its name."""
        name = f"test_{secrets.token_hex(8)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def restart(self) -> "PostgresServer":
        """Stop the server, and start it again with the same data."""
        self.stop()
        return start(self.folder)

    def stop(self) -> None:
        """Stop the server, and cut all connections."""
        self.running.stop()


def build_url(folder: Path, database: str) -> str:
    """Return the connection string of a database of the server in a folder."""
    return f"host={folder} user=postgres dbname={database}"


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Yield a server without data. Skip the test if PostgreSQL is not installed, except in CI."""
    if postgres.find_programs() is None:
        skip_except_in_ci("PostgreSQL is not installed. Install Debian's package `postgresql`.")
    folder = Path(tempfile.mkdtemp(prefix="photoshare-"))
    try:
        postgres.create(folder / "postgres")
        server = start(folder / "postgres")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path) -> PostgresServer:
    """Start a server on the data in a folder. The server stops when this process ends, however it ends."""
    settings = _SETTINGS | {"unix_socket_directories": str(folder)}
    return PostgresServer(postgres.start(folder, settings, build_url(folder, "postgres")))
