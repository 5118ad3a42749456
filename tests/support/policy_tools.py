"""Administrator actions on a local cloud for the steps in `policy_steps`."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3

from chalicelib.stores.dynamodb.words import BLOCK
from local.cloud import ACCOUNT, REGION, STAGE
from local.roles import build_role_name
from tests.support.paths import ROOT
from tests.support.person import Person
from tests.support.rest import environment
from tests.support.service import Local

PAST = {"S": "2020-01-01T00:00:00.000Z"}


@contextlib.contextmanager
def without_events(service: Local) -> Iterator[None]:
    """Stop S3 events inside the block, so that `confirm_upload` does nothing."""
    s3, bucket = service.client("s3"), service.setting("ORIGINALS_BUCKET")
    configuration = s3.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def count_versions(service: Local, key: str) -> int:
    """Return the number of versions of an original."""
    bucket = service.setting("ORIGINALS_BUCKET")
    return len(service.client("s3").list_object_versions(Bucket=bucket, Prefix=key).get("Versions", []))


def put_object(service: Local, bucket: str, key: str) -> None:
    """Put an object into the bucket of a setting. An existing original gets another version."""
    service.client("s3").put_object(Bucket=service.setting(bucket), Key=key, Body=b"x")


def key_of(service: Local, person: Person, photo_id: str) -> str:
    """Return the key of an original."""
    prefix = f"{person.user_id}/{photo_id}/"
    page = service.client("s3").list_object_versions(Bucket=service.setting("ORIGINALS_BUCKET"), Prefix=prefix)
    return str(page["Versions"][0]["Key"])


def make_due(service: Local, photo_id: str) -> None:
    """Make a photo due for its job."""
    dynamodb, table = service.client("dynamodb"), service.setting("PHOTO_TABLE")
    (row,) = dynamodb.query(
        TableName=table,
        KeyConditionExpression="photoId = :id",
        ExpressionAttributeValues={":id": {"S": photo_id}},
    )["Items"]
    dynamodb.put_item(TableName=table, Item=row | {"dueAt": PAST, "sweepAt": PAST, "dueShard": {"S": photo_id[-1]}})


def rename_unfinished(service: Local, album_id: str, name: str) -> None:
    """Rename an album, but not the copies of its name in its photos, as an interrupted change does."""
    service.client("dynamodb").update_item(
        TableName=service.setting("ALBUM_TABLE"),
        Key={"albumId": {"S": album_id}, "record": {"S": "album"}},
        UpdateExpression="SET #name = :name, dueShard = :shard, dueAt = :past",
        ExpressionAttributeNames={"#name": "name"},
        ExpressionAttributeValues={":name": {"S": name}, ":shard": {"S": album_id[-1]}, ":past": PAST},
    )


def forget_order(service: Local, photo_id: str) -> None:
    """Remove the keys of the order `taken` from a photo and its entries, which earlier releases do not write."""
    dynamodb = service.client("dynamodb")
    for setting, names in (("PHOTO_TABLE", ("photoId", "uploadedAt")), ("ENTRY_TABLE", ("albumId", "photoId"))):
        for row in dynamodb.scan(TableName=service.setting(setting))["Items"]:
            if row["photoId"]["S"] == photo_id:
                key = {name: row[name] for name in names}
                target = {"TableName": service.setting(setting), "Key": key}
                dynamodb.update_item(**target, UpdateExpression="REMOVE takenKey, takenList")


def forget_words(service: Local, photo_id: str) -> None:
    """Remove the search words of a photo, which earlier releases write to another table."""
    dynamodb, table = service.client("dynamodb"), service.setting("TERM_TABLE")
    for row in dynamodb.scan(TableName=table)["Items"]:
        if row["photoId"]["S"] == photo_id:
            dynamodb.delete_item(TableName=table, Key={name: row[name] for name in ("ownerPart", "wordPhoto")})


def request_reindexing(service: Local, user_id: str) -> None:
    """Request to reindex the photos of a user, and run the sweep, which enqueues the job."""
    row = {"userId": {"S": user_id}, "record": {"S": "reindex"}, "dueShard": {"S": "reindex"}}
    row |= {"requestedAt": PAST, "dueAt": PAST}
    service.client("dynamodb").put_item(TableName=service.setting("ACCOUNT_TABLE"), Item=row)
    run_sweep(service)


def forget_run(service: Local) -> None:
    """Forget the latest run of the reconciliation, so that the schedule starts another."""
    key = {"userId": {"S": "#reconcile"}, "record": {"S": "run"}}
    service.client("dynamodb").delete_item(TableName=service.setting("ACCOUNT_TABLE"), Key=key)


def add_cancelled_account(service: Local) -> None:
    """Add the marker of an account whose purge has ended."""
    row = {"userId": {"S": str(uuid4())}, "record": {"S": "account"}, "cancelledAt": PAST}
    service.client("dynamodb").put_item(
        TableName=service.setting("ACCOUNT_TABLE"), Item=row | {"expiresAt": {"N": "9999999999"}}
    )


def run_sweep(service: Local) -> None:
    """Run the function `sweep` once."""
    run_scheduled(service, "sweep")


def run_scheduled(service: Local, function: str) -> None:
    """Run a function that a schedule starts, once and with its own role."""
    command = [sys.executable, "-m", "local.functions", function, "0"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment() | service.build_environment(function),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.wait(60) == 0


def assume_role(service: Local, function: str, aws_service: str) -> Any:
    """Return a client with the credentials of a function's role."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{build_role_name(STAGE, function)}"
    session = service.client("sts").assume_role(RoleArn=arn, RoleSessionName="platform")["Credentials"]
    return boto3.client(
        aws_service,
        region_name=REGION,
        endpoint_url=service.aws_url,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


@contextlib.contextmanager
def add_common_prefix(service: Local, owner: Person, prefix: str) -> Iterator[None]:
    """Inside the block, add so many words with a prefix that a search reads the word summaries of photos."""
    client, table = service.client("dynamodb"), service.setting("TERM_TABLE")
    keys = [
        {"ownerPart": {"S": f"{owner.user_id}#{prefix}"}, "wordPhoto": {"S": f"{prefix}z{number}#{uuid4()}"}}
        for number in range(BLOCK)
    ]
    puts = [{"PutRequest": {"Item": key | {"publicPart": {"S": prefix}}}} for key in keys]
    deletes = [{"DeleteRequest": {"Key": key}} for key in keys]
    try:
        _write_all(client, table, puts)
        yield
    finally:
        _write_all(client, table, deletes)


def _write_all(client: Any, table: str, requests: list[Any]) -> None:
    for start in range(0, len(requests), 25):
        client.batch_write_item(RequestItems={table: requests[start : start + 25]})
