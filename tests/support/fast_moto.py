"""Make moto and botocore faster by shortcuts. Most of the time of the tests is spent in them.

The shortcuts give the same results as moto itself: `tests/test_fast_moto.py` compares them.
"""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Container, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from functools import cache
from typing import Any

import pytest
from botocore import regions, xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.endpoint import Endpoint
from botocore.endpoint_provider import EndpointProvider
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import JSONFileLoader, Loader
from botocore.useragent import UserAgentString
from moto.cloudformation.models import Stack
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import bytesize
from moto.dynamodb.parsing import ast_nodes, expressions
from moto.dynamodb.parsing.validators import ActionCountValidator
from moto.dynamodb.responses import DynamoHandler
from moto.kms import utils as kms
from moto.s3 import urls as s3_urls
from moto.s3.models import FakeKey, S3Backend
from moto.s3.utils import _VersionedKeyStore

_SCALARS = frozenset({"S", "N", "BOOL", "NULL"})
_DATA_CALLS = frozenset(
    {
        *("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
    }
)
# moto declares no types for these modules.
_NODES: Any = ast_nodes
_EXPRESSIONS: Any = expressions
_BINARY = re.compile(rb'"BS?":')


@contextmanager
def shortcuts() -> Iterator[None]:
    """Apply the shortcuts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "make_request", _call_handler)
        patch.setattr(Table, "__deepcopy__", _copy_table_once, raising=False)
        patch.setattr(LimitedSizeDict, "__setitem__", _set_attribute)
        patch.setattr(DynamoDBBackend, "transact_write_items", _transact)
        patch.setattr(_NODES.DepthFirstTraverser, "traverse", _traverse)
        # Its visits to the inner nodes find nothing that the visit to the root does not find.
        patch.setattr(ActionCountValidator, "traverse", ActionCountValidator.verify_action_counts)
        # The validators copy the parsed expression before they change it.
        patch.setattr(_EXPRESSIONS.UpdateExpressionParser, "make", _parse_update)
        patch.setattr(_NODES.Node, "__deepcopy__", _copy_node, raising=False)
        patch.setattr(_VersionedKeyStore, "items", _iterate_objects)
        patch.setattr(_VersionedKeyStore, "iterlists", _iterate_versions)
        patch.setattr(FakeKey, "__deepcopy__", _copy_version, raising=False)
        # moto loads the module again at each request, because the environment could have changed.
        patch.setattr(S3Backend, "_url_module", s3_urls)
        patch.setattr(Stack, "parse_template", staticmethod(lambda template: deepcopy(_parse_template(template))))
        patch.setattr("moto.kms.models.generate_private_key", _generate_key)
        patch.setattr(UserAgentString, "to_string", lambda _: "tests")
        # botocore shares the models within a session, and so changes none. Each deployment has a new session.
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: _load_file(path))
        patch.setattr(Loader, "list_available_services", lambda _, type_name: _list_services(type_name))
        patch.setattr(regions, "EndpointProvider", _share_provider)
        # botocore caches the names too, but forgets them with each client.
        patch.setattr(EventAliaser, "_alias_event_name", lambda _, name: _alias_event(name))
        yield


_parse_template = cache(Stack.parse_template)
_parse_update = cache(_EXPRESSIONS.UpdateExpressionParser.make)
_generate_key = cache(kms.generate_private_key)
_load_file = cache(JSONFileLoader().load_file)
_list_services = cache(Loader().list_available_services)
_aliaser: Any = EventAliaser(HierarchicalEmitter())
_alias_event = cache(_aliaser._alias_event_name)
_send: Any = Endpoint.make_request
_providers: dict[int, EndpointProvider] = {}


def _share_provider(ruleset_data: Any, **others: Any) -> EndpointProvider:
    """Parse the rules for the endpoints of a service once. `_load_file` keeps the rules, so their id stays unique."""
    if id(ruleset_data) not in _providers:
        _providers[id(ruleset_data)] = EndpointProvider(ruleset_data, **others)
    return _providers[id(ruleset_data)]


def _call_handler(endpoint: Endpoint, operation: Any, request: dict[str, Any]) -> Any:
    """Call moto's handler of a DynamoDB operation directly, without an HTTP request, its signature and its parsers.

    Errors take the long way: a failed call changes nothing, so it can be repeated.
    """
    body: bytes = request["body"]
    is_data_call = operation.service_model.service_name == "dynamodb" and operation.name in _DATA_CALLS
    if not is_data_call or _BINARY.search(body):
        return _send(endpoint, operation, request)
    handler = DynamoHandler()
    handler.region, handler.current_account = request["context"]["client_region"], ACCOUNT
    handler.body = json.loads(body)
    try:
        result = getattr(handler, xform_name(operation.name))().result
    except Exception:
        return _send(endpoint, operation, request)
    response = {name: value for name, value in result.items() if name in operation.output_shape.members}
    response["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    return AWSResponse(endpoint.host, 200, HTTPHeaders(), None), response


def _traverse(self: Any, root: Any) -> Any:
    """Process the nodes of an expression. moto collects the types of these nodes again at each node."""
    kinds = self.nodes_to_be_processed()

    def visit(node: Any, position: int) -> Any:
        parent = node.parent
        for index, child in enumerate(node.children or ()):
            self.pre_processing_of_child(node, index)
            if isinstance(child, _NODES.Node):
                visit(child, index)
        kind: Any = type(node)
        if _is_one_of(kind, kinds):
            node = self.process(node)
            node.parent = parent
            if parent:
                parent.children[position] = node
        return node

    return visit(root, -1)


@cache
def _is_one_of(kind: type[Any], kinds: tuple[type[Any], ...]) -> bool:
    return issubclass(kind, kinds)


def _copy_node(node: Any, _: Any) -> Any:
    """Copy the nodes of an expression, and share their names and values."""
    copied = copy(node)
    if node.children:
        copied.children = [
            _copy_node(child, None) if isinstance(child, _NODES.Node) else child for child in node.children
        ]
        for child in copied.children:
            if isinstance(child, _NODES.Node):
                child.parent = copied
    return copied


def _iterate_objects(keys: _VersionedKeyStore) -> Iterator[tuple[str, Any]]:
    """Yield the last version of each object. moto fails if another thread deletes an object in the meantime."""
    for key, versions in dict(keys).items():
        if versions:
            yield key, versions[-1]


def _iterate_versions(keys: _VersionedKeyStore) -> Iterator[tuple[str, Any]]:
    """Yield all versions of each object. moto fails if another thread deletes an object in the meantime."""
    for key, versions in dict(keys).items():
        yield key, list(versions)


class _ListedVersion(FakeKey):
    """A version in a list. It shares the buffer of the stored version, and so must not close the buffer."""

    def __del__(self) -> None:
        pass


def _copy_version(version: FakeKey, _: Any) -> _ListedVersion:
    """Copy the attributes of a version. moto would copy the bytes of every version in the bucket."""
    listed = object.__new__(_ListedVersion)
    vars(listed).update(vars(version))
    return listed


_set_checked_attribute = LimitedSizeDict.__setitem__
_MAX_UNCHECKED = 200_000
"""The size in bytes from which moto checks a row. Its limit is twice as large."""


def _set_attribute(attributes: Any, name: str, value: Any) -> None:
    """Set an attribute of a row, and add its size to that of the row. moto adds up all sizes for each attribute."""
    if not hasattr(attributes, "size"):
        attributes.size = sum(map(_measure, (*attributes.keys(), *attributes.values())))
    # The size of the value that is replaced stays in the sum, so the row is not larger than the sum.
    attributes.size += _measure(name) + _measure(value)
    if attributes.size > _MAX_UNCHECKED:
        _set_checked_attribute(attributes, name, value)
    else:
        dict.__setitem__(attributes, name, value)


def _measure(part: Any) -> int:
    return int(part.size()) if type(part) is DynamoType else bytesize(str(part))


_transaction = threading.local()
_one_at_a_time = threading.RLock()
_transact_with_copies = DynamoDBBackend.transact_write_items


def _transact(backend: DynamoDBBackend, writes: Any) -> None:
    _transaction.copies, _transaction.keys = {}, frozenset(_read_keys(writes))
    # DynamoDB isolates transactions, but moto would lose the writes of one thread at the rollback of another.
    with _one_at_a_time:
        _transact_with_copies(backend, writes)


def _read_keys(writes: Any) -> Iterator[Any]:
    """Yield the values of the keys of all writes, and values of other attributes."""
    for write in writes:
        for arguments in write.values():
            row = arguments.get("Key") or arguments.get("Item") or {}
            yield from (content for value in row.values() for content in value.values() if isinstance(content, str))


def _copy_table_once(table: Table, _: Any) -> Table:
    """Copy the rows that a transaction writes, for its rollback.

    moto copies the whole table, and copies the table again for each write of the transaction.
    """
    copies: dict[int, Table] = _transaction.copies
    if id(table) not in copies:
        copies[id(table)] = copy_table(table, _transaction.keys)
    return copies[id(table)]


def copy_table(table: Table, keys: Container[Any] | None = None) -> Table:
    """Copy the rows of a table whose keys have their values in `keys`, and share all others. Copy all rows by default.

    Share the scalars, because moto replaces them.
    """
    copied: Table = copy(table)
    copied.items = defaultdict(
        dict, {key: _copy_rows(rows, keys) if _is_in(key, keys) else rows for key, rows in table.items.items()}
    )
    return copied


def _is_in(key: Any, keys: Container[Any] | None) -> bool:
    return keys is None or key.value in keys


def _copy_rows(rows: Any, keys: Container[Any] | None) -> Any:
    """Copy the rows of a partition: one row if the table has no sort key."""
    if isinstance(rows, Item):
        return _copy_item(rows)
    return {key: _copy_item(row) if _is_in(key, keys) else row for key, row in rows.items()}


def _copy_item(item: Item) -> Item:
    copied: Item = copy(item)
    copied.attrs = LimitedSizeDict()
    vars(copied.attrs).update(vars(item.attrs))
    for name, value in item.attrs.items():
        # A plain dict's method: moto's own checks the size of the row at each attribute.
        dict.__setitem__(copied.attrs, name, value if value.type in _SCALARS else deepcopy(value))
    return copied
