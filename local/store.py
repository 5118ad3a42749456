"""The database of the local cloud: DynamoDB in the emulator, a PostgreSQL server of its own, or an existing one."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from local.data import CannotRun, read_or_create_secret, require_free_port

_DYNAMODB = "dynamodb"
_POSTGRES = "postgres"
STORES = (_DYNAMODB, _POSTGRES)
_EXISTING = "existing database"


@contextlib.contextmanager
def open_store(data: Path, store: str | None) -> Iterator[dict[str, str]]:
    """Open the store of a local cloud with its data in `data`. Yield the environment variables that choose the store.

    `DATABASE_URL` names an existing database, and `store` is one of `STORES`. If neither is given, use the store that
    the directory was created with.

    Raises:
        CannotRun: the directory belongs to another store, or the database does not start.
    """
    chosen = _choose_store(data, store)
    if chosen == _DYNAMODB:
        yield {}
        return
    from local import postgres

    if chosen == _EXISTING:
        url = os.environ["DATABASE_URL"]
        postgres.create_tables(url)
        yield {"DATABASE_URL": url}
        return
    with _run_server(data) as url:
        postgres.create_tables(url)
        yield {"DATABASE_URL": url}


def _choose_store(data: Path, store: str | None) -> str:
    """Return the store, and note it in the directory. The rows of another store do not fit the objects in it."""
    note = data / "store"
    noted = note.read_text() if note.exists() else _DYNAMODB if (data / "env").exists() else None
    chosen = _EXISTING if os.environ.get("DATABASE_URL") else store or noted or _DYNAMODB
    if noted not in (None, chosen):
        raise CannotRun(f"The photos in {data} belong to the store `{noted}`, not `{chosen}`. Choose another DATA.")
    note.write_text(chosen)
    return chosen


@contextlib.contextmanager
def _run_server(data: Path) -> Iterator[str]:
    from local import postgres

    folder, password_file = data / "postgres", data / "postgres-password"
    password = read_or_create_secret(password_file, secrets.token_urlsafe(24))
    port = require_free_port(0, "PORT")
    if not (folder / "PG_VERSION").exists():
        postgres.create(folder, password=password)
    settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    server = postgres.start(folder, settings, url)
    try:
        yield url
    finally:
        server.stop()
