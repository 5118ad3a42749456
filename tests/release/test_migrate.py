"""`python -m release.migrate` migrates either database, says what it did, and what to do after an error."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import SCHEMA
from release.migrate import choose_database, main
from tests.support.dsql import DsqlProxy
from tests.support.dsql_gateway import HOST, running_gateway
from tests.support.paths import ROOT
from tests.support.postgres_rows import new_database
from tests.support.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres")

COUNT = len(list(SCHEMA.glob("*.sql")))
DONE = "The tables are up to date. Migrations executed: {}."


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    """A database without tables."""
    with new_database(postgres_server) as database:
        yield database


def run(environment: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
    """Run the command. Return its exit code and all lines."""
    command = [sys.executable, "-m", "release.migrate", *arguments]
    aws = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    result = subprocess.run(command, cwd=ROOT, env=aws | environment, capture_output=True, text=True, check=False)
    return result.returncode, (result.stdout + result.stderr).splitlines()


def test_postgresql_is_migrated_once(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run({"DATABASE_URL": database.parameters})
    assert (code, lines[0], lines[-1]) == (0, "Executed 0001_migrations.", DONE.format(COUNT))
    assert len(lines) == COUNT + 1
    main({"DATABASE_URL": database.parameters}, [])
    assert capsys.readouterr().out.splitlines() == [DONE.format(0)]


def test_migration_of_a_large_table_has_no_timeout(database: Database) -> None:
    chosen = choose_database({"DATABASE_URL": f"host={conninfo_to_dict(database.parameters)['host']} user=postgres"})
    assert chosen.read("SHOW statement_timeout") == [("0",)]
    chosen.close()


def test_two_runs_at_once_execute_every_migration(database: Database) -> None:
    command, environment = [sys.executable, "-m", "release.migrate"], {"DATABASE_URL": database.parameters}
    runs = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert database.read("SELECT COUNT(*) FROM migrations") == [(COUNT,)]


def test_aurora_dsql_is_migrated_by_its_endpoint(
    dsql_proxy: DsqlProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with dsql_proxy.new_database() as database, running_gateway(dsql_proxy.socket, tmp_path) as gateway:
        ((name,),) = database.read("SELECT current_database()::text")
        for variable, value in gateway.environment.items():
            monkeypatch.setenv(variable, value)
        main({"DSQL_ENDPOINT": HOST, "DSQL_DATABASE": name}, [])
        assert capsys.readouterr().out.splitlines()[-1] == DONE.format(COUNT)
        assert database.read("SELECT COUNT(*) FROM migrations") == [(COUNT,)]
        assert [login.parameters["user"] for login in gateway.logins] == ["admin"]


def test_role_of_the_functions_gets_access(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    main({"DATABASE_URL": database.parameters}, ["--grant-to", "postgres"])
    assert "The role postgres may read and write all tables." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "arguments", "message"),
    [
        ({}, [], "Give DATABASE_URL= for PostgreSQL, or DSQL_ENDPOINT= for Aurora DSQL."),
        ({"DATABASE_URL": "x", "DSQL_ENDPOINT": HOST}, [], "Give only one of them."),
        ({"DATABASE_URL": "postgres"}, [], "The URL of the database is invalid."),
        ({"DATABASE_URL": "host=/nowhere"}, [], "Check its address, and run the command again."),
        ({"DSQL_ENDPOINT": "abc123"}, [], "'abc123' is not of the form <cluster>.dsql.<region>.on.aws."),
    ],
)
def test_error_says_what_to_do(environment: dict[str, str], arguments: list[str], message: str) -> None:
    code, lines = run(environment, *arguments)
    assert code == 1
    assert message in "\n".join(lines)
    assert not any(line.startswith("Traceback") for line in lines)


def test_reason_of_a_failed_connection_is_printed_once() -> None:
    code, lines = run({"DATABASE_URL": "postgresql://127.0.0.1:1/photos"})
    assert (code, sum("Connection refused" in line for line in lines)) == (1, 1)
    assert lines[-1] == "Check its address, and run the command again."


def test_refused_statement_says_what_to_do(database: Database) -> None:
    code, lines = run({"DATABASE_URL": database.parameters}, "--grant-to", "unknown")
    assert code == 1
    assert 'role "unknown" does not exist' in lines[-3]
    assert lines[-1] == "The migration is incomplete. Remove the cause, and run the command again. It resumes."
