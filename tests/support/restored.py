"""Copies of all rows, as a restore to a moment makes them."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from chalicelib.stores.backend import Stores
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import migrate
from release.databases import TABLES, select_tables
from release.rehide import open_stores
from tests.support.cloud import Cloud
from tests.support.postgres_hooks import list_tables
from tests.support.stored.dynamodb import DynamoStored
from tests.support.stored.postgres import PostgresStored


class Restored(NamedTuple):
    """Stores on copies of all rows, and a deployment that reads them."""

    stores: Stores
    cloud: Cloud


@contextmanager
def restored(cloud: Cloud) -> Iterator[Restored]:
    """Copy all rows as they are now."""
    name = _copy_database(cloud) if cloud.settings.database_url else _copy_tables(cloud)
    stores = open_stores(cloud.settings, "test", name)
    deployment = copy.copy(cloud)
    deployment.store, deployment.albums, deployment.accounts = stores.photos, stores.albums, stores.accounts
    if cloud.settings.database_url:
        database = vars(stores.photos)["_database"]
        deployment.stored = PostgresStored(database)
        yield Restored(stores, deployment)
        deployment.stored.close()
        database.close()
        return
    deployment.stored = DynamoStored(select_tables(cloud.settings, "test", name), cloud.dynamodb)
    yield Restored(stores, deployment)


def _copy_tables(cloud: Cloud) -> str:
    """Return the suffix of the copies."""
    copies = select_tables(cloud.settings, "test", "-restored")
    for name in TABLES:
        table = cloud.dynamodb.describe_table(TableName=getattr(cloud.settings, name))["Table"]
        indexes = [
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            for index in table.get("GlobalSecondaryIndexes", [])
        ]
        cloud.dynamodb.create_table(
            TableName=getattr(copies, name),
            KeySchema=table["KeySchema"],
            AttributeDefinitions=table["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )
        for row in cloud.dynamodb.scan(TableName=table["TableName"])["Items"]:
            cloud.dynamodb.put_item(TableName=getattr(copies, name), Item=row)
    return "-restored"


def _copy_database(cloud: Cloud) -> str:
    """Return the connection string of the copy."""
    stored: Any = cloud.stored
    source: Database = stored._database
    parameters, name = source.parameters, f"test_{uuid4().hex}"
    with psycopg.connect(make_conninfo(parameters, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    copied = Database(make_conninfo(parameters, dbname=name))
    migrate(copied)
    for table in list_tables(source):
        ((rows,),) = source.read(f"SELECT json_agg(t)::text FROM {table} t")
        statement = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s) RETURNING 1"
        copied.read(statement, rows or "[]")
    copied.close()
    return copied.parameters
