"""Compare moto with and without the shortcuts of the tests."""

import gc
from contextlib import nullcontext, suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudformation.models import Stack
from moto.s3.utils import _VersionedKeyStore

from local.stack import TEMPLATE
from tests.support.fast_moto import shortcuts

TABLES = {"ranged": ("part", "sort"), "plain": ("part",)}
VALUES: dict[str, Any] = {
    "text": {"S": "sea"},
    "number": {"N": "1.5"},
    "flag": {"BOOL": True},
    "empty": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "list": {"L": [{"S": "a"}, {"M": {"x": {"N": "1"}}}]},
    "map": {"M": {"a": {"M": {"b": {"S": "c"}}}, "S": {"N": "2"}}},
}


@pytest.mark.parametrize("condition", ["attribute_exists(part)", "attribute_not_exists(part)"])
def test_shortcuts_change_no_result(condition: str) -> None:
    assert _states(condition, fast=True) == _states(condition, fast=False)


@pytest.mark.parametrize("fast", [True, False])
def test_failed_transaction_changes_nothing(fast: bool) -> None:
    before, after = _states("attribute_not_exists(part)", fast=fast)
    assert before == after


@pytest.mark.parametrize("fast", [True, False])
def test_successful_transaction_changes_both_tables(fast: bool) -> None:
    before, after = _states("attribute_exists(part)", fast=fast)
    assert all(before[table] != after[table] for table in TABLES)


def test_parsed_template_is_the_same_and_is_not_shared() -> None:
    text = TEMPLATE.read_text()
    expected = Stack.parse_template(text)
    with shortcuts():
        Stack.parse_template(text)["Resources"].clear()
        assert Stack.parse_template(text) == expected


def test_shortcuts_change_no_response() -> None:
    assert _responses(fast=True) == _responses(fast=False)


def test_objects_can_be_deleted_during_a_listing() -> None:
    objects = _VersionedKeyStore({"first": [1], "second": [2, 3], "third": [4]})
    with shortcuts():
        listing = objects.items()
        assert next(listing) == ("first", 1)
        del objects["second"]
        assert list(listing) == [("second", 3), ("third", 4)]


def test_listed_versions_are_the_same_and_leave_the_bytes_readable() -> None:
    assert _list_versions(fast=True) == _list_versions(fast=False)


def _list_versions(*, fast: bool) -> tuple[list[Any], list[Any], bytes]:
    """Return the versions and the delete markers under a prefix, and the bytes of a version that was listed."""
    with mock_aws(), shortcuts() if fast else nullcontext():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="versioned")
        client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
        for key in ("a/1", "a/1", "a/2", "b/1"):
            client.put_object(Bucket="versioned", Key=key, Body=b"bytes of " + key.encode())
        client.delete_object(Bucket="versioned", Key="a/2")
        listed = client.list_object_versions(Bucket="versioned", Prefix="a/")
        gc.collect()
        [first, *_] = listed["Versions"]
        stored = client.get_object(Bucket="versioned", Key="a/1", VersionId=first["VersionId"])["Body"].read()
        return *([_drop_random(row) for row in listed[name]] for name in ("Versions", "DeleteMarkers")), stored


def _drop_random(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("VersionId", "LastModified")}


def _responses(*, fast: bool) -> list[Any]:
    """Return the responses of all kinds of calls, errors included."""
    key, changed = _key("ranged", 0), _key("ranged", 1)
    named = {"ExpressionAttributeNames": {"#n": "number"}, "ExpressionAttributeValues": {":n": {"N": "1"}}}
    no_row = {"ConditionExpression": "attribute_not_exists(part)"}
    one = {"TableName": "ranged", "Key": key}
    with mock_aws(), shortcuts() if fast else nullcontext():
        client = boto3.client("dynamodb")
        for table, keys in TABLES.items():
            _create(client, table, keys)
        return [
            _respond(call, **arguments)
            for call, arguments in [
                (client.get_item, one),
                (client.get_item, one | {"Key": _key("ranged", 7)}),
                (client.get_item, one | {"Key": _key("plain", 0)}),
                (client.query, _query("part = :part", {":part": {"S": "part-0"}})),
                (
                    client.query,
                    _query("part = :part AND sort > :sort", {":part": {"S": "part-0"}, ":sort": {"S": "t"}}),
                ),
                (client.query, _query("sort = :sort", {":sort": {"S": "sort-0"}})),
                (client.scan, {"TableName": "plain", "Limit": 2}),
                (client.batch_get_item, {"RequestItems": {"ranged": {"Keys": [key, changed, _key("ranged", 7)]}}}),
                (client.transact_get_items, {"TransactItems": [{"Get": one}]}),
                (client.update_item, one | named | {"UpdateExpression": "ADD #n :n", "ReturnValues": "ALL_NEW"}),
                (client.update_item, one | named | {"UpdateExpression": "ADD #n", "ReturnValues": "ALL_NEW"}),
                (client.put_item, {"TableName": "ranged", "Item": changed, "ReturnValues": "ALL_OLD"}),
                (client.put_item, {"TableName": "ranged", "Item": key} | no_row),
                (client.put_item, {"TableName": "absent", "Item": key}),
                (client.put_item, {"TableName": "ranged", "Item": _large(key, parts=2)}),
                (client.put_item, {"TableName": "ranged", "Item": _large(key, parts=3)}),
                (client.transact_write_items, {"TransactItems": _writes("attribute_not_exists(part)")}),
                (client.transact_write_items, {"TransactItems": _writes("attribute_exists(part)")}),
                (client.batch_write_item, {"RequestItems": {"plain": [{"PutRequest": {"Item": _key("plain", 8)}}]}}),
                (client.delete_item, one | {"ReturnValues": "ALL_OLD"}),
                (client.delete_item, one),
            ]
        ]


def _query(condition: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"TableName": "ranged", "KeyConditionExpression": condition, "ExpressionAttributeValues": values}


def _respond(call: Any, **arguments: Any) -> dict[str, Any]:
    try:
        response = call(**arguments)
    except ClientError as error:
        response = {**error.response, "type": type(error).__name__}
    return {**response, "ResponseMetadata": response["ResponseMetadata"]["HTTPStatusCode"]}


def _states(condition: str, *, fast: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rows of all tables before and after a transaction whose last write has this condition."""
    with mock_aws(), shortcuts() if fast else nullcontext():
        client = boto3.client("dynamodb")
        for table, keys in TABLES.items():
            _create(client, table, keys)
        before = _rows(client)
        with suppress(client.exceptions.TransactionCanceledException):
            client.transact_write_items(TransactItems=_writes(condition))
        return before, _rows(client)


def _create(client: Any, table: str, keys: tuple[str, ...]) -> None:
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": "RANGE" if name == "sort" else "HASH"} for name in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(3):
        client.put_item(TableName=table, Item=_key(table, number) | VALUES)


def _key(table: str, number: int) -> dict[str, Any]:
    return {name: {"S": f"{name}-{number}"} for name in TABLES[table]}


def _large(key: dict[str, Any], *, parts: int) -> dict[str, Any]:
    """Return a row that is too large with three parts, but not with two."""
    return key | {f"part-{number}": {"S": "x" * 150_000} for number in range(parts)}


def _writes(condition: str) -> list[Any]:
    """Return writes of every kind, to both tables."""
    update = "SET #text = :text, #map.#a.#b = :text, #list[0] = :text ADD #number :one, #texts :more REMOVE #flag"
    names = {f"#{name}": name for name in ("text", "map", "a", "b", "list", "number", "texts", "flag")}
    values: dict[str, Any] = {":text": {"S": "hills"}, ":one": {"N": "1"}, ":more": {"SS": ["z"]}}
    common = {"UpdateExpression": update, "ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    writes: list[Any] = []
    for table in TABLES:
        writes.append({"Update": {"TableName": table, "Key": _key(table, 0), **common}})
        writes.append({"Put": {"TableName": table, "Item": _key(table, 9) | VALUES}})
        writes.append({"Delete": {"TableName": table, "Key": _key(table, 1)}})
    check = {"TableName": "plain", "Key": _key("plain", 2), "ConditionExpression": condition}
    return [*writes, {"ConditionCheck": check}]


def _rows(client: Any) -> dict[str, Any]:
    return {table: sorted(client.scan(TableName=table)["Items"], key=str) for table in TABLES}
