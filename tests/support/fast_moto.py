"""Make moto faster by shortcuts. Most of the time of the tests is spent in moto.

The shortcuts give the same results as moto itself: `tests/test_fast_moto.py` compares them.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from moto.cloudformation.models import Stack
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

_SCALARS = frozenset({"S", "N", "BOOL", "NULL"})
_serialize_structure = JSONSerializer._serialize_type_structure


@contextmanager
def shortcuts() -> Iterator[None]:
    """Apply the shortcuts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Table, "__deepcopy__", _copy_table_once, raising=False)
        patch.setattr(DynamoDBBackend, "transact_write_items", _transact)
        patch.setattr(JSONSerializer, "_serialize_type_structure", _serialize_value)
        patch.setattr(Stack, "parse_template", staticmethod(lambda template: deepcopy(_parse_template(template))))
        # botocore shares the models within a session, and so changes none. Each deployment has a new session.
        patch.setattr(JSONFileLoader, "load_file", _load_model)
        yield


_parse_template = cache(Stack.parse_template)
_load_file = cache(JSONFileLoader().load_file)


def _load_model(_: JSONFileLoader, path: str) -> Any:
    return _load_file(path)


_transaction = threading.local()
_transact_with_copies = DynamoDBBackend.transact_write_items


def _transact(backend: DynamoDBBackend, writes: Any) -> None:
    _transaction.copies = {}
    _transact_with_copies(backend, writes)


def _copy_table_once(table: Table, _: Any) -> Table:
    """Copy a table for the rollback of a transaction. moto copies the table again for each write of the transaction."""
    copies: dict[int, Table] = _transaction.copies
    if id(table) not in copies:
        copies[id(table)] = copy_table(table)
    return copies[id(table)]


def copy_table(table: Table) -> Table:
    """Copy the rows of a table. Share the scalars, because moto replaces them."""
    copied: Table = copy(table)
    copied.items = defaultdict(dict, {key: _copy_rows(rows) for key, rows in table.items.items()})
    return copied


def _copy_rows(rows: Any) -> Any:
    """Copy the rows of a partition: one row if the table has no sort key."""
    return _copy_item(rows) if isinstance(rows, Item) else {key: _copy_item(row) for key, row in rows.items()}


def _copy_item(item: Item) -> Item:
    copied: Item = copy(item)
    copied.attrs = LimitedSizeDict()
    for name, value in item.attrs.items():
        # A plain dict's method: moto's own checks the size of the row at each attribute.
        dict.__setitem__(copied.attrs, name, value if value.type in _SCALARS else deepcopy(value))
    return copied


def _serialize_value(self: JSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """Serialize an attribute value. moto tries ten names for each of the ten types that a value can have."""
    if shape.name == "AttributeValue" and type(value) is dict and len(value) == 1 and not _SCALARS.isdisjoint(value):
        self._default_serialize(serialized, dict(value), shape, key)
    else:
        _serialize_structure(self, serialized, value, shape, key)
