"""The database of a local cloud, and the note of it in the directory of the data."""

from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from local import postgres
from local.data import CannotRun
from local.store import open_store
from tests.support.postgres_server import PostgresServer


def open_and_close(data: Path, store: str | None = None) -> dict[str, str]:
    with open_store(data, store) as variables:
        return variables


def test_directory_stays_with_its_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert open_and_close(tmp_path) == {}
    with pytest.raises(CannotRun, match="belong to the store `dynamodb`, not `postgres`"):
        open_and_close(tmp_path, "postgres")
    assert open_and_close(tmp_path, "dynamodb") == {}


def test_directory_stays_with_its_existing_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: PostgresServer
) -> None:
    first, second = (postgres_server.url(postgres_server.create_database()) for _ in range(2))
    monkeypatch.setenv("DATABASE_URL", first)
    assert open_and_close(tmp_path) == open_and_close(tmp_path, "postgres") == {"DATABASE_URL": first}
    with pytest.raises(CannotRun, match=r"Unset it, or leave out STORE=dynamodb\."):
        open_and_close(tmp_path, "dynamodb")
    monkeypatch.setenv("DATABASE_URL", second)
    with pytest.raises(CannotRun, match="Choose another DATA"):
        open_and_close(tmp_path)
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(CannotRun, match="Set DATABASE_URL"):
        open_and_close(tmp_path)


def test_unreachable_database_says_what_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/photos")
    with pytest.raises(CannotRun, match=r"\nCheck DATABASE_URL, and that the server is running\.$"):
        open_and_close(tmp_path)


def test_reason_is_named_if_a_database_accepts_no_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: PostgresServer
) -> None:
    url = postgres_server.url(postgres_server.create_database())
    monkeypatch.setenv("DATABASE_URL", make_conninfo(url, options="-c default_transaction_read_only=on"))
    with pytest.raises(CannotRun, match=r"DATABASE_URL: cannot execute CREATE TABLE in a read-only transaction\n"):
        open_and_close(tmp_path)


def test_missing_server_leaves_no_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "find_programs", lambda: None)
    with pytest.raises(CannotRun, match="PostgreSQL is not installed"):
        open_and_close(tmp_path, "postgres")
    assert open_and_close(tmp_path) == {}


@pytest.mark.usefixtures("postgres_server")
def test_server_keeps_its_data_behind_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    urls = [open_and_close(tmp_path, "postgres")["DATABASE_URL"] for _ in range(2)]
    password = (tmp_path / "postgres-password").read_text()
    assert all(f":{password}@127.0.0.1:" in url for url in urls)
    assert (tmp_path / "postgres-password").stat().st_mode & 0o077 == 0
    assert open_and_close(tmp_path)["DATABASE_URL"], "the note in the directory chooses the store"
