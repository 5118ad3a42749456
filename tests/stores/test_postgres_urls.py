"""URLs of databases: an invalid one is refused, and no message reveals its password."""

import subprocess
import sys
import traceback

import pytest

from chalicelib.infra.settings import InvalidDatabaseUrl
from chalicelib.stores.postgres.database import Database
from tests.support.paths import ROOT

CANARY = "canary"
INVALID = [
    f"postgresql://ann:a%zz{CANARY}@127.0.0.1/name",
    f"postgresql://ann:a%{CANARY}@127.0.0.1/name",
    f"postgresql://ann:a@{CANARY}@127.0.0.1/name",
    f"postgresql://ann:{CANARY}/b@127.0.0.1/name",
    f"postgresql://ann:{CANARY}@[127.0.0.1/name",
    f"host=127.0.0.1 password=a {CANARY}",
]


@pytest.mark.parametrize("url", INVALID)
def test_error_of_an_invalid_url_does_not_reveal_its_password(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrl) as caught:
        Database(url)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=False)
    assert not [line for line in shown.format(chain=True) if CANARY in line]


@pytest.mark.parametrize("url", INVALID[:2])
def test_command_does_not_print_the_password_of_an_invalid_url(url: str) -> None:
    command = [sys.executable, "-m", "release.copy_store", url, url]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "The URL of the database is invalid." in result.stderr
    assert CANARY not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:a%25b%40c@127.0.0.1:5432/name?sslmode=require",
        "postgresql://ann@one,two:5432,5433/name",
        "host=/tmp/socket user=ann dbname=name",
        "host=127.0.0.1 password='a@b' dbname=name",
        "",
    ],
)
def test_valid_url_is_accepted(url: str) -> None:
    assert "connect_timeout=5" in Database(url).parameters
