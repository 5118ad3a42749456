"""Read and change the data of moto directly. Many calls through a client would take most of the time of a test."""

from datetime import timedelta
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.s3.models import s3_backends

Row = dict[str, Any]


def read_rows(dynamodb: Any, table: str) -> list[Row]:
    """Return all rows of a table, as DynamoDB's JSON."""
    return [item.to_json()["Attributes"] for item in _table(dynamodb, table).all_items()]


def put_row(dynamodb: Any, table: str, row: Row) -> None:
    """Write a row, without a check of its values."""
    _table(dynamodb, table).put_item(row)


def delete_rows(dynamodb: Any, table: str) -> None:
    """Delete all rows of a table."""
    _table(dynamodb, table).items.clear()


def add_versions(bucket: str, key: str, count: int) -> None:
    """Add versions of one byte to an object."""
    for _ in range(count):
        s3_backends[ACCOUNT]["aws"].put_object(bucket, key, b"x")


def age_objects(bucket: str, prefix: str, by: timedelta) -> None:
    """Make the objects under a prefix older."""
    for key, stored in s3_backends[ACCOUNT]["aws"].buckets[bucket].keys.items():
        if key.startswith(prefix):
            stored.last_modified -= by


def _table(dynamodb: Any, name: str) -> Table:
    return dynamodb_backends[ACCOUNT][dynamodb.meta.region_name].get_table(name)
