"""The command copies between databases, resumes after it was killed, and refuses to overwrite a database in use."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from psycopg.conninfo import make_conninfo

from chalicelib.domain.accounts import Account
from chalicelib.domain.ids import Timestamp, UserId
from chalicelib.stores.copies import Progress
from chalicelib.stores.copying import NeedsReplace
from chalicelib.stores.postgres.copies import PostgresCopyStore
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import migrate
from release import copy_store
from release.databases import InvalidDatabase, RefusedStatement, explained_refusals
from tests.support.copied_gallery import furnish, observe
from tests.support.copies import open_database, open_tables, two_stages
from tests.support.paths import ROOT
from tests.support.postgres_hooks import hooked
from tests.support.postgres_rows import new_database
from tests.support.postgres_server import PostgresServer
from tests.support.rest import wait_until
from tests.support.rows import START

ACCOUNTS = 300


@pytest.fixture
def source(postgres_server: PostgresServer) -> Iterator[Database]:
    with new_database(postgres_server) as database:
        migrate(database)
        yield database


@pytest.fixture
def target(postgres_server: PostgresServer) -> Iterator[Database]:
    with new_database(postgres_server) as database:
        yield database


def read_progress(database: Database) -> Progress | None:
    # The process under test creates the table.
    with suppress(psycopg.errors.UndefinedTable):
        return PostgresCopyStore(database).get_progress()
    return None


def start(source: Database, target: Database) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "release.copy_store", source.parameters, target.parameters]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_copy_resumes(source: Database, target: Database) -> None:
    backend = open_database(source).backend
    for number in range(ACCOUNTS):
        backend.accounts.open_account(Account(user_id=UserId(f"user-{number:03}"), created_at=Timestamp("2026")))
    process = start(source, target)

    def has_begun() -> bool:
        progress = read_progress(target)
        return process.poll() is not None or (progress is not None and progress.done is not None)

    wait_until(has_begun, 60)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    killed = read_progress(target)
    assert killed
    assert killed.phase == 0
    assert killed.done
    assert killed.done < f"user-{ACCOUNTS - 1}"
    resumed = start(source, target)
    output, errors = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, errors
    report = json.loads(output.splitlines()[-1])
    assert (report["verified"], report["accounts"]) == (True, ACCOUNTS)
    # Only the account at which the process was killed may be written without being counted.
    assert report["written"]["accounts"] in (ACCOUNTS - 1, ACCOUNTS)
    finished = read_progress(target)
    assert finished
    assert (finished.started_at, finished.is_verified) == (killed.started_at, True)


class FakeLambda:
    """Lambda with the functions of two stages."""

    def __init__(self, variables: dict[str, dict[str, str]]) -> None:
        self.meta: Any = type("Meta", (), {"region_name": "eu-central-1"})
        self.variables = variables

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:
        return {"Environment": {"Variables": self.variables[FunctionName]}}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["copy_store", *arguments])
    return copy_store.main()


def test_stage_moves_to_postgres_and_back(
    target: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Later, some of the records have expired.
    with two_stages() as stages, time_machine.travel(START):
        variables = {
            f"photoshare-{name}": stage.environment for name, stage in zip(("test", "second"), stages, strict=True)
        }
        monkeypatch.setattr("boto3.client", lambda _: FakeLambda(variables))
        monkeypatch.setattr("chalicelib.stores.copying.LIST_LAG_SECONDS", 0)
        first = open_tables(stages[0]).backend
        gallery = furnish(first)
        shown = observe(first, gallery)
        assert run(monkeypatch, "dynamodb:test", target.parameters) == 0
        assert observe(open_database(target).backend, gallery) == shown
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("dynamodb:test -> postgresql:/")
        assert json.loads(lines[-1])["verified"]
        with pytest.raises(NeedsReplace, match=r"uses dynamodb:second\."):
            run(monkeypatch, target.parameters, "dynamodb:second")
        variables["photoshare-second"]["DATABASE_URL"] = target.parameters
        with pytest.raises(NeedsReplace, match="does not use dynamodb:second"):
            run(monkeypatch, "dynamodb:second", target.parameters)
        assert run(monkeypatch, target.parameters, "dynamodb:second") == 0
        assert observe(open_tables(stages[1]).backend, gallery) == shown


@pytest.mark.parametrize(("name", "is_in_use"), [("dynamodb:test/", True), ("dynamodb:test/-restored", False)])
def test_tables_are_named_by_their_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_in_use: bool
) -> None:
    with two_stages() as (stage, _):
        functions = FakeLambda({"photoshare-test": stage.environment})
        monkeypatch.setattr("boto3.client", lambda _: functions)
        with copy_store.open_database(name, tmp_path) as database:
            assert (database.name, database.is_in_use) == (name, is_in_use)


def test_differences_are_explained_and_change_the_exit_status(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("chalicelib.stores.copying.LIST_LAG_SECONDS", 0)
    backend = open_database(source).backend
    album_photos = furnish(backend).photos
    assert run(monkeypatch, source.parameters, target.parameters) == 0
    for statement in ("DELETE FROM entries", "DELETE FROM month_counts", "DELETE FROM listed_photos"):
        target.execute(statement)
    capsys.readouterr()
    assert run(monkeypatch, source.parameters, target.parameters, "--verify") == 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.split(": ")[1] for line in lines if line.startswith("mismatch: ")} == {"lists", "entries", "months"}
    assert lines[-2].startswith("The databases differ. Rows that follow from the photos are wrong in one of them.")
    backend.put(backend.now(album_photos[0]), title="changed")
    assert run(monkeypatch, source.parameters, target.parameters, "--verify", "--account", "ann") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("The databases differ. If users write at the same time, this is expected")
    assert ["photos", "ann"] in [[found["kind"], found["account"]] for found in json.loads(lines[-1])["mismatches"]]


def test_password_is_in_no_name(tmp_path: Path) -> None:
    with copy_store.open_database("postgresql://user:secret@db.example.com:5433/photos", tmp_path) as database:
        assert database.name == "postgresql:db.example.com:5433/photos"


def test_cluster_of_aurora_dsql_is_named_by_its_endpoint(tmp_path: Path) -> None:
    with copy_store.open_database("dsql:abc123.dsql.eu-west-1.on.aws", tmp_path) as database:
        assert database.name == "dsql:abc123.dsql.eu-west-1.on.aws:/postgres"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("postgres", "FROM or TO is not dynamodb:STAGE, dsql:ENDPOINT or the URL of a PostgreSQL database."),
        ("dsql:abc123", "'abc123' is not of the form <cluster>.dsql.<region>.on.aws."),
        ("host=/nowhere", "cannot be reached or is busy. Check its address"),
        ("dynamodb:local", "There is no local cloud in"),
    ],
)
def test_unusable_source_is_refused_at_once(target: Database, tmp_path: Path, name: str, message: str) -> None:
    command = [sys.executable, "-m", "release.copy_store", name, target.parameters, "--data", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert message in run.stderr
    assert "Traceback" not in run.stderr


def test_refused_statement_is_explained(source: Database, target: Database) -> None:
    role = f"reader_{uuid4().hex}"
    source.execute(f"CREATE ROLE {role} LOGIN")
    name = make_conninfo(source.parameters, user=role)
    command = [sys.executable, "-m", "release.copy_store", name, target.parameters]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    source.execute(f"DROP ROLE {role}")
    assert run.returncode == 1
    assert run.stderr.startswith("The copy is incomplete. A database refused a statement: permission denied for")
    assert run.stderr.endswith("Give its user the permission, and run the command again.\n")


def test_target_that_accepts_no_writes_is_explained(source: Database, target: Database) -> None:
    name = make_conninfo(target.parameters, options="-c default_transaction_read_only=on")
    command = [sys.executable, "-m", "release.copy_store", source.parameters, name]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "A database refused a statement: cannot execute CREATE TABLE in a read-only transaction. Allow" in run.stderr
    assert run.stderr.endswith("Allow writes in it, and run the command again.\n")


def test_tables_that_do_not_exist_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with two_stages() as (stage, _):
        functions = FakeLambda({"photoshare-test": stage.environment})
        monkeypatch.setattr("boto3.client", lambda _: functions)
        with (
            copy_store.open_database("dynamodb:test/-typo", tmp_path) as database,
            pytest.raises(InvalidDatabase, match=r"^dynamodb:test/-typo has no tables of Photoshare\."),
        ):
            copy_store.check_connection(database)


def test_database_is_not_copied_to_itself(target: Database) -> None:
    command = [sys.executable, "-m", "release.copy_store", target.parameters, target.parameters]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "FROM and TO are the same database" in run.stderr


def test_source_without_tables_is_refused(source: Database, target: Database) -> None:
    run = start(target, source)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "has no tables of Photoshare" in errors


def test_full_database_is_explained_after_all_attempts(source: Database) -> None:
    def fill_storage(*_: Any) -> Any:
        raise psycopg.errors.DiskFull("No space left on device")

    full = Database(source.parameters, hooked(fill_storage))
    with pytest.raises(RefusedStatement, match="Give it more storage"), explained_refusals():
        PostgresCopyStore(full).store_progress(Progress(task="copy", started_at=Timestamp("2026")))
    full.close()
