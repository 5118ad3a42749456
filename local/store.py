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


@contextlib.contextmanager
def open_store(data: Path, store: str | None) -> Iterator[dict[str, str]]:
    """Open the store of a local cloud with its data in `data`. Yield the environment variables that choose the store.

    `DATABASE_URL` names an existing database, and `store` is one of `STORES`. If neither is given, use the store that
    the directory was created with.

    Raises:
        CannotRun: they contradict each other, the directory belongs to another store, or the database does not start.
    """
    if url := os.environ.get("DATABASE_URL"):
        if store == _DYNAMODB:
            raise CannotRun("DATABASE_URL names a PostgreSQL database. Unset it, or leave out STORE=dynamodb.")
        from local import postgres

        _note_store(data, postgres.create_tables(url))
        yield {"DATABASE_URL": url}
        return
    if _choose_store(data, store) == _DYNAMODB:
        _note_store(data, _DYNAMODB)
        yield {}
        return
    with _run_server(data) as url:
        _note_store(data, _POSTGRES)
        yield {"DATABASE_URL": url}


def _choose_store(data: Path, store: str | None) -> str:
    """Return the store of the options, or otherwise the store that the directory was created with."""
    noted = _read_note(data)
    chosen = store or noted or _DYNAMODB
    if chosen not in STORES:
        raise CannotRun(f"The photos in {data} belong to {chosen}. Set DATABASE_URL, or choose another DATA.")
    _require_store(data, chosen)
    return chosen


def _note_store(data: Path, name: str) -> None:
    """Note the store in the directory. The rows of another store do not fit the objects in the directory."""
    _require_store(data, name)
    (data / "store").write_text(name)


def _require_store(data: Path, name: str) -> None:
    if _read_note(data) not in (None, name):
        raise CannotRun(
            f"The photos in {data} belong to the store `{_read_note(data)}`, not `{name}`. Choose another DATA."
        )


def _read_note(data: Path) -> str | None:
    note = data / "store"
    if note.exists():
        return note.read_text()
    return _DYNAMODB if (data / "env").exists() else None


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
        postgres.create_tables(url)
        yield url
    finally:
        server.stop()
