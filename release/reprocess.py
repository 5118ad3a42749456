"""Process the uploads again that the service failed to process: `python -m release.reprocess STAGE`.

Run the command after the cause is fixed. The photos are pending again, and jobs process them.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import CleanUpPhoto, Queue
from chalicelib.domain.photos import MAX_UPLOAD_BYTES, Photo
from chalicelib.infra.settings import MissingSetting, Settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore


def main(stage: str) -> None:
    """Process the failed uploads of a stage again."""
    lambdas = boto3.client("lambda")
    function = lambdas.get_function_configuration(FunctionName=f"photoshare-{stage}")
    region = lambdas.meta.region_name
    os.environ |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, **function["Environment"]["Variables"]}
    count = try_again(wiring.dynamodb(), wiring.settings(), wiring.queue(), datetime.now(UTC))
    print(f"Processing {count} uploads again.")


def try_again(dynamodb: Any, settings: Settings, queue: Queue, now: datetime) -> int:
    """Make each rejected upload pending that could not be processed, and enqueue its job. Return the number."""
    store, count = DynamoPhotoStore(settings, dynamodb), 0
    for photo in _find_failed(dynamodb, settings.photo_table):
        changes = {"rejection": None, "rejection_details": None, "version_id": None, "due_at": format_timestamp(now)}
        # The quota may be used up in the meantime. The owner could not help the failure, so charge the photo anyway.
        size = photo.size or MAX_UPLOAD_BYTES
        if store.replace(photo, photo.with_(status="pending", charged_bytes=size, **changes)):
            queue.try_send([CleanUpPhoto(photo.photo_id)])
            count += 1
    return count


def _find_failed(dynamodb: Any, table: str) -> Iterator[Photo]:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        FilterExpression="rejection = :failed",
        ExpressionAttributeValues={":failed": {"S": "ProcessingFailed"}},
    )
    for page in pages:
        yield from map(items.decode_photo, page["Items"])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, Busy, MissingSetting, TypeError) as error:
        sys.exit(f"Some uploads are not processed again: {error}")
