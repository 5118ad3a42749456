"""Confirm every original again, to rebuild lost rows: `python -m release.rebuild STAGE`."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any
from urllib.parse import quote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_PER_SECOND = 30
"""Originals per second. Each occupies one of the thousand Lambda environments of an account for about a second."""


def main(stage: str) -> None:
    """Invoke `confirm_upload` with an event for each original. Photos that have a row do not change."""
    session = boto3.Session()
    account = session.client("sts").get_caller_identity()["Account"]
    lambdas = session.client("lambda", config=Config(max_pool_connections=_PER_SECOND))
    count = rebuild(session.client("s3"), lambdas, stage, f"photoshare-{stage}-originals-{account}")
    print(f"Lambda confirms {count} originals again.")


def rebuild(s3: Any, lambdas: Any, stage: str, bucket: str) -> int:
    """Enqueue an event for every object of `bucket`, and return the number of events."""

    def confirm(version: dict[str, Any]) -> None:
        s3_object = {
            "bucket": {"name": bucket},
            "object": {"key": quote_plus(version["Key"]), "versionId": version["VersionId"]},
        }
        event = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": s3_object}]}).encode()
        lambdas.invoke(FunctionName=f"photoshare-{stage}-confirm_upload", InvocationType="Event", Payload=event)

    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    newest_versions = (version for page in pages for version in page.get("Versions", []) if version["IsLatest"])
    count = 0
    with ThreadPoolExecutor(_PER_SECOND) as pool:
        for batch in batched(newest_versions, _PER_SECOND):
            count += len(list(pool.map(confirm, batch)))
            time.sleep(1)
    return count


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, TypeError) as error:
        sys.exit(f"The rebuild is incomplete: {error}")
