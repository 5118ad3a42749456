"""The directory with all data of a local cloud, its lock, and the port of a server."""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_LOCK_WAIT = 5.0
"""Seconds. Longer than a child needs to stop after its parent was killed."""


class CannotRun(Exception):
    """The local cloud cannot run. The message has the cause and, if possible, the remedy."""


@contextlib.contextmanager
def lock_data(data: Path) -> Iterator[IO[str]]:
    """Create the directory if it does not exist, and lock it. Yield the file of the lock.

    Raises:
        CannotRun: another local cloud uses the directory, or it cannot be used.
    """
    if data.exists() and not data.is_dir():
        raise CannotRun(f"{data} is a file. Choose a directory for DATA.")
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("state", "s3"):
            (data / part).mkdir(mode=0o700, exist_ok=True)
        lock = (data / "lock").open("a")
    except OSError as error:
        raise CannotRun(
            f"The local cloud cannot store its data in {data}: {error.strerror} ({error.filename})."
        ) from error
    with lock:
        deadline = time.monotonic() + _LOCK_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise CannotRun(f"Another local cloud uses {data}. Stop it, or choose another DATA.") from error
                time.sleep(0.1)
        yield lock


def require_free_port(port: int, variable: str) -> int:
    """Return `port`, or a free port if it is 0.

    Raises:
        CannotRun: another process listens on the port, or the user may not use the port.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CannotRun(f"Port {port} cannot be used ({error}). Choose another {variable}.") from error
        return int(probe.getsockname()[1])


def read_or_create_secret(file: Path, value: str) -> str:
    """Return the secret in `file`. If the file does not exist, write `value` to it, readable only for its owner."""
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(value)
    return file.read_text()
