"""Three databases for the tests of copies: DynamoDB, PostgreSQL, and a second DynamoDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import boto3
from moto import mock_aws

from chalicelib.infra import aws
from chalicelib.infra.settings import Settings, load_settings
from chalicelib.stores.checksums import Side
from chalicelib.stores.copies import CopyStore, Mismatch
from chalicelib.stores.copying import Copying, Options, Report
from chalicelib.stores.dynamodb.copies import DynamoCopyStore
from chalicelib.stores.postgres.copies import PostgresCopyStore
from chalicelib.stores.postgres.database import Database
from local import stack
from tests.support import rows
from tests.support.fast_moto import shortcuts
from tests.support.postgres_rows import build_backend
from tests.support.rows import START, Backend

_ORIGIN = "http://localhost:8000"


class Copied(NamedTuple):
    """A database with its copies."""

    backend: Backend
    copies: CopyStore

    @property
    def side(self) -> Side:
        """The database as a part of a copy."""
        return Side(self.copies, self.backend.store, self.backend.albums, self.backend.timeline)


class Tables(NamedTuple):
    """The tables of one stage."""

    settings: Settings
    client: Any
    environment: dict[str, str]
    """The environment of the API."""


@contextmanager
def two_stages() -> Iterator[list[Tables]]:
    """Yield the tables of two stages on moto."""
    with mock_aws(), shortcuts():
        aws._get_session.cache_clear()
        outputs = [stack.deploy(boto3.client, name, _ORIGIN) for name in ("test", "second")]
        environments = map(rows.build_environment, outputs)
        yield [Tables(load_settings(variables), aws.create_client("dynamodb"), variables) for variables in environments]
    aws._get_session.cache_clear()


def open_tables(tables: Tables) -> Copied:
    """Return the database of a stage, whose clock stands at START."""
    client: Any = rows.OneAtATime(tables.client)
    copies = DynamoCopyStore(tables.settings, client, START.timestamp)
    return Copied(rows._backend(tables.settings, tables.client), copies)


def open_database(database: Database) -> Copied:
    """Return a PostgreSQL database, whose clock stands at START."""
    return Copied(build_backend(database), PostgresCopyStore(database, START.timestamp))


class Run(NamedTuple):
    """A finished copy."""

    report: Report
    mismatches: list[Mismatch]


def copy(
    source: Side, target: Side, *, task: str = "a -> b", pause: Callable[[float], None] = lambda _: None, **options: Any
) -> Run:
    """Copy from one database to another."""
    mismatches: list[Mismatch] = []
    clock = iter(START + timedelta(seconds=number) for number in range(10**9))
    report = Copying(source, target, task, lambda: next(clock), mismatches.append, pause=pause).run(Options(**options))
    return Run(report, mismatches)
