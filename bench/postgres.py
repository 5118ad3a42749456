"""Run `ORDER BY random() LIMIT 10` on a real PostgreSQL, in a temporary cluster."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import starmap
from pathlib import Path

from chalicelib.domain.ids import PhotoId
from tests.support.feed_gallery import Gallery


class Absent(Exception):
    """PostgreSQL is not installed or does not start."""


class OrderByRandom:
    """Run one query per page. The pages are independent."""

    name, in_walk = "PostgreSQL", False

    def __init__(self, socket: str) -> None:
        self._command = ["psql", "-X", "-q", "-A", "-t", "-h", socket, "-U", "bench", "-d", "postgres"]

    def pages(self, photos: Gallery) -> Iterator[list[PhotoId]]:
        """Yield independent pages through one session."""
        with subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            assert session.stdin
            assert session.stdout
            session.stdin.write(_fill(photos.ids()))
            applied = len(photos.changes)
            for _ in range(-(-len(photos.ranks) // 10)):
                session.stdin.write("".join(starmap(_change, photos.changes[applied:])) + _QUERY)
                session.stdin.flush()
                applied = len(photos.changes)
                photos.items, photos.requests = photos.items + len(photos.ranks), photos.requests + 1
                yield [PhotoId(photo_id) for photo_id in session.stdout.readline().split()]


_QUERY = "SELECT string_agg(id, ' ') FROM (SELECT id FROM p ORDER BY random() LIMIT 10) ten;\n"


def _fill(ids: set[PhotoId]) -> str:
    listed = "\n".join(ids)
    create = "SET client_min_messages = error; DROP TABLE IF EXISTS p; CREATE TABLE p (id text PRIMARY KEY);"
    return f"{create}\nCOPY p FROM STDIN;\n{listed}\n\\.\n"


def _change(photo_id: PhotoId, is_insert: bool) -> str:
    return f"INSERT INTO p VALUES ('{photo_id}');\n" if is_insert else f"DELETE FROM p WHERE id = '{photo_id}';\n"


@contextmanager
def running() -> Iterator[OrderByRandom]:
    """Run a cluster that listens only on a socket.

    Raises:
        Absent: Debian's postgresql is not installed or does not start.
    """
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not binaries or not shutil.which("psql"):
        raise Absent("PostgreSQL is not installed (Debian: apt install postgresql). Its row is skipped.")
    # PostgreSQL does not run as root.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user, user)

        def run(name: str, *options: str) -> None:
            command = [str(binaries[-1] / name), *options]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, group=user, cwd="/")

        try:
            run("initdb", "-D", f"{folder}/data", "-U", "bench", "-A", "trust", "--no-sync")
            options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
            run("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o", options, "start")
        except (OSError, subprocess.CalledProcessError) as error:
            raise Absent(f"PostgreSQL did not start ({error}). Its row is skipped.") from error
        try:
            yield OrderByRandom(folder)
        finally:
            with suppress(subprocess.CalledProcessError):
                run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
